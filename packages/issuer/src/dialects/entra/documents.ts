/** Metadata documents: those of both versions, and the one by which a client learns which hosts are one cloud. */
import type { StaticDocument } from '../dialect.ts';
import type { Place } from '../facts.ts';
import { refusal } from './errors.ts';
import { baseOf, documentAt, isShared, olderIssuer, originOf } from './paths.ts';

type Claims = Readonly<Record<string, unknown>>;

/** The engine's members that a client of this dialect may use too. Where all tenants sign in, `iss` is known afterwards only. */
const KEPT = ['code_challenge_methods_supported', 'authorization_response_iss_parameter_supported'] as const;
const KEPT_SHARED = KEPT.slice(0, 1);

const SIGNED_CLAIMS = [
  ...['sub', 'iss', 'aud', 'exp', 'iat', 'nbf', 'auth_time', 'acr', 'amr', 'nonce', 'preferred_username', 'name'],
  ...['tid', 'oid', 'ver', 'at_hash', 'c_hash', 'email', 'roles', 'sid', 'uti', 'idp', 'acct'],
];

/** Of version 2: `/{tenant}/v2.0/.well-known/openid-configuration`. */
export function discovery(document: Claims, endpoint: (path: string) => string, place: Place): Claims {
  const { routes } = place;
  const kept = (isShared(place) ? KEPT_SHARED : KEPT).filter((name) => name in document);
  return {
    token_endpoint: endpoint(routes.token),
    jwks_uri: endpoint(routes.jwks),
    issuer: place.issuer,
    userinfo_endpoint: endpoint(routes.userinfo),
    authorization_endpoint: endpoint(routes.authorization),
    device_authorization_endpoint: endpoint(routes.deviceAuthorization),
    end_session_endpoint: endpoint(routes.endSession),
    ...common(place),
    ...Object.fromEntries(kept.map((name) => [name, document[name]])),
  };
}

/** Of version 1: `/{tenant}/.well-known/openid-configuration`. */
function olderConfiguration(place: Place): Claims {
  const base = `${originOf(place)}${baseOf(place)}`;
  return {
    token_endpoint: `${base}/oauth2/token`,
    jwks_uri: `${base}/discovery/keys`,
    issuer: olderIssuer(place),
    microsoft_multi_refresh_token: true,
    authorization_endpoint: `${base}/oauth2/authorize`,
    device_authorization_endpoint: `${base}/oauth2/devicecode`,
    end_session_endpoint: `${base}/oauth2/logout`,
    userinfo_endpoint: `${base}/openid/userinfo`,
    ...common(place),
  };
}

function common(place: Place): Claims {
  const { host, origin } = new URL(originOf(place));
  return {
    token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt', 'client_secret_basic'],
    response_modes_supported: ['query', 'fragment', 'form_post'],
    subject_types_supported: ['pairwise'],
    id_token_signing_alg_values_supported: ['RS256'],
    response_types_supported: isShared(place) ? ['code'] : ['code', 'id_token', 'code id_token', 'id_token token'],
    scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
    request_uri_parameter_supported: false,
    http_logout_supported: true,
    frontchannel_logout_supported: true,
    claims_supported: SIGNED_CLAIMS,
    kerberos_endpoint: `${origin}${baseOf(place)}/kerberos`,
    tenant_region_scope: null,
    cloud_instance_name: host,
    cloud_graph_host_name: host,
    msgraph_host: host,
    rbac_url: origin,
  };
}

const OPEN = { 'access-control-allow-origin': '*', 'x-content-type-options': 'nosniff' };

/** What a configuration may be kept for. */
export const KEPT_FOR_A_DAY = { 'cache-control': 'max-age=86400, private', 'access-control-allow-origin': '*' };

const json = (status: number, body: Claims): StaticDocument => ({
  status,
  headers: { ...OPEN, ...(status === 200 && KEPT_FOR_A_DAY), 'content-type': 'application/json; charset=utf-8' },
  body: JSON.stringify(body),
});

/** No organization has this name. Most often the tenant is written wrong in a client's settings. */
export function nobody(name: string): StaticDocument {
  const text = `Tenant '${name.slice(0, 100)}' not found: name an organization by its id, its UUID or its domain.`;
  return json(400, refusal({ error: 'invalid_tenant', code: 90002, text }));
}

const preflight: StaticDocument = {
  status: 204,
  headers: { ...OPEN, 'access-control-allow-methods': 'GET, HEAD', 'access-control-allow-headers': '*', 'access-control-max-age': '3600' },
  body: '',
};

/** A page asks first whether it may send headers of its own with its question. */
export function byMethod(method: string, document: StaticDocument | undefined): StaticDocument | undefined {
  if (method === 'OPTIONS') return document && preflight;
  return method === 'GET' || method === 'HEAD' ? document : undefined;
}

/** Fixed documents by path: the older configuration, instance discovery, and the page where embedded browsers end. */
export function documentOf(path: string, place: Place, query: URLSearchParams): StaticDocument | undefined {
  const name = documentAt(path, place);
  if (name === 'configuration') return json(200, olderConfiguration(place));
  if (name === 'instance') return instance(place, query.get('authorization_endpoint') ?? '');
  return name === 'native-client' ? nativeClient : undefined;
}

/** Every host that is asked about must be this origin: no other one is vouched for. */
function instance(place: Place, authorizationEndpoint: string): StaticDocument {
  const { host, origin } = new URL(originOf(place));
  const asked = URL.parse(authorizationEndpoint);
  if (asked?.origin !== origin)
    return json(400, refusal({ error: 'invalid_instance', code: 50049, text: 'Unknown or invalid instance: ask about this origin' }));
  const [, tenant] = asked.pathname.split('/');
  return json(200, {
    tenant_discovery_endpoint: `${origin}/${tenant || 'common'}/v2.0/.well-known/openid-configuration`,
    'api-version': '1.1',
    metadata: [{ preferred_network: host, preferred_cache: host, aliases: [host] }],
  });
}

const nativeClient: StaticDocument = {
  status: 200,
  headers: {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
  },
  body: `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>You are signed in</title>
<main><h1>You are signed in</h1><p>Go back to the application: you can close this page.</p></main>
</html>
`,
};
