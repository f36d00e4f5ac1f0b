/**
 * A provider with a token vault for tests, answered out of this process: give its `fetch` to whatever should meet it. It is strict about
 * the wire, in the words of Auth0 or in our own, and does otherwise only where a test scripts it to.
 */
import { createHash, randomBytes } from 'node:crypto';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { accountsApi } from './scripted-accounts.ts';
import { base, type Json, type ScriptedVault, type Seen, type State, type VaultDialect } from './scripted-vault-state.ts';

export type { ScriptedVault, VaultDialect } from './scripted-vault-state.ts';

const words = {
  auth0: {
    grant: 'urn:auth0:params:oauth:grant-type:token-exchange:federated-connection-access-token',
    type: 'http://auth0.com/oauth/token-type/federated-connection-access-token',
    optional: ['login_hint'],
    subjectRefused: [401, 'invalid_grant'],
    notConnected: 'unauthorized',
  },
  safeconduct: {
    grant: 'urn:ietf:params:oauth:grant-type:token-exchange',
    type: 'urn:safeconduct:params:oauth:token-type:connection-access-token',
    optional: ['login_hint', 'scope', 'refused_token'],
    subjectRefused: [400, 'invalid_request'],
    notConnected: 'federated_connection_account_not_found',
  },
} as const;

const accessType = 'urn:ietf:params:oauth:token-type:access_token';
const refreshType = 'urn:ietf:params:oauth:token-type:refresh_token';

/** `client` is the `id:secret` of the one application that it knows. */
export async function createScriptedVault({
  dialect = 'safeconduct',
  issuer = 'https://id.example',
  client = 'planner:top-secret',
}: {
  readonly dialect?: VaultDialect;
  readonly issuer?: string;
  readonly client?: string;
} = {}): Promise<ScriptedVault> {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' };
  const vault: ScriptedVault = {
    issuer,
    fetch: async (url, init) => answer(state, new Request(url, init)),
    seen: [],
    accounts: [],
    connections: new Set(['calendar', 'github']),
    script: {},
    clock: Date.now,
    visit: (url, changes = {}) => visit(state, url, changes),
    accessToken: (claims) => accessToken(state, claims),
    endSessions: () => {
      state.refreshTokens.clear();
      state.accessTokens.clear();
    },
    countOf: (path) => vault.seen.filter((seen) => seen.path === path).length,
  };
  const state: State = {
    vault,
    dialect,
    client,
    key: { privateKey, jwk },
    codes: new Map(),
    tickets: new Map(),
    refreshTokens: new Set(),
    accessTokens: new Set(),
  };
  return vault;
}

async function answer(state: State, request: Request): Promise<Response> {
  const { vault } = state;
  const { pathname, searchParams, origin } = new URL(request.url);
  if (origin !== new URL(vault.issuer).origin) throw new TypeError(`nobody answers at ${origin}`);
  const text = await request.text();
  const isJson = request.headers.get('content-type')?.startsWith('application/json') === true;
  const seen: Seen = {
    method: request.method,
    path: pathname,
    query: searchParams,
    authorization: request.headers.get('authorization'),
    form: new URLSearchParams(isJson ? '' : text),
    json: isJson ? JSON.parse(text) : {},
  };
  vault.seen.push(seen);
  return (await vault.script.answer?.(seen)) ?? honest(state, seen);
}

async function honest(state: State, seen: Seen): Promise<Response> {
  const { vault, key } = state;
  if (seen.path === '/.well-known/openid-configuration') return Response.json(metadata(vault));
  if (seen.path === '/jwks') return Response.json({ keys: [key.jwk] });
  if (seen.path === '/oauth/token') return tokenEndpoint(state, seen);
  if (seen.path === '/oauth/revoke') return Response.json({});
  if (seen.path.startsWith('/me/v1/connected-accounts')) return accountsApi(state, seen);
  return Response.json({ error: 'not_found' }, { status: 404 });
}

function metadata(vault: ScriptedVault): Json {
  return {
    issuer: vault.issuer,
    authorization_endpoint: `${base(vault)}/authorize`,
    token_endpoint: `${base(vault)}/oauth/token`,
    revocation_endpoint: `${base(vault)}/oauth/revoke`,
    end_session_endpoint: `${base(vault)}/oidc/logout`,
    jwks_uri: `${base(vault)}/jwks`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
  };
}

const refusal = (status: number, error: string, more: Json = {}): Response => Response.json({ error, ...more }, { status });

async function tokenEndpoint(state: State, { form, authorization }: Seen): Promise<Response> {
  const basic = decodeURIComponent(Buffer.from(authorization?.replace(/^Basic /, '') ?? '', 'base64').toString());
  if (basic !== state.client) return refusal(401, 'invalid_client');
  const grant = form.get('grant_type');
  if (grant === words[state.dialect].grant) return exchange(state, form);
  if (grant === 'refresh_token') {
    const token = form.get('refresh_token') ?? '';
    return state.refreshTokens.has(token) ? Response.json(await tokens(state, form.get('audience'), {})) : refusal(403, 'invalid_grant');
  }
  const code = state.codes.get(form.get('code') ?? '');
  const challenge = createHash('sha256')
    .update(form.get('code_verifier') ?? '')
    .digest('base64url');
  if (grant !== 'authorization_code' || code?.challenge !== challenge) return refusal(403, 'invalid_grant');
  state.codes.delete(form.get('code') ?? '');
  const refreshToken = randomBytes(16).toString('hex');
  state.refreshTokens.add(refreshToken);
  return Response.json({ ...(await tokens(state, code.audience, { nonce: code.nonce })), refresh_token: refreshToken });
}

async function tokens(state: State, audience: unknown, extra: Json): Promise<Json> {
  const { vault, client, key } = state;
  const [aud = ''] = client.split(':');
  const token = await accessToken(state, { ...(audience ? { aud: audience } : {}), azp: aud, client_id: aud, scope: 'openid' });
  const hash = createHash('sha256').update(token).digest().subarray(0, 16).toString('base64url');
  const now = Math.floor(vault.clock() / 1000);
  const claims = { iss: vault.issuer, sub: 'person-1', sid: 'sid-1', aud, iat: now, exp: now + 600, at_hash: hash, name: 'Ada', ...extra };
  const idToken = await new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: 'k1' }).sign(key.privateKey);
  return { access_token: token, id_token: idToken, token_type: 'Bearer', expires_in: 600, scope: 'openid offline_access' };
}

async function accessToken({ vault, key, accessTokens }: State, claims: Json): Promise<string> {
  const now = Math.floor(vault.clock() / 1000);
  const whole = {
    iss: vault.issuer,
    sub: 'person-1',
    aud: 'https://api.example',
    iat: now,
    exp: now + 600,
    jti: randomBytes(8).toString('hex'),
  };
  const token = await new SignJWT({ ...whole, ...claims })
    .setProtectedHeader({ alg: 'RS256', kid: 'k1', typ: 'at+jwt' })
    .sign(key.privateKey);
  accessTokens.add(token);
  return token;
}

function exchange(state: State, form: URLSearchParams): Response {
  const { vault, dialect } = state;
  const { type, optional, subjectRefused, notConnected } = words[dialect];
  const needed = ['grant_type', 'subject_token', 'subject_token_type', 'requested_token_type', 'connection'];
  const names = [...form.keys()];
  const forProxy = dialect === 'safeconduct' && form.get('requested_token_type') === accessType;
  const exact = needed.every((name) => names.includes(name)) && names.every((name) => [...needed, ...optional].includes(name as never));
  if (!exact || new Set(names).size !== names.length) return refusal(400, 'invalid_request', { error_description: names.join(' ') });
  if (form.get('requested_token_type') !== type && !forProxy) return refusal(400, 'invalid_request');
  const given = form.get('subject_token_type') === refreshType ? state.refreshTokens : state.accessTokens;
  if (![refreshType, accessType].includes(form.get('subject_token_type') ?? '') || !given.has(form.get('subject_token') ?? ''))
    return refusal(...(subjectRefused as unknown as [number, string]));
  const connection = form.get('connection') ?? '';
  if (!vault.connections.has(connection)) return refusal(dialect === 'auth0' ? 403 : 400, 'unauthorized_client');
  const hint = form.get('login_hint');
  const found = vault.accounts.findLast((one) => one.connection === connection && (hint === null || one.account === hint));
  const asked = (form.get('scope') ?? '').split(' ').filter((scope) => scope !== '');
  const missing = asked.filter((scope) => !found?.scopes.includes(scope));
  if (found === undefined || missing.length > 0) {
    const uri = `${base(vault)}/connect/${connection}?client_id=planner${asked.length > 0 ? `&scope=${asked.join('+')}` : ''}`;
    const ours = { connect_uri: uri, ...(missing.length > 0 && { missing_scope: missing.join(' ') }) };
    return refusal(401, notConnected, dialect === 'auth0' ? {} : ours);
  }
  const { token, expiresIn = 3_600, scopes } = found;
  const common = { token_type: 'Bearer', expires_in: expiresIn };
  if (forProxy) return Response.json({ ...common, access_token: `proxy-${token}`, issued_token_type: accessType, scope: '' });
  return Response.json({ ...common, access_token: token, issued_token_type: type, scope: scopes.join(' ') });
}

function visit({ vault, codes, tickets }: State, url: URL, changes: Readonly<Record<string, string | undefined>>): URL {
  const asked = url.searchParams;
  const code = randomBytes(8).toString('hex');
  const ticket = tickets.get(asked.get('ticket') ?? '');
  const isConnect = url.pathname === '/connected-accounts/connect';
  if (isConnect && ticket === undefined) throw new Error('no such ticket');
  const audience = asked.get('audience') ?? asked.get('resource');
  codes.set(code, ticket ?? { challenge: asked.get('code_challenge'), nonce: asked.get('nonce'), audience });
  const back = new URL(String(ticket?.redirect_uri ?? asked.get('redirect_uri')));
  const state = String(ticket?.state ?? asked.get('state'));
  const answered = isConnect ? { connect_code: code, state } : { code, state, iss: vault.issuer };
  for (const [name, value] of Object.entries({ ...answered, ...changes })) if (value !== undefined) back.searchParams.set(name, value);
  return back;
}
