/** For tests of the Zitadel dialect: an issuer with one origin that speaks it, a shop's project, and what an administrator does. */
import { createHash, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from '@safeconduct/issuer';
import { SignJWT } from 'jose';
import { type World as Started, startWorld, Visitor } from './world.fixtures.test.ts';

export const urn = 'urn:zitadel:iam';
export const SECRET = 'NVAp70IqiGmJldbSandThirtyTwoMore';
export const API = '305211467129991169@shop';
export const MESSAGES = 'https://messages.example';
export const ADA = { id: 'usr_ada', email: 'ada@acme.example', password: 'plain tea on the quay' };
export const OLA = { id: 'usr_ola', email: 'ola@globex.example', password: 'seven gulls over the pier' };
/** Of `globex`, and a guest of `acme`. */
export const GUS = { id: 'usr_gus', email: 'gus@globex.example', password: 'nine herons in the reeds' };
/** Where the tests' applications are sent back to. Nobody listens there. */
export const CALLBACK = 'http://localhost:8081';
export const ASSERTION = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

const dialects = ['standard', 'zitadel'];

export type Json = Readonly<Record<string, unknown>>;

/** An answer in JSON. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: answers are read by tests, which check what they read
  readonly json: any;
}

export interface World extends Pick<Started, 'home' | 'log' | 'events' | 'stop'> {
  /** The issuer of the dialect. */
  readonly origin: string;
  /** Of `key-bot` and of the API `jwt-api`, both under the key id `key-1`. */
  readonly key: KeyObject;
  post(path: string, form: Record<string, string>, headers?: Record<string, string>): Promise<Answer>;
  get(path: string, headers?: Record<string, string>): Promise<Answer>;
  /** One call of the admin API. */
  admin(method: string, path: string, body?: object): Promise<Json>;
  /** A personal access token of the service user `ci-bot`. */
  personalToken(resource?: string): Promise<{ readonly id: string; readonly token: string }>;
}

/** Starts it on a PostgreSQL of its own. */
export async function startZitadel(): Promise<World> {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const world = await startWorld({ dialects: ['zitadel'], tls: false, declare: () => configuration(publicKey) });
  const [origin, admin] = [world.at('zitadel'), await administrator(world)];
  return {
    ...{ ...world, origin, key: privateKey, admin },
    post: (path, form, headers = {}) => ask(origin, path, { method: 'POST', body: new URLSearchParams(form), headers }),
    get: (path, headers = {}) => ask(origin, path, { headers }),
    async personalToken(resource = MESSAGES) {
      const made = await admin('POST', '/tokens', { serviceUser: 'ci-bot', name: 'test', resources: [resource], scopes: [] });
      return { id: String(made.id), token: String(made.token) };
    },
  };
}

async function ask(base: string, path: string, init: RequestInit): Promise<Answer> {
  const answer = await fetch(new URL(path, base), { redirect: 'manual', ...init });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, json: text === '' ? undefined : JSON.parse(text) };
}

async function administrator({ home, ca }: Started): Promise<World['admin']> {
  const { code } = JSON.parse(readFileSync(join(ca, '../../setup.json'), 'utf8')) as { code: string };
  const call = async (method: string, path: string, { body, token }: { body?: object | undefined; token?: string }): Promise<Json> => {
    const headers = {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body && { 'content-type': 'application/json' }),
    };
    const answer = await fetch(`${home}/admin/v1${path}`, { method, headers, ...(body && { body: JSON.stringify(body) }) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text === '' ? {} : (JSON.parse(text) as Json);
  };
  const made = (await call('POST', '/setup', { body: { code } })) as { administrator: { token: string } };
  return (method, path, body) => call(method, path, { body, token: made.administrator.token });
}

function configuration(publicKey: KeyObject) {
  const jwks = { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'key-1', alg: 'RS256', use: 'sig' }] };
  const signsIn = {
    firstParty: true,
    redirectUris: [CALLBACK, `${CALLBACK}/callback`],
    postLogoutRedirectUris: [`${CALLBACK}/bye`],
    dialects,
  };
  const roles = { shop: ['read:messages'] };
  return defineConfig({
    organizations: [
      { id: 'acme', name: 'ACME', domain: 'acme.example' },
      { id: 'globex', name: 'Globex' },
    ],
    projects: [
      {
        ...{ id: 'shop', organization: 'acme', name: 'Shop', roles: { 'read:messages': 'Reads messages', admin: 'Administrator' } },
        apis: [
          { id: API, name: 'Messages', resource: MESSAGES, scopes: {}, secret: SECRET, tokenFormat: 'opaque', dialects },
          { id: 'jwt-api', name: 'JWT', resource: 'https://jwt.example', scopes: {}, authMethod: 'private_key_jwt', jwks, dialects },
        ],
        applications: [
          {
            ...{ ...signsIn, id: 'cli', name: 'Shop in a terminal', kind: 'native', resources: [MESSAGES, 'https://jwt.example'] },
            grantTypes: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
          },
          { ...signsIn, id: 'web', name: 'Shop', kind: 'web', secret: SECRET, resources: ['https://jwt.example', 'https://depot.example'] },
          {
            ...signsIn,
            id: 'strict-web',
            name: 'Strict shop',
            kind: 'web',
            secret: SECRET,
            refuses: ['missing_pkce', 'unasked_logout', 'token_in_address'],
          },
          {
            id: 'ci-bot',
            name: 'CI bot',
            kind: 'service',
            secret: SECRET,
            resources: [MESSAGES, 'https://depot.example'],
            roles,
            dialects,
          },
          { id: 'key-bot', name: 'Key bot', kind: 'service', authMethod: 'private_key_jwt', jwks, resources: [MESSAGES], roles, dialects },
          {
            id: 'strict-bot',
            name: 'Strict bot',
            kind: 'service',
            authMethod: 'private_key_jwt',
            jwks,
            refuses: ['assertion_reuse'],
            dialects,
          },
          { ...signsIn, id: 'elsewhere', name: 'Elsewhere', kind: 'native', dialects: ['standard'] },
        ],
      },
      {
        ...{ id: 'depot', organization: 'acme', name: 'Depot', roles: { picker: 'Picks' } },
        apis: [{ id: 'depot-api', name: 'Depot', resource: 'https://depot.example', scopes: {}, secret: SECRET, dialects }],
      },
    ],
    users: [
      {
        ...{ ...ADA, organization: 'acme', emailVerified: true, name: 'Ada Keller', givenName: 'Ada', familyName: 'Keller' },
        ...{ roles: { shop: ['read:messages', 'admin'], depot: ['picker'] }, metadata: { shoe: '38' } },
      },
      { ...OLA, organization: 'globex', emailVerified: true, name: 'Ola Nordmann' },
      { ...GUS, organization: 'globex', emailVerified: true, guestOf: { acme: { shop: ['read:messages'] } } },
    ],
  });
}

export const basic = (id: string, secret = SECRET): Record<string, string> => ({
  authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
});

export const bearing = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });

export interface SignIn {
  readonly parameters?: Readonly<Record<string, string>>;
  readonly browser?: Visitor;
  /** False: without PKCE. */
  readonly pkce?: boolean;
}

/** Signs somebody in in a browser, and says where that led and what the code is redeemed with. */
export async function signIn({ origin }: World, { parameters = {}, browser = new Visitor(ADA), pkce = true }: SignIn = {}) {
  const verifier = randomBytes(32).toString('base64url');
  const asked = {
    ...{ client_id: 'cli', redirect_uri: CALLBACK, response_type: 'code', scope: 'openid profile email' },
    ...(pkce && { code_challenge: createHash('sha256').update(verifier).digest('base64url'), code_challenge_method: 'S256' }),
    ...parameters,
  };
  const { url: left, body } = await browser.visit(`${origin}/oauth/v2/authorize?${new URLSearchParams(asked)}`);
  const { client_id, redirect_uri } = asked;
  const code = left.searchParams.get('code') ?? '';
  return {
    left,
    body,
    form: { grant_type: 'authorization_code', client_id, redirect_uri, code, ...(pkce && { code_verifier: verifier }) },
  };
}

/** Signs somebody in to the application in the terminal, and gives the token endpoint's answer. */
export async function tokensOf(
  world: World,
  how: SignIn = {},
): Promise<Json & { readonly access_token: string; readonly id_token: string }> {
  const { form } = await signIn(world, how);
  const secret = form.client_id === 'cli' ? {} : basic(form.client_id);
  const { status, json } = await world.post('/oauth/v2/token', form, secret);
  if (status !== 200) throw new Error(`${status} ${JSON.stringify(json)}`);
  return json;
}

/** The claims of a JWT, unverified. */
export const claimsOf = (token: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;

/** What `ci-bot` and `key-bot` hold in their project, as Zitadel writes it. */
export const held = { 'read:messages': { acme: 'acme.example' } };

/** Signs as Zitadel's libraries do: no jti, good for an hour, used again and again. */
export function signAssertion(
  { key, origin }: World,
  id: string,
  { audience = origin as string | string[], age = 0, dated = true } = {},
): Promise<string> {
  const now = Math.floor(Date.now() / 1000) - age;
  const claims = { iss: id, sub: id, aud: audience, ...(dated && { iat: now }), exp: now + 3600 };
  return new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: 'key-1' }).sign(key);
}
