/** What each vendor really publishes and signs: every member of its documents and tokens, with values of tests. */
import { type Json, newSigningKey, type SigningKey, startVendor, type Vendor } from './vendor.fixtures.test.ts';

/** Seconds since 1970. */
export const now = (): number => Math.floor(Date.now() / 1000);

export interface Stage extends Vendor {
  readonly key: SigningKey;
}

/** Merges changes into claims; undefined takes a claim away. */
const withChanges = (claims: Json, changes: Json): Json => ({ ...claims, ...changes });

// Entra ID

export const entraTenant = '72f988bf-0000-4000-8000-2d7cd011db47';
export const otherTenant = 'aaaabbbb-0000-4000-8000-ccccdddd1111';
export const apiId = '6e74172b-0000-4000-8000-a39bb12e3000';
export const spaId = '11112222-0000-4000-8000-333344445555';
export const person = '6902a1b1-0000-4000-8000-0123456789ab';
const microsoft = 'login.microsoftonline.com';

export const entraDiscovery = (place: string, tenant: string): Json => ({
  token_endpoint: `https://${microsoft}/${place}/oauth2/v2.0/token`,
  token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt', 'client_secret_basic'],
  jwks_uri: `https://${microsoft}/${place}/discovery/v2.0/keys`,
  response_modes_supported: ['query', 'fragment', 'form_post'],
  subject_types_supported: ['pairwise'],
  id_token_signing_alg_values_supported: ['RS256'],
  response_types_supported: ['code', 'id_token', 'code id_token', 'id_token token'],
  scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
  issuer: `https://${microsoft}/${tenant}/v2.0`,
  request_uri_parameter_supported: false,
  userinfo_endpoint: 'https://graph.microsoft.com/oidc/userinfo',
  authorization_endpoint: `https://${microsoft}/${place}/oauth2/v2.0/authorize`,
  device_authorization_endpoint: `https://${microsoft}/${place}/oauth2/v2.0/devicecode`,
  http_logout_supported: true,
  frontchannel_logout_supported: true,
  end_session_endpoint: `https://${microsoft}/${place}/oauth2/v2.0/logout`,
  claims_supported: ['sub', 'iss', 'aud', 'exp', 'iat', 'nonce', 'preferred_username', 'name', 'tid', 'ver', 'at_hash', 'email'],
  kerberos_endpoint: `https://${microsoft}/${place}/kerberos`,
  tenant_region_scope: 'EU',
  cloud_instance_name: 'microsoftonline.com',
  cloud_graph_host_name: 'graph.windows.net',
  msgraph_host: 'graph.microsoft.com',
  rbac_url: 'https://pas.windows.net',
});

/** No `alg`; `kid` is `x5t`; the issuer is a template. */
export function entraKey(key: SigningKey, issuer = `https://${microsoft}/{tenantid}/v2.0`): Json {
  const { jwk, kid, x5t, certificate } = key;
  return { kty: 'RSA', use: 'sig', kid, x5t, n: jwk.n, e: jwk.e, x5c: [certificate], issuer };
}

/** Publishes one tenant, and the tenant-independent documents. */
export async function startEntra(): Promise<Stage> {
  const vendor = await startVendor();
  const key = newSigningKey('accounts.accesscontrol.windows.net');
  for (const [place, tenant] of [
    [entraTenant, entraTenant],
    ['organizations', '{tenantid}'],
    ['common', '{tenantid}'],
  ] as const) {
    vendor.documents.set(`${microsoft}/${place}/v2.0/.well-known/openid-configuration`, entraDiscovery(place, tenant));
    vendor.documents.set(`${microsoft}/${place}/discovery/v2.0/keys`, { keys: [entraKey(key)] });
  }
  return { ...vendor, key };
}

/** A user's access token of version 2. */
export const entraV2 = (changes: Json = {}): Json =>
  withChanges(
    {
      aud: apiId,
      iss: `https://${microsoft}/${entraTenant}/v2.0`,
      iat: now() - 60,
      nbf: now() - 60,
      exp: now() + 4_151,
      aio: 'AVQAq/8TAAAA',
      azp: spaId,
      azpacr: '0',
      name: 'Ada Example',
      oid: person,
      preferred_username: 'ada@acme.example',
      rh: '0.ASoAv4j5c',
      roles: ['AdminUser'],
      scp: 'user_impersonation orders.read',
      sub: 'GEo6uLTMzT7hvL0C8qWkmmDlUNmAXYbAVOWRXsFyYoE',
      tid: entraTenant,
      uti: 'fqiBqXLPj0eQa82S-IYFAA',
      ver: '2.0',
    },
    changes,
  );

/** The same person in a token of version 1. */
export const entraV1 = (changes: Json = {}): Json =>
  withChanges(
    {
      aud: `api://${apiId}`,
      iss: `https://sts.windows.net/${entraTenant}/`,
      iat: now() - 60,
      nbf: now() - 60,
      exp: now() + 4_151,
      acr: '1',
      aio: 'AXQAi/8IAAAA',
      amr: ['pwd', 'mfa'],
      appid: spaId,
      appidacr: '0',
      family_name: 'Example',
      given_name: 'Ada',
      ipaddr: '192.0.2.7',
      name: 'Ada Example',
      oid: person,
      rh: 'I',
      roles: ['AdminUser'],
      scp: 'user_impersonation',
      sub: 'l3_roISQU222bULS9yi2k0XpqpOiMz5H3ZACo1GeXA',
      tid: entraTenant,
      unique_name: 'ada@acme.example',
      upn: 'ada@acme.example',
      uti: 'fqiBqXLPj0eQa82S-IYFAA',
      ver: '1.0',
    },
    changes,
  );

/** A daemon's own token: no `scp`, `sub` is `oid`, and `idp` names the tenant itself in the form of version 1. */
export const entraAppOnly = (changes: Json = {}): Json => {
  const { name: _, preferred_username: __, scp: ___, ...rest } = entraV2();
  const own = { azpacr: '1', sub: person, idp: `https://sts.windows.net/${entraTenant}/`, roles: ['Orders.Read.All'] };
  return withChanges({ ...rest, ...own }, changes);
};

// Auth0

export const auth0Domain = 'acme.eu.auth0.com';

/** Publishes a tenant with its current and its next key. The older of them spells its thumbprint as hexadecimal text. */
export async function startAuth0(): Promise<Stage> {
  const vendor = await startVendor();
  const key = newSigningKey(auth0Domain);
  const next = newSigningKey(auth0Domain);
  const base = `https://${auth0Domain}`;
  vendor.documents.set(`${auth0Domain}/.well-known/openid-configuration`, {
    issuer: `${base}/`,
    authorization_endpoint: `${base}/authorize`,
    token_endpoint: `${base}/oauth/token`,
    device_authorization_endpoint: `${base}/oauth/device/code`,
    userinfo_endpoint: `${base}/userinfo`,
    mfa_challenge_endpoint: `${base}/mfa/challenge`,
    jwks_uri: `${base}/.well-known/jwks.json`,
    registration_endpoint: `${base}/oidc/register`,
    revocation_endpoint: `${base}/oauth/revoke`,
    end_session_endpoint: `${base}/oidc/logout`,
    scopes_supported: ['openid', 'profile', 'offline_access', 'name', 'email'],
    response_types_supported: ['code', 'token', 'id_token', 'code token', 'code id_token', 'token id_token', 'code token id_token'],
    code_challenge_methods_supported: ['S256', 'plain'],
    response_modes_supported: ['query', 'fragment', 'form_post'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['HS256', 'RS256', 'PS256'],
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'private_key_jwt'],
    claims_supported: ['aud', 'auth_time', 'email', 'exp', 'iat', 'iss', 'name', 'sub'],
    request_uri_parameter_supported: false,
    request_parameter_supported: false,
    backchannel_logout_supported: true,
  });
  const hexadecimal = Buffer.from(Buffer.from(key.x5t, 'base64url').toString('hex').toUpperCase()).toString('base64url');
  const publish = ({ jwk, kid, certificate }: SigningKey, x5t: string): Json => ({
    ...jwk,
    alg: 'RS256',
    use: 'sig',
    kid,
    x5t,
    x5c: [certificate],
  });
  vendor.documents.set(`${auth0Domain}/.well-known/jwks.json`, { keys: [publish(key, hexadecimal), publish(next, next.x5t)] });
  return { ...vendor, key };
}

/** A person's access token in Auth0's own profile. */
export const auth0Token = (changes: Json = {}): Json =>
  withChanges(
    {
      iss: `https://${auth0Domain}/`,
      sub: 'auth0|65f1c0ffee',
      aud: ['https://orders.example', `https://${auth0Domain}/userinfo`],
      iat: now() - 60,
      exp: now() + 86_340,
      azp: 'my_client_id',
      scope: 'openid profile email read:orders',
      org_id: 'org_acme',
      org_name: 'acme',
      permissions: ['read:orders', 'refund:orders'],
    },
    changes,
  );

// Zitadel

export const zitadelIssuer = 'https://acme.zitadel.example';
export const projectId = '305211467129990000';
export const otherProjectId = '305211467129990777';
export const organizationId = '305211467129880000';
const urn = 'urn:zitadel:iam';

/** Publishes an instance, and answers questions about the tokens of `answers`. */
export async function startZitadel(): Promise<Stage & { readonly answers: Map<string, Json> }> {
  const vendor = await startVendor();
  const key = { ...newSigningKey('zitadel'), kid: '305211467129999999' };
  const host = new URL(zitadelIssuer).host;
  const answers = new Map<string, Json>();
  vendor.documents.set(`${host}/.well-known/openid-configuration`, {
    issuer: zitadelIssuer,
    authorization_endpoint: `${zitadelIssuer}/oauth/v2/authorize`,
    token_endpoint: `${zitadelIssuer}/oauth/v2/token`,
    introspection_endpoint: `${zitadelIssuer}/oauth/v2/introspect`,
    userinfo_endpoint: `${zitadelIssuer}/oidc/v1/userinfo`,
    revocation_endpoint: `${zitadelIssuer}/oauth/v2/revoke`,
    end_session_endpoint: `${zitadelIssuer}/oidc/v1/end_session`,
    device_authorization_endpoint: `${zitadelIssuer}/oauth/v2/device_authorization`,
    jwks_uri: `${zitadelIssuer}/oauth/v2/keys`,
    scopes_supported: ['openid', 'profile', 'email', 'phone', 'address', 'offline_access'],
    response_types_supported: ['code', 'id_token', 'id_token token'],
    response_modes_supported: ['query', 'fragment', 'form_post'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['EdDSA', 'RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512'],
    token_endpoint_auth_methods_supported: ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'],
    introspection_endpoint_auth_methods_supported: ['client_secret_basic', 'private_key_jwt'],
    code_challenge_methods_supported: ['S256'],
    request_parameter_supported: true,
    request_uri_parameter_supported: false,
  });
  vendor.documents.set(`${host}/oauth/v2/keys`, {
    keys: [{ use: 'sig', kty: 'RSA', kid: key.kid, alg: 'RS256', n: key.jwk.n, e: key.jwk.e }],
  });
  vendor.documents.set(`${host}/oauth/v2/introspect`, (form) => answers.get(form.get('token') ?? '') ?? { active: false });
  return { ...vendor, key, answers };
}

const roles = { 'read:messages': { [organizationId]: 'acme.example' }, support: { '305211467129889999': 'beta.example' } };

/** A person's access token where the application is set to JWT. No `scope`. */
export const zitadelToken = (changes: Json = {}): Json =>
  withChanges(
    {
      iss: zitadelIssuer,
      sub: '77776025198584418',
      aud: ['305211467129991169@shop', projectId],
      exp: now() + 43_100,
      iat: now() - 60,
      nbf: now() - 60,
      client_id: '305211467129991169@shop',
      jti: 'V2_305211467130000001-at_305211467130000002',
      [`${urn}:org:project:roles`]: { admin: { [organizationId]: 'acme.example' } },
      [`${urn}:org:project:${projectId}:roles`]: roles,
      [`${urn}:org:project:${otherProjectId}:roles`]: { admin: { [organizationId]: 'acme.example' } },
      [`${urn}:org:id`]: '305211467129889999',
      [`${urn}:user:resourceowner:id`]: organizationId,
      [`${urn}:user:resourceowner:name`]: 'ACME',
      [`${urn}:user:resourceowner:primary_domain`]: 'acme.example',
    },
    changes,
  );

/** What Zitadel answers about a personal access token that never expires. */
export const zitadelAnswer = (changes: Json = {}): Json =>
  withChanges(
    {
      active: true,
      scope: `openid profile ${urn}:user:metadata ${urn}:user:resourceowner ${urn}:org:project:role:read:messages`,
      token_type: 'Bearer',
      exp: 253_402_300_800,
      iat: 1_767_225_600,
      nbf: 1_767_225_600,
      sub: '305211467129880577',
      aud: ['305211467129991169@shop', projectId],
      iss: zitadelIssuer,
      jti: '305211467130000001',
      username: 'ci-bot',
      preferred_username: 'ci-bot',
      name: 'CI bot',
      updated_at: 1_767_225_600,
      [`${urn}:user:resourceowner:id`]: organizationId,
      [`${urn}:user:resourceowner:name`]: 'ACME',
      [`${urn}:user:resourceowner:primary_domain`]: 'acme.example',
      [`${urn}:org:project:roles`]: roles,
      [`${urn}:org:project:${projectId}:roles`]: roles,
    },
    changes,
  );
