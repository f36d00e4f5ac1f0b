/** For tests of the Auth0 origin: a world with third parties that people connect, and what a browser does there. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ApplicationDeclaration, IssuerConfiguration } from '@safeconduct/issuer';
import { ADA, API, CALLBACK, POST_LOGOUT, SECRET, SHOP_ORG, startWorld, Visitor, type World } from './world.fixtures.test.ts';

/** A third party with an API: whoever comes is its person, and allows everything. */
export interface ThirdParty {
  readonly url: string;
  /** Who is there. */
  person: { readonly sub: string; readonly email: string; readonly name: string };
  close(): Promise<void>;
}

export interface Auth0World extends World {
  readonly origin: string;
  /** Host and port: what SDKs call the domain. */
  readonly domain: string;
  readonly thirdParty: ThirdParty;
}

/** Starts it. `github` and `google-oauth2` are to be connected, and people may sign in through `github`. */
export async function startAuth0World(
  declare: (configuration: IssuerConfiguration) => IssuerConfiguration = (one) => one,
): Promise<Auth0World> {
  const thirdParty = await startThirdParty();
  const world = await startWorld({ dialects: ['auth0'], declare: (base) => declare(withConnections(base, thirdParty.url)) });
  const origin = world.at('auth0');
  const stop = async () => {
    await world.stop();
    await thirdParty.close();
  };
  return { ...world, origin, domain: new URL(origin).host, thirdParty, stop };
}

function withConnections(base: IssuerConfiguration, there: string): IssuerConfiguration {
  const connection = (id: string) => ({
    id,
    organization: SHOP_ORG,
    name: id,
    preset: 'oauth2' as const,
    endpoints: { authorization: `${there}/authorize`, token: `${there}/token`, userinfo: `${there}/me` },
    clientId: id,
    secret: 'a secret at the third party',
    scopes: ['notes'],
    accounts: true,
    signIn: id === 'github',
    signUp: id === 'github',
    applications: { 'shop-web': true as const },
  });
  return { ...base, connections: [connection('github'), connection('google-oauth2')] };
}

/** A second API. */
export const STOCK = 'https://stock.example';

/** Adds it, and an application. */
export const withStock = (base: IssuerConfiguration, application: ApplicationDeclaration): IssuerConfiguration => ({
  ...base,
  projects: (base.projects ?? []).map((project) => ({
    ...project,
    apis: [
      ...(project.apis ?? []),
      { id: 'stock', name: 'Stock', resource: STOCK, scopes: { 'stock:read': 'See what is there' }, dialects: ['auth0'] },
    ],
    applications: [...(project.applications ?? []), application],
  })),
});

/** Adds an application that does without everything unsafe. */
export const withStrictApplication = (base: IssuerConfiguration): IssuerConfiguration => ({
  ...base,
  projects: (base.projects ?? []).map((project) => ({
    ...project,
    applications: [
      ...(project.applications ?? []),
      {
        id: 'strict-web',
        name: 'Strict',
        kind: 'web',
        firstParty: true,
        secret: SECRET,
        redirectUris: [CALLBACK],
        postLogoutRedirectUris: [POST_LOGOUT],
        dialects: ['auth0'],
        refuses: ['secret_in_address', 'missing_pkce', 'refresh_token_reuse', 'unasked_logout'],
        scopes: ['openid', 'offline_access'],
      },
    ],
  })),
});

export async function startThirdParty(): Promise<ThirdParty> {
  const party = { person: { sub: '42', email: 'ada@there.example', name: 'Ada at another place' } };
  const server = createServer((request, response) => void answerAsThirdParty(request, response, party));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return Object.assign(party, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close });
}

async function answerAsThirdParty(
  request: IncomingMessage,
  response: ServerResponse,
  { person }: Pick<ThirdParty, 'person'>,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://there');
  if (url.pathname === '/authorize') {
    const back = new URL(url.searchParams.get('redirect_uri') ?? '');
    back.search = new URLSearchParams({ code: `code-${person.sub}`, state: url.searchParams.get('state') ?? '' }).toString();
    return void response.writeHead(302, { location: back.href }).end();
  }
  const token = `there-${person.sub}`;
  const known = request.headers.authorization === `Bearer ${token}`;
  const answers: Readonly<Record<string, object>> = {
    '/token': { access_token: token, refresh_token: 'renew', token_type: 'Bearer', expires_in: 3600, scope: 'notes' },
    '/me': person,
    '/notes': known ? { notes: [`a note of ${person.name}`] } : { error: 'who are you?' },
  };
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answers[url.pathname] ?? {}));
}

/** What the token endpoint gives. */
export interface Tokens {
  readonly access_token: string;
  readonly id_token?: string;
  readonly refresh_token?: string;
  readonly scope?: string;
  readonly expires_in: number;
  readonly token_type: string;
  readonly error?: string;
  readonly error_description?: string;
}

/** Goes through a sign-in and gives where the browser ends up. */
export async function authorize(origin: string, parameters: Readonly<Record<string, string>>, browser = new Visitor()): Promise<URL> {
  const { url, body } = await browser.visit(`${origin}/authorize?${new URLSearchParams(parameters)}`);
  const posted = new URLSearchParams(body);
  // A form that sends itself: as if it were the query.
  if (posted.has('state') && !url.search) url.search = body;
  return url;
}

/** Posts JSON, as SDKs of this vendor do. */
export async function postJson<Body>(url: string, body: object, headers: Readonly<Record<string, string>> = {}) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: (text === '' ? {} : JSON.parse(text)) as Body };
}

/** Signs in as a web application that has a secret does, with JSON and without PKCE. */
export async function signIn(
  { origin }: Pick<Auth0World, 'origin'>,
  { browser = new Visitor(), ...more }: { readonly browser?: Visitor; readonly [parameter: string]: string | Visitor } = {},
): Promise<Tokens> {
  const { client_id = 'shop-web', ...rest } = more as Record<string, string>;
  const scope = 'openid profile email offline_access orders:read';
  const given = { client_id, response_type: 'code', redirect_uri: CALLBACK, scope, audience: API, state: 'a-state', ...rest };
  const back = await authorize(origin, given, browser);
  const code = back.searchParams.get('code');
  if (code === null) throw new Error(`no code: ${back.href}`);
  const asked = { grant_type: 'authorization_code', client_id, client_secret: SECRET, code, redirect_uri: CALLBACK, audience: null };
  const { status, body } = await postJson<Tokens>(`${origin}/oauth/token`, asked);
  if (status !== 200) throw new Error(`${status} ${body.error} ${body.error_description}`);
  return body;
}

/** Reads a JWT without looking at who signed it. */
export function decoded(token: string | undefined): {
  readonly header: Record<string, unknown>;
  readonly payload: Record<string, unknown>;
} {
  const [header = '', payload = ''] = (token ?? '').split('.');
  const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString() || '{}');
  return { header: read(header), payload: read(payload) };
}

/** Follows a link at which somebody connects an account, and gives where the browser ends up. */
export async function connectAt(link: string, browser = new Visitor(ADA)): Promise<URL> {
  const asked = await browser.visit(link);
  // A page that leads on by itself.
  const [, there] = /url=(.*)$/i.exec(asked.response.headers.get('refresh') ?? '') ?? [];
  const away = there === undefined ? asked.url : new URL(there);
  const answer = await fetch(away, { redirect: 'manual' });
  return (await browser.visit(answer.headers.get('location') ?? '')).url;
}
