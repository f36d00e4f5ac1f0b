/**
 * Keycloak: every organization is a realm, and a realm is an issuer of its own below `/realms/{id of the organization}`.
 * Roles in the project that has the realm's name are realm roles, all others are roles of the client or API whose project has them.
 */
import { createPublicKey, hash } from 'node:crypto';
import type { AnswerFacts, Dialect, Known, TranslatedRequest, WireAnswer, WireRequest } from './dialect.ts';
import type { Facts, KnownApplication, Place, Tenant } from './facts.ts';

type Claims = Readonly<Record<string, unknown>>;
type Asking = { readonly application: KnownApplication; readonly known: Known; readonly signsIn: boolean };

const REALM = /^\/realms\/([^/]+)(?=\/|$)/;
const PROTOCOL = '/protocol/openid-connect';
const STATUS = '/login-status-iframe.html';

/** Scopes that are the realm's own. These say more about a person; what the others stand for is in every token anyway. */
const TELLING = ['microprofile-jwt', 'organization'];
const OWN_SCOPES = ['roles', 'web-origins', 'acr', 'basic', 'service_account', ...TELLING];
/** Every sign-in has these, asked for or not. A refresh token comes with it as well: `offline_access` says that it outlives the session. */
const DEFAULT_SCOPES = ['profile', 'email', 'offline_access'];
const SCOPES_OF_PEOPLE = ['openid', 'phone', 'address', ...DEFAULT_SCOPES];

const realmPath = (tenant: Tenant | undefined): string => `/realms/${encodeURIComponent(tenant?.id ?? '')}`;

function routesOf(realm: string): Place['routes'] {
  const at = (path: string): string => `${realm}${PROTOCOL}${path}`;
  return {
    authorization: at('/auth'),
    token: at('/token'),
    userinfo: at('/userinfo'),
    introspection: at('/token/introspect'),
    revocation: at('/revoke'),
    jwks: at('/certs'),
    deviceAuthorization: at('/auth/device'),
    deviceVerification: `${realm}/device`,
    endSession: at('/logout'),
    pushedAuthorization: at('/ext/par/request'),
    discovery: [`${realm}/.well-known/openid-configuration`, `${realm}/.well-known/oauth-authorization-server`],
  };
}

function nameIn(path: string): string | undefined {
  try {
    return decodeURIComponent(REALM.exec(path)?.[1] ?? '') || undefined;
  } catch {
    return undefined;
  }
}

const request: NonNullable<Dialect['request']> = async (wire, known) => {
  const parameters = new URLSearchParams([...wire.parameters].map(([name, value]) => [name, unwrapped(value)]));
  // keycloak-connect proves itself twice. The header is what counts.
  if (/^basic /i.test(wire.header('authorization') ?? '')) parameters.delete('client_secret');
  if (wire.route === 'endSession' && wire.method === 'POST' && parameters.has('refresh_token')) return endOfSignIn(wire, parameters);
  const forItself = wire.route === 'token' && parameters.get('grant_type') === 'client_credentials';
  const signsIn = /authorization$/i.test(wire.route);
  // What is repeated is for the engine to refuse, and what was pushed has been translated.
  if ((!forItself && !signsIn) || parameters.getAll('scope').length > 1 || parameters.has('request_uri')) return { parameters };
  const application = await known.application(wire.clientId ?? '');
  return application === undefined ? { parameters } : translateScope(parameters, { application, known, signsIn });
};

/** A program that signs a person out with the refresh token, without a browser: what this sign-in gave it ends. */
function endOfSignIn({ parameters: sent, clientId }: WireRequest, parameters: URLSearchParams): TranslatedRequest {
  const token = sent.get('refresh_token') ?? '';
  const said = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString();
  // The engine says nothing of one that is not its client's (RFC 7009, 2.2). Nobody else writes these, so it takes no parser.
  const own = token.startsWith(ENVELOPE) && said.includes(`"azp":${JSON.stringify(clientId)}`);
  if (!own && clientId !== undefined) return { refused: { error: 'invalid_grant', description: 'Invalid refresh token' } };
  parameters.set('token', unwrapped(token));
  return { parameters, route: 'revocation' };
}

/** Takes the realm's own scopes out and adds those of every sign-in. What is left names the API, which no parameter does here. */
async function translateScope(parameters: URLSearchParams, { application, known, signsIn }: Asking): Promise<TranslatedRequest> {
  const words = (parameters.get('scope') ?? '').split(' ').filter(Boolean);
  const more = DEFAULT_SCOPES.filter((scope) => application.scopes.includes(scope));
  const scopes = signsIn ? [...new Set([...words, ...more])] : words.filter((word) => !SCOPES_OF_PEOPLE.includes(word));
  const kept = scopes.filter((word) => !OWN_SCOPES.includes(word));
  parameters.delete('scope');
  if (kept.length > 0) parameters.set('scope', kept.join(' '));
  const resource = parameters.has('resource') ? undefined : await resourceFor(kept, application, known);
  if (resource !== undefined) parameters.set('resource', resource);
  const connection = parameters.get('kc_idp_hint') ?? undefined;
  return { parameters, asked: words.join(' ').slice(0, 2_000), ...(connection !== undefined && { connection }) };
}

/** The first API that has one of the scopes. Where none is meant, the application's own choice is left to it. */
async function resourceFor(scopes: readonly string[], { resources }: KnownApplication, known: Known): Promise<string | undefined> {
  const apis = await Promise.all(resources.map((resource) => known.api(resource)));
  return apis.find((api) => api?.scopes.some((scope) => scopes.includes(scope)))?.resource;
}

const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
/** Clients read refresh tokens as JWTs, so ours travels as the last of three parts. No JWT begins like this: it names no algorithm. */
const ENVELOPE = `${encoded({ typ: 'JWT', cty: 'refresh' })}.`;

function wrap(token: string, facts: Facts): string {
  const { place, account, client } = facts;
  const [iss, sub, azp] = [place.issuer, account?.subjects.keycloak ?? account?.uuid, client?.id];
  return `${ENVELOPE}${encoded({ iss, aud: iss, sub, typ: refreshType(facts), azp, scope: scopeText(facts), ...sessionOf(facts) })}.${token}`;
}

/** What the other two parts say is for whoever reads it; nothing here believes it. */
const unwrapped = (token: string): string => (token.startsWith(ENVELOPE) ? token.slice(token.lastIndexOf('.') + 1) : token);

const refreshType = (facts: Facts): string => (noted(facts, 'offline_access') ? 'Offline' : 'Refresh');
const noted = ({ asked }: Facts, scope: string): boolean => asked.split(' ').includes(scope);
const sessionOf = ({ session }: Facts, name = 'sid'): Record<string, string> => (session === undefined ? {} : { [name]: session });

function scopeText(facts: Facts, more: unknown = ''): string {
  const telling = TELLING.filter((scope) => facts.account?.kind === 'person' && noted(facts, scope));
  const all = new Set([...facts.scopes, ...String(more).split(' ').filter(Boolean), ...telling]);
  if (!noted(facts, 'offline_access')) all.delete('offline_access');
  return [...all].join(' ');
}

const usernameOf = ({ account, client }: Facts): unknown =>
  account?.kind === 'person' ? (account.claims.preferred_username ?? account.email ?? account.id) : `service-account-${client?.id}`;

/** What the scopes `profile` and `email`, and the realm's own, say about a person in every kind of token. What is unknown is undefined, which JSON leaves out. */
function personOf(facts: Facts): Claims {
  const { account, scopes, tenant } = facts;
  const [profile, email] = [scopes.includes('profile'), scopes.includes('email') && account?.email !== undefined];
  if (account?.kind !== 'person') return {};
  return {
    ...(email && { email: account.email, email_verified: account.emailVerified }),
    ...(profile && { name: account.name, given_name: account.givenName, family_name: account.familyName }),
    ...(profile && { preferred_username: usernameOf(facts) }),
    ...(noted(facts, 'organization') && tenant && { organization: [tenant.id] }),
    ...(noted(facts, 'microprofile-jwt') && { upn: usernameOf(facts), groups: rolesIn(facts, tenant?.id) }),
  };
}

/** Roles in a project. A guest's are those that this realm gave. */
function rolesIn({ account, tenant }: Facts, project: string | undefined): readonly string[] {
  const guest = tenant !== undefined && account?.organization.id !== tenant.id;
  const roles = guest ? account?.guestOf[tenant.id] : account?.roles;
  return (project !== undefined && roles?.[project]) || [];
}

function rolesOf(facts: Facts): Claims {
  const { api, client, tenant } = facts;
  const realm = rolesIn(facts, tenant?.id);
  const owners = [client, api].filter((owner) => owner && owner.project !== tenant?.id && rolesIn(facts, owner.project).length > 0);
  const access = owners.map((owner) => [owner?.id, { roles: rolesIn(facts, owner?.project) }] as const);
  return {
    ...(realm.length > 0 && { realm_access: { roles: realm } }),
    ...(access.length > 0 && { resource_access: Object.fromEntries(access) }),
  };
}

/** What RFC 9068 tokens here say in words of ours, and Keycloak in others or not at all. */
const withoutOurs = ({ roles: _r, org_id: _o, gid: _g, amr: _m, asked: _a, issuer_scope: _i, ...claims }: Claims): Claims => claims;

function accessToken(ours: Claims, facts: Facts): Claims {
  const { client_id, scope, aud, ...claims } = withoutOurs(ours);
  const { api, client, account, signIn } = facts;
  const origins = new Set((client?.redirectUris ?? []).map((uri) => URL.parse(uri)?.origin).filter((one) => one && one !== 'null'));
  return {
    ...claims,
    ...(signIn && { auth_time: signIn.authTime, acr: signIn.acr ?? '1' }),
    aud: api === undefined ? aud : [...new Set([api.id, api.resource])],
    ...{ typ: 'Bearer', azp: client_id, ...sessionOf(facts) },
    ...(origins.size > 0 && { 'allowed-origins': [...origins] }),
    ...{ ...rolesOf(facts), scope: scopeText(facts, scope), ...personOf(facts) },
    ...(account?.kind !== 'person' && { client_id, preferred_username: usernameOf(facts) }),
  };
}

function idToken(claims: Claims, facts: Facts): Claims {
  const [azp, acr] = [facts.client?.id, facts.signIn?.acr ?? '1'];
  return { ...withoutOurs(claims), typ: 'ID', azp, ...sessionOf(facts), acr, ...personOf(facts) };
}

/** `client` of what it is given is who asks. */
function introspection(answer: Claims, asking: Facts, issuedTo: KnownApplication | undefined): Claims {
  const { aud, auth_time, client_id } = answer;
  const api = [aud].flat().includes(asking.api?.resource) ? asking.api : undefined;
  const facts = { ...asking, client: issuedTo, api };
  const [acr, typ] = [auth_time === undefined ? undefined : '1', answer.token_type ?? refreshType(facts)];
  return { ...accessToken({ acr, ...answer }, facts), typ, client_id, username: usernameOf(facts), token_type: typ, active: true };
}

const INVALID_GRANTS: Readonly<Record<string, string>> = { authorization_code: 'Code not valid', refresh_token: 'Invalid refresh token' };
/** What the engine says of a client that may not use a grant type, and of a request by nobody. */
const [NOT_ALLOWED, NOBODY] = ['requested grant type is not allowed for this client', 'no client authentication mechanism provided'];

function answer({ route, status, body, headers }: WireAnswer, facts: AnswerFacts): Pick<WireAnswer, 'status' | 'body' | 'headers'> {
  if (route === 'revocation' && status === 200 && facts.parameters.has('refresh_token')) return { status: 204, body, headers: {} };
  const origin = headers['access-control-allow-origin'];
  // keycloak-js asks with credentials, and a browser gives a page only answers that allow them. Who may ask was decided before.
  const shared = route === 'token' && origin !== undefined && origin !== '*';
  const more: WireAnswer['headers'] = shared ? { 'access-control-allow-credentials': 'true' } : {};
  if (typeof body.error === 'string') return { ...errorOf(status, body, facts), headers: more };
  return { status, body: route === 'token' && status === 200 ? tokenAnswer(body, facts) : body, headers: more };
}

function errorOf(status: number, body: Claims, { parameters, client }: AnswerFacts): Pick<WireAnswer, 'status' | 'body'> {
  const [grantType, said] = [parameters.get('grant_type') ?? '', body.error_description];
  const failure = (error: unknown, words: string, code = status) => ({ status: code, body: { error, error_description: words } });
  const [words, may] = [INVALID_GRANTS[grantType], client?.confidential ? 'Client not enabled' : 'Public client not allowed'];
  if (body.error === 'invalid_grant' && words !== undefined) return failure('invalid_grant', words);
  if (said === NOBODY || body.error === 'invalid_client')
    return failure('invalid_client', 'Invalid client or Invalid client credentials', 401);
  // The grant that gives a person's password to the application is off for everybody.
  if (grantType === 'password') return failure('unauthorized_client', 'Client not allowed for direct access grants');
  if (said !== NOT_ALLOWED || grantType !== 'client_credentials') return { status, body };
  return failure('unauthorized_client', `${may} to retrieve service account`, 401);
}

function tokenAnswer(body: Claims, facts: AnswerFacts): Claims {
  const { refresh_token: refresh, scope, issued_token_type: exchanged } = body;
  if (exchanged !== undefined) return body;
  const told = (one: string): boolean => SCOPES_OF_PEOPLE.includes(one) || noted(facts, one);
  return {
    ...body,
    // 0 says, as for tokens that do not end by themselves, that a refresh may always be tried.
    refresh_expires_in: 0,
    ...(typeof refresh === 'string' && { refresh_token: wrap(refresh, facts) }),
    ...{ 'not-before-policy': 0, ...sessionOf(facts, 'session_state') },
    // Clients compare this with what they asked for, which may have been nothing of an API that is given whole.
    scope: scopeText(facts, scope).split(' ').filter(told).join(' '),
  };
}

function discovery(document: Claims, endpoint: (path: string) => string, { routes, issuer }: Place): Claims {
  const methods = strings(document.token_endpoint_auth_methods_supported);
  return {
    ...document,
    ...{ introspection_endpoint: endpoint(`${routes.introspection}`), revocation_endpoint: endpoint(`${routes.revocation}`) },
    introspection_endpoint_auth_methods_supported: methods.filter((method) => method !== 'none'),
    revocation_endpoint_auth_methods_supported: methods,
    check_session_iframe: `${issuer}${PROTOCOL}${STATUS}`,
    // What the engine names after itself is an endpoint on the wire, no grant.
    grant_types_supported: strings(document.grant_types_supported).filter((name) => !/^urn:(safeconduct|auth0):/.test(name)),
    claims_supported: strings(document.claims_supported).filter((name) => name !== 'org_id'),
    scopes_supported: [...new Set([...strings(document.scopes_supported), ...OWN_SCOPES])],
  };
}

const strings = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(String) : []);

/** `client session` comes in, and whether that session is still the browser's goes out. Who knows of none is told to look. */
const STATUS_SCRIPT = `addEventListener('message', ({ data, origin, source }) => {
  if (source === parent && typeof data === 'string') source.postMessage(data.endsWith(' ') ? 'changed' : 'unchanged', origin);
});`;
/** Whether the browser gives this frame its cookies. */
const COOKIES_SCRIPT = `(async () => document.hasStorageAccess ? document.hasStorageAccess() : navigator.cookieEnabled)()
  .then((has) => parent.postMessage(has ? 'supported' : 'unsupported', '*'));`;

function frame(script: string): Awaited<ReturnType<typeof document>> {
  const policy = `default-src 'none'; script-src 'sha256-${hash('sha256', script, 'base64')}'; base-uri 'none'; form-action 'none'`;
  const headers = { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': policy, 'cache-control': 'public, max-age=300' };
  return { status: 200, headers, body: `<!doctype html><html lang="en"><title>For a frame</title><script>${script}</script></html>\n` };
}

const document: NonNullable<Dialect['document']> = async (path, { issuer }, _query, { keys }) => {
  const below = path.replace(REALM, '');
  if (below === `${PROTOCOL}${STATUS}`) return frame(STATUS_SCRIPT);
  if (below === `${PROTOCOL}/3p-cookies/step1.html`) return frame(COOKIES_SCRIPT);
  if (below !== '') return undefined;
  const [key] = await keys();
  const spki = key && createPublicKey({ key, format: 'jwk' }).export({ type: 'spki', format: 'der' });
  const realm = { realm: nameIn(path), public_key: spki?.toString('base64'), 'token-service': issuer + PROTOCOL, 'tokens-not-before': 0 };
  return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(realm) };
};

/** Realms, RS256, JWTs of `typ` Bearer with `realm_access` and `resource_access`, and refresh tokens that can be read. */
export const keycloak: Dialect = {
  name: 'keycloak',
  tenancy: { nameIn, withTenant: (path, tenant) => path.replace(REALM, () => realmPath(tenant)), shared: [] },
  place: (origin, tenant) => ({ issuer: `${origin}${realmPath(tenant)}`, routes: routesOf(realmPath(tenant)) }),
  local: {
    url: 'http://localhost:8080',
    settings: (_place, origin, tenant) => ({ url: origin, realm: tenant?.id ?? '' }),
    asking: ({ resource, scopes: [first] }) => (first === undefined ? `resource=${resource}` : `scope=${first}`),
  },
  shapes: {
    signingAlgorithm: 'RS256',
    headerType: 'JWT',
    ...{ accessToken, idToken, introspection },
    subject: ({ uuid }) => uuid,
    userinfo: ({ auth_time: _time, ...claims }, facts) => ({ ...withoutOurs(claims), ...personOf(facts) }),
    key: (jwk) => ({ ...jwk, x5t: jwk.kid }),
  },
  policy: {
    ...{ responseTypes: [], jsonBodies: false, wholeApi: true, connectedAccounts: false, framed: true },
    responseModes: ['query', 'fragment', 'form_post'],
    rotates: () => true,
    lenient: ['missing_pkce'],
    unknownScopes: 'refuse',
    assertionAudience: ({ issuer, routes }, origin) => [issuer, `${origin}${routes.token}`, `${origin}${routes.introspection}`],
    ownAudience: 'account',
  },
  ...{ request, discovery, answer, document },
  authorizationResponse: (facts) => sessionOf(facts, 'session_state'),
};
