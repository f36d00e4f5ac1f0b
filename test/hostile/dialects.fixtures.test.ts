/** For attacks on origins: one issuer that speaks every dialect, a table of how each is asked, and a browser for each visit. */
import { createHash, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import {
  ADA,
  API,
  API_ID,
  BEN,
  CALLBACK,
  GUS,
  OTHER_ORG,
  POST_LOGOUT,
  SECRET,
  SHOP_ORG,
  startWorld,
  Visitor,
  type World,
} from '../flows/dialects/world.fixtures.test.ts';
import { withHostile } from './dialects-declared.fixtures.test.ts';

/** How one issuer is asked. */
export interface Speaker {
  readonly dialect: string;
  readonly name: string;
  readonly origin: string;
  /** `iss`. */
  readonly issuer: string;
  readonly authorize: string;
  readonly token: string;
  readonly userinfo: string;
  readonly jwks: string;
  readonly device: string;
  readonly logout: string;
  readonly introspect?: string;
  readonly revoke?: string;
  readonly pushed?: string;
  /** Asks for the API, all in a sign-in. */
  readonly forApi: Readonly<Record<string, string>>;
  /** The same for a program. */
  readonly forProgram: Readonly<Record<string, string>>;
}

/** Statuses differ by dialect: what is common is that nothing was given. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: answers are read by tests, which check what they read
  readonly json: any;
}

export interface Hostile extends World {
  readonly speakers: readonly Speaker[];
  /** The one of a dialect; of several the first organization's. */
  speaker(name: string): Speaker;
  /** Of the applications `key-robot` and `strict-robot`. */
  readonly key: KeyObject;
  /** The other organization as a tenant of Entra. */
  readonly otherTenant: string;
}

/** Starts it. */
export async function startHostile(): Promise<Hostile> {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const world = await startWorld({ dialects: ['zitadel', 'auth0+entra', 'keycloak'], declare: (base) => withHostile(base, publicKey) });
  const speakers = [
    standardAt(world.home),
    zitadelAt(world.at('zitadel')),
    auth0At(world.at('auth0')),
    entraAt(world.at('entra'), SHOP_ORG),
    keycloakAt(world.at('keycloak'), SHOP_ORG),
  ];
  const speaker = (name: string): Speaker => {
    const found = speakers.find((one) => one.name === name);
    if (!found) throw new Error(`there is no ${name}`);
    return found;
  };
  const other = await get(`${world.at('entra')}/other.example/v2.0/.well-known/openid-configuration`);
  return { ...world, speakers, speaker, key: privateKey, otherTenant: String(new URL(other.json.issuer).pathname.split('/')[1]) };
}

const scope = 'openid profile offline_access';

const standardAt = (origin: string): Speaker => ({
  ...{ dialect: 'standard', name: 'standard', origin, issuer: origin },
  ...below(origin, { authorize: '/oauth2/authorize', token: '/oauth2/token', userinfo: '/oauth2/userinfo', jwks: '/oauth2/jwks' }),
  ...below(origin, { introspect: '/oauth2/introspect', revoke: '/oauth2/revoke', logout: '/oauth2/logout' }),
  ...below(origin, { device: '/oauth2/device_authorization' }),
  forApi: { scope: `${scope} orders:read`, resource: API },
  forProgram: { scope: 'orders:read', resource: API },
});

export const zitadelAt = (origin: string): Speaker => ({
  ...{ dialect: 'zitadel', name: 'zitadel', origin, issuer: origin },
  ...below(origin, { authorize: '/oauth/v2/authorize', token: '/oauth/v2/token', userinfo: '/oidc/v1/userinfo', jwks: '/oauth/v2/keys' }),
  ...below(origin, { introspect: '/oauth/v2/introspect', revoke: '/oauth/v2/revoke', logout: '/oidc/v1/end_session' }),
  ...below(origin, { device: '/oauth/v2/device_authorization' }),
  forApi: { scope: `${scope} orders:read urn:zitadel:iam:org:project:id:shop:aud` },
  forProgram: { scope: 'openid urn:zitadel:iam:org:project:id:shop:aud' },
});

export const auth0At = (origin: string): Speaker => ({
  ...{ dialect: 'auth0', name: 'auth0', origin, issuer: `${origin}/` },
  ...below(origin, { authorize: '/authorize', token: '/oauth/token', userinfo: '/userinfo', jwks: '/.well-known/jwks.json' }),
  ...below(origin, { revoke: '/oauth/revoke', logout: '/oidc/logout', device: '/oauth/device/code', pushed: '/oauth/par' }),
  forApi: { scope: `${scope} orders:read`, audience: API },
  forProgram: { audience: API },
});

export const entraAt = (origin: string, tenant: string): Speaker => ({
  ...{ dialect: 'entra', name: 'entra', origin, issuer: `${origin}/${tenant}/v2.0` },
  ...below(`${origin}/${tenant}`, { authorize: '/oauth2/v2.0/authorize', token: '/oauth2/v2.0/token', userinfo: '/oidc/userinfo' }),
  ...below(`${origin}/${tenant}`, { jwks: '/discovery/v2.0/keys', logout: '/oauth2/v2.0/logout', device: '/oauth2/v2.0/devicecode' }),
  forApi: { scope: `${scope} ${API}/orders:read` },
  forProgram: { scope: `${API}/.default` },
});

export const keycloakAt = (origin: string, realm: string): Speaker => {
  const at = `${origin}/realms/${realm}/protocol/openid-connect`;
  return {
    ...{ dialect: 'keycloak', name: 'keycloak', origin, issuer: `${origin}/realms/${realm}` },
    ...below(at, { authorize: '/auth', token: '/token', userinfo: '/userinfo', jwks: '/certs', introspect: '/token/introspect' }),
    ...below(at, { revoke: '/revoke', logout: '/logout', device: '/auth/device', pushed: '/ext/par/request' }),
    forApi: { scope: `${scope} orders:read` },
    forProgram: { scope: 'orders:read' },
  };
};

function below<P extends Record<string, string>>(base: string, paths: P): P {
  return Object.fromEntries(Object.entries(paths).map(([name, path]) => [name, base + path])) as P;
}

export async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text();
  return { status: response.status, headers: response.headers, json: /^[[{]/.test(text) ? JSON.parse(text) : text };
}

export const post = async (url: string, form: Readonly<Record<string, string>>, headers: Record<string, string> = {}): Promise<Answer> =>
  answerOf(await fetch(url, { method: 'POST', body: new URLSearchParams(form), headers, redirect: 'manual' }));

export const get = async (url: string, headers: Record<string, string> = {}): Promise<Answer> =>
  answerOf(await fetch(url, { headers, redirect: 'manual' }));

export const challengeOf = (verifier: string): string => createHash('sha256').update(verifier).digest('base64url');

export interface Visit {
  readonly client?: string;
  readonly person?: { readonly email: string; readonly password: string };
  readonly browser?: Visitor;
  /** Changes to the request; '' leaves a parameter out. */
  readonly more?: Readonly<Record<string, string>>;
}

/** What a sign-in brought back. */
export interface Back {
  readonly client: string;
  readonly url: URL;
  readonly status: number;
  readonly body: string;
  readonly code: string;
  readonly verifier: string;
  readonly browser: Visitor;
}

/** The address of an authorization request. */
export function authorizeUrl(at: Speaker, { client = 'shop-web', more = {} }: Visit, verifier = ''): string {
  const asked = {
    ...{ client_id: client, response_type: 'code', redirect_uri: CALLBACK, state: 'st', nonce: 'no' },
    ...at.forApi,
    ...(verifier !== '' && { code_challenge: challengeOf(verifier), code_challenge_method: 'S256' }),
    ...more,
  };
  return `${at.authorize}?${new URLSearchParams(Object.entries(asked).filter(([, value]) => value !== ''))}`;
}

/** Signs in in a browser and stops where it was sent. */
export async function authorize(at: Speaker, visit: Visit = {}): Promise<Back> {
  const verifier = randomBytes(32).toString('base64url');
  const { browser = new Visitor(visit.person ?? ADA) } = visit;
  const { url, response, body } = await browser.visit(authorizeUrl(at, visit, verifier));
  const code = url.searchParams.get('code') ?? '';
  return { client: visit.client ?? 'shop-web', url, status: response.status, body, code, verifier, browser };
}

export interface Redemption {
  readonly client?: string;
  readonly more?: Readonly<Record<string, string>>;
}

const publicClients = ['shop-spa', 'shop-terminal'];

/** How an application proves itself. */
export const proof = (client: string): Record<string, string> => ({
  client_id: client,
  ...(!publicClients.includes(client) && { client_secret: SECRET }),
});

export function redeem(at: Speaker, back: Back, { client = back.client, more = {} }: Redemption = {}): Promise<Answer> {
  const form = { grant_type: 'authorization_code', code: back.code, redirect_uri: CALLBACK, code_verifier: back.verifier };
  return post(at.token, present({ ...form, ...proof(client), ...more }));
}

export function refresh(at: Speaker, token: string, { client = 'shop-web', more = {} }: Redemption = {}): Promise<Answer> {
  return post(at.token, present({ grant_type: 'refresh_token', refresh_token: token, ...proof(client), ...more }));
}

const present = (form: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(form).filter(([, value]) => value !== ''));

/** Signs in and redeems the code. */
export async function signIn(at: Speaker, visit: Visit = {}): Promise<Back & { readonly tokens: Tokens }> {
  const back = await authorize(at, visit);
  const { status, json } = await redeem(at, back);
  if (status !== 200) throw new Error(`${at.name}: ${back.url.href.slice(0, 300)} ${status} ${JSON.stringify(json)}`);
  return { ...back, tokens: json };
}

export interface Tokens {
  readonly access_token: string;
  readonly id_token: string;
  readonly refresh_token: string;
}

/** A token of a program. */
export const programToken = (at: Speaker, more: Readonly<Record<string, string>> = {}): Promise<Answer> =>
  post(at.token, { grant_type: 'client_credentials', client_id: 'shop-robot', client_secret: SECRET, ...at.forProgram, ...more });

export const userinfo = (at: Speaker, token: string): Promise<Answer> => get(at.userinfo, { authorization: `Bearer ${token}` });

/** What the API hears about a token. */
export const introspect = (at: Speaker, token: string, caller = API_ID): Promise<Answer> =>
  post(String(at.introspect), { token, client_id: caller, client_secret: SECRET });

export const claimsOf = (token: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;

export const headerOf = (token: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as Record<string, unknown>;

export { EVE, OPAQUE, rows, TIM } from './dialects-declared.fixtures.test.ts';
export { ADA, API, API_ID, BEN, CALLBACK, GUS, OTHER_ORG, POST_LOGOUT, SECRET, SHOP_ORG, Visitor };
