/** An OpenID provider for tests that lies on demand: it keeps to the standards until a test scripts it not to. */
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';

type Json = Record<string, unknown>;

/** What a test changes. Each function gets the honest value and gives the one that is sent. */
export interface Script {
  metadata?: (honest: Json) => Json;
  keys?: (honest: JWK[]) => unknown[];
  idTokenClaims?: (honest: Json) => Json;
  idTokenHeader?: (honest: { alg: string; kid?: string }) => { alg: string; kid?: string };
  /** The whole ID token, when claims and header are not enough. */
  idToken?: (claims: Json) => string | undefined;
  accessTokenClaims?: (honest: Json) => Json;
  tokenAnswer?: (honest: Json, form: URLSearchParams) => Json;
  /** Status and body instead of tokens. */
  tokenRefusal?: (form: URLSearchParams) => { status: number; body: string } | undefined;
  userinfo?: (honest: Json) => Json;
  device?: (honest: Json) => Json;
  /** Runs when an answer is ready and not yet sent: wait in it to hold the answer back. */
  answering?: (path: string) => Promise<void> | void;
  /** Takes a used refresh token once more, as a provider with a grace window does. */
  graceful?: boolean;
  /** Answers this status, with no body, wherever it is not undefined. */
  down?: (path: string) => number | undefined;
}

export interface ScriptedProvider {
  readonly issuer: string;
  script: Script;
  /** How often each path was asked. */
  readonly calls: Map<string, number>;
  /** The last form of the token endpoint and its headers. */
  readonly seen: { form?: URLSearchParams; authorization?: string | undefined };
  readonly revoked: string[];
  /** What a browser would bring back from the sign-in that begins at `url`. */
  answer(url: URL, changes?: Record<string, string | undefined>): URL;
  /** Signs with the provider's own key. */
  sign(claims: Json, header?: Json): Promise<string>;
  rotateKey(): Promise<void>;
  /** Milliseconds since 1970 for `iat` and `exp`. */
  clock: () => number;
  close(): Promise<void>;
}

interface State {
  readonly provider: ScriptedProvider;
  readonly codes: Map<string, { nonce: string; redirectUri: string; challenge: string; clientId: string; resource?: string | null }>;
  readonly refreshTokens: Set<string>;
  keys: { privateKey: CryptoKey; jwk: JWK }[];
}

export async function startScriptedProvider(subject = 'person-1'): Promise<ScriptedProvider> {
  const server = createServer((request, response) => void handle(state, request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider: ScriptedProvider = {
    issuer,
    script: {},
    calls: new Map(),
    seen: {},
    revoked: [],
    answer: (url, changes = {}) => answer(state, url, changes),
    sign: (claims, header = {}) => sign(state, claims, header),
    rotateKey: async () => {
      state.keys = [await newKey()];
    },
    clock: Date.now,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  const state: State = { provider, codes: new Map(), refreshTokens: new Set(), keys: [await newKey()] };
  subjects.set(provider, subject);
  return provider;
}

const subjects = new WeakMap<ScriptedProvider, string>();

async function newKey(): Promise<State['keys'][number]> {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  return { privateKey, jwk: { ...(await exportJWK(publicKey)), kid: randomBytes(6).toString('hex'), alg: 'ES256', use: 'sig' } };
}

function answer({ provider, codes }: State, url: URL, changes: Record<string, string | undefined>): URL {
  const asked = url.searchParams;
  const code = randomBytes(16).toString('hex');
  codes.set(code, {
    nonce: asked.get('nonce') ?? '',
    redirectUri: asked.get('redirect_uri') ?? '',
    challenge: asked.get('code_challenge') ?? '',
    clientId: asked.get('client_id') ?? '',
    resource: asked.get('resource'),
  });
  const callback = new URL(asked.get('redirect_uri') ?? '');
  const parameters = { code, state: asked.get('state') ?? '', iss: provider.issuer, ...changes };
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) callback.searchParams.set(name, value);
  return callback;
}

async function sign({ keys }: State, claims: Json, header: Json): Promise<string> {
  const [key] = keys;
  if (key === undefined) throw new Error('no key');
  return new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: key.jwk.kid ?? '', ...header }).sign(key.privateKey);
}

async function handle(state: State, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { provider } = state;
  const { pathname } = new URL(request.url ?? '/', provider.issuer);
  provider.calls.set(pathname, (provider.calls.get(pathname) ?? 0) + 1);
  const form = new URLSearchParams(await text(request));
  const status = provider.script.down?.(pathname);
  const [code, body] = status === undefined ? await respond(state, pathname, form, request) : [status, {}];
  await provider.script.answering?.(pathname);
  response.writeHead(code, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}

async function respond(state: State, path: string, form: URLSearchParams, request: IncomingMessage): Promise<[number, Json | string]> {
  const { provider } = state;
  const { script } = provider;
  if (path === '/.well-known/openid-configuration') return [200, script.metadata?.(metadata(provider)) ?? metadata(provider)];
  if (path === '/jwks') {
    const keys = state.keys.map(({ jwk }) => jwk);
    return [200, { keys: script.keys?.(keys) ?? keys }];
  }
  if (path === '/userinfo') {
    const honest = { sub: subjects.get(provider), email: 'person-1@example.com' };
    return [200, script.userinfo?.(honest) ?? honest];
  }
  if (path === '/revoke') {
    provider.revoked.push(form.get('token') ?? '');
    state.refreshTokens.delete(form.get('token') ?? '');
    return [200, {}];
  }
  if (path === '/device') {
    const { issuer } = provider;
    const honest = { device_code: 'dc-1', user_code: 'WDJB-MJHT', verification_uri: `${issuer}/activate`, expires_in: 60, interval: 0.01 };
    return [200, script.device?.(honest) ?? honest];
  }
  if (path === '/token') {
    provider.seen.form = form;
    provider.seen.authorization = request.headers.authorization;
    return tokenEndpoint(state, form);
  }
  return [404, { error: 'not_found' }];
}

function metadata({ issuer }: ScriptedProvider): Json {
  return {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/jwks`,
    userinfo_endpoint: `${issuer}/userinfo`,
    revocation_endpoint: `${issuer}/revoke`,
    end_session_endpoint: `${issuer}/logout`,
    device_authorization_endpoint: `${issuer}/device`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['ES256'],
    authorization_response_iss_parameter_supported: true,
  };
}

async function tokenEndpoint(state: State, form: URLSearchParams): Promise<[number, Json | string]> {
  const refusal = state.provider.script.tokenRefusal?.(form);
  if (refusal) return [refusal.status, refusal.body];
  const grant = form.get('grant_type');
  const invalid: [number, Json] = [400, { error: 'invalid_grant' }];
  if (grant === 'refresh_token') {
    const token = form.get('refresh_token') ?? '';
    if (!state.refreshTokens.has(token)) return invalid;
    if (!state.provider.script.graceful) state.refreshTokens.delete(token);
    return [200, await tokens(state, form, {})];
  }
  if (grant === 'urn:ietf:params:oauth:grant-type:device_code') return [200, await tokens(state, form, {})];
  const code = state.codes.get(form.get('code') ?? '');
  state.codes.delete(form.get('code') ?? '');
  const challenge = createHash('sha256')
    .update(form.get('code_verifier') ?? '')
    .digest('base64url');
  if (code === undefined || code.challenge !== challenge || code.redirectUri !== form.get('redirect_uri')) return invalid;
  return [200, await tokens(state, form, { nonce: code.nonce, auth_time: Math.floor(state.provider.clock() / 1000) })];
}

async function tokens(state: State, form: URLSearchParams, extra: Json): Promise<Json> {
  const { provider, refreshTokens } = state;
  const { script } = provider;
  const now = Math.floor(provider.clock() / 1000);
  const clientId =
    form.get('client_id') ??
    Buffer.from(provider.seen.authorization?.slice(6) ?? '', 'base64')
      .toString()
      .split(':')[0] ??
    '';
  const shared = { iss: provider.issuer, sub: subjects.get(provider), iat: now, exp: now + 600, sid: 'sid-1' };
  const access = {
    ...shared,
    aud: form.get('resource') ?? 'https://api.example',
    client_id: clientId,
    scope: 'openid orders:read',
    roles: ['customer'],
    jti: randomBytes(8).toString('hex'),
  };
  const accessToken = await sign(state, script.accessTokenClaims?.(access) ?? access, { typ: 'at+jwt' });
  const hash = createHash('sha256').update(accessToken).digest();
  const honest = { ...shared, ...extra, aud: clientId, at_hash: hash.subarray(0, 16).toString('base64url') };
  const claims = script.idTokenClaims?.(honest) ?? honest;
  const refreshToken = randomBytes(16).toString('hex');
  refreshTokens.add(refreshToken);
  const body = {
    access_token: accessToken,
    token_type: 'Bearer',
    expires_in: 600,
    scope: 'openid orders:read',
    refresh_token: refreshToken,
    id_token: script.idToken ? script.idToken(claims) : await signIdToken(state, claims),
  };
  return script.tokenAnswer?.(body, form) ?? body;
}

async function signIdToken(state: State, claims: Json): Promise<string> {
  const header = { alg: 'ES256', kid: state.keys[0]?.jwk.kid ?? '' };
  return sign(state, claims, state.provider.script.idTokenHeader?.(header) ?? header);
}

/** A token that nobody signed, or that was signed with a text everybody knows. */
export function forge(claims: Json, header: Json, hmacKey?: string): string {
  const signed = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${signed}.${hmacKey === undefined ? '' : createHmac('sha256', hmacKey).update(signed).digest('base64url')}`;
}

async function text(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
