/** For attacks on what reaches third parties: an issuer, a third party that lies on demand with an API of its own, and a person. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { createIssuer, defineConfig } from '@safeconduct/issuer';
import { freePort } from '@safeconduct/test-support/ports';
import { quickStorage } from '@safeconduct/test-support/postgres';
import { type ScriptedProvider, startScriptedProvider } from '@safeconduct/test-support/scripted-provider';
import { formsOf, type Page, type Visitor } from '../flows/ways.fixtures.test.ts';

export const ADA = { id: 'usr_ada', email: 'ada@shop.example', password: 'plain tea on the quay' };
export const BEN = { id: 'usr_ben', email: 'ben@shop.example', password: 'salted nuts at midnight' };
const SECRET = 'a-secret-of-the-tests-and-nothing-else';
const CALLBACK = 'http://localhost:3999/callback';
const ACCESS = 'urn:ietf:params:oauth:token-type:access_token';

/** What the third party's API was asked. */
export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
}

export interface Api {
  readonly url: string;
  readonly seen: Seen[];
  answer: RequestListener;
  close(): Promise<void>;
}

export interface ReachWorld {
  readonly url: string;
  /** The third party of the connections `calendar` and `mail`. */
  readonly there: ScriptedProvider;
  /** Others that nobody has asked yet, of the connections `party0`, `party1` … */
  readonly parties: readonly ScriptedProvider[];
  readonly api: Api;
  readonly log: readonly string[];
  stop(): Promise<void>;
}

/** A server that remembers what it was asked, and answers 200. */
export async function startApi(): Promise<Api> {
  const server = createServer((request, response) => {
    api.seen.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers });
    api.answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const api: Api = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen: [],
    answer: (request, response) => void request.resume().once('end', () => response.end('{}')),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return api;
}

const configuration = (parties: Readonly<Record<string, ScriptedProvider>>, api: string) =>
  defineConfig({
    organizations: [{ id: 'shop-org', name: 'Quay Shop' }],
    projects: [
      {
        id: 'shop',
        organization: 'shop-org',
        name: 'Shop',
        applications: [
          { id: 'shop-web', name: 'Shop', kind: 'web', firstParty: true, secret: SECRET, redirectUris: [CALLBACK], scopes: ['openid'] },
        ],
      },
    ],
    users: [ADA, BEN].map((person) => ({ ...person, organization: 'shop-org', emailVerified: true, name: person.id })),
    connections: Object.entries(parties).map(([id, { issuer }]) => ({
      id,
      organization: 'shop-org',
      name: id,
      preset: 'oidc' as const,
      issuer,
      clientId: `safeconduct-${id}`,
      secret: SECRET,
      accounts: true,
      applications: { 'shop-web': true as const },
      proxy: { baseUrl: `${api}/v3`, methods: ['GET', 'POST'], paths: ['/events', '/events/*', '/files/**'] },
    })),
  });

/** Starts it on an embedded database, with so many other third parties. */
export async function startReachWorld({ others = 0 } = {}): Promise<ReachWorld> {
  const [there, api, port] = await Promise.all([startScriptedProvider('person-there'), startApi(), freePort()]);
  const parties = await Promise.all(Array.from({ length: others }, () => startScriptedProvider('person-there')));
  const named = { calendar: there, mail: there, ...Object.fromEntries(parties.map((party, index) => [`party${index}`, party])) };
  const dataDirectory = mkdtempSync(join(tmpdir(), 'safeconduct-hostile-'));
  const log: string[] = [];
  const logDestination = new Writable({
    write(line, _encoding, done) {
      log.push(String(line));
      done();
    },
  });
  const url = `http://127.0.0.1:${port}`;
  const around = async () => {
    await Promise.all([there, api, ...parties].map((one) => one.close()));
    rmSync(dataDirectory, { recursive: true, force: true });
  };
  const storage = await quickStorage();
  const settings = { ...storage.settings, dataDirectory, issuer: url, host: '127.0.0.1', port, logDestination };
  const issuer = await createIssuer({ ...settings, configuration: configuration(named, api.url) }).catch(async (error: unknown) => {
    await around();
    throw error;
  });
  await issuer.listen();
  return {
    url,
    there,
    parties,
    api,
    log,
    stop: async () => {
      await issuer.close(0);
      await storage.drop();
      await around();
    },
  };
}

type Somebody = Pick<typeof ADA, 'email' | 'password'>;

/** Fills the sign-in form where there is one. */
async function signedIn(visitor: Visitor, page: Page, { email, password }: Somebody): Promise<Page> {
  return formsOf(page).some(({ action }) => action.endsWith('/login')) ? visitor.submit(page, '/login', { email, password }) : page;
}

/** Where a page leads by itself, in one way or the other. */
const onwards = (page: Page): URL => new URL(/^0; url=(.*)$/.exec(page.headers.get('refresh') ?? '')?.[1] ?? page.url);

/** From the link to the address at the third party that the browser is sent to. */
export async function goThere({ url }: ReachWorld, visitor: Visitor, { connection = 'calendar', person = ADA } = {}): Promise<URL> {
  const link = `${url}/connect/${connection}?client_id=shop-web&scope=calendar.read`;
  const page = await signedIn(visitor, await visitor.get(link), person);
  const decided =
    onwards(page).origin === new URL(url).origin && onwards(page).href !== page.url.href ? await visitor.get(onwards(page)) : page;
  return onwards(await visitor.submit(decided, /\/connect\/|^$/, { decision: 'allow' }));
}

/** Connects an account all the way. */
export async function connectAccount(
  world: ReachWorld,
  visitor: Visitor,
  options: { connection?: string; person?: typeof ADA } = {},
): Promise<Page> {
  const confirm = await visitor.get(world.there.answer(await goThere(world, visitor, options)));
  return visitor.submit(confirm, /\/connect|\/connections/, { decision: 'allow' });
}

async function post({ url }: ReachWorld, form: Record<string, string>): Promise<Record<string, string>> {
  const authorization = `Basic ${Buffer.from(`shop-web:${SECRET}`).toString('base64')}`;
  const answer = await fetch(`${url}/oauth2/token`, { method: 'POST', headers: { authorization }, body: new URLSearchParams(form) });
  return (await answer.json()) as Record<string, string>;
}

/** A person's access token here. */
export async function accessToken(world: ReachWorld, visitor: Visitor, person: Somebody = ADA): Promise<string> {
  return (await signIn(world, visitor, person)).access_token ?? '';
}

/** What a person's sign-in gives the application. */
export async function signIn(world: ReachWorld, visitor: Visitor, person: Somebody = ADA): Promise<Record<string, string>> {
  const verifier = randomBytes(32).toString('base64url');
  const asked = {
    client_id: 'shop-web',
    response_type: 'code',
    redirect_uri: CALLBACK,
    scope: 'openid',
    state: 's',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  };
  const page = await signedIn(visitor, await visitor.get(`${world.url}/oauth2/authorize?${new URLSearchParams(asked)}`), person);
  const code = onwards(page).searchParams.get('code') ?? '';
  const answer = await post(world, { grant_type: 'authorization_code', code, redirect_uri: CALLBACK, code_verifier: verifier });
  if (answer.access_token === undefined) throw new Error(`no token: ${answer.error} ${answer.error_description} ${page.url.pathname}`);
  return answer;
}

/** What an exchange for a token of the proxy answers. */
export function exchangeForProxy(world: ReachWorld, subjectToken: string, connection = 'calendar'): Promise<Record<string, string>> {
  return post(world, {
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token: subjectToken,
    subject_token_type: ACCESS,
    requested_token_type: ACCESS,
    connection,
  });
}

/** Writes a request to the letter, and gives the status and everything that came back until the connection ended. */
export async function raw(world: ReachWorld, text: string): Promise<{ readonly status: number; readonly text: string }> {
  const { port } = new URL(world.url);
  const socket = connect(Number(port), '127.0.0.1');
  socket.setTimeout(5_000, () => socket.destroy(new Error('no end')));
  socket.write(text);
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  const answer = Buffer.concat(chunks).toString('latin1');
  return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0), text: answer };
}
