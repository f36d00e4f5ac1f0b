/** Auth0: one issuer with a slash at its end, JSON at the token endpoint, `audience`, `permissions`, `connection|id`. */
import { answer } from './auth0/answer.ts';
import { document } from './auth0/documents.ts';
import { request } from './auth0/request.ts';
import { accessTokenClaims, idTokenClaims, subject, userinfoClaims } from './auth0/shapes.ts';
import type { Dialect } from './dialect.ts';
import type { Place, Routes } from './facts.ts';

const routes = Object.freeze({
  authorization: '/authorize',
  token: '/oauth/token',
  userinfo: '/userinfo',
  revocation: '/oauth/revoke',
  jwks: '/.well-known/jwks.json',
  deviceAuthorization: '/oauth/device/code',
  deviceVerification: '/activate',
  endSession: '/oidc/logout',
  pushedAuthorization: '/oauth/par',
  discovery: ['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server'],
} satisfies Routes);

const place = (origin: string): Place => ({ issuer: `${origin}/`, routes, aliases: { '/v2/logout': 'endSession' } });

/** As https://auth0.com/docs/api/authentication describes it, and as the SDKs of Auth0 depend on it. */
export const auth0: Dialect = {
  name: 'auth0',
  place,
  local: {
    url: 'https://localhost:8443',
    settings: (_place, origin) => ({ domain: new URL(origin).host }),
    asking: ({ resource }) => `audience=${resource}`,
  },
  shapes: {
    signingAlgorithm: 'RS256',
    headerType: 'JWT',
    subject,
    accessToken: accessTokenClaims,
    idToken: idTokenClaims,
    userinfo: userinfoClaims,
    key: (jwk) => ({ ...jwk, x5t: jwk.kid }),
  },
  policy: {
    responseTypes: ['id_token', 'code id_token'],
    responseModes: ['query', 'fragment', 'form_post', 'web_message'],
    // The vault takes a refresh token as proof of the person: one that is replaced all the time cannot be kept for it.
    rotates: ({ confidential }) => !confidential,
    lenient: ['secret_in_address', 'missing_pkce', 'refresh_token_reuse', 'unasked_logout'],
    jsonBodies: true,
    wholeApi: false,
    unknownScopes: 'drop',
    assertionAudience: ({ issuer }, origin) => [issuer, `${origin}${routes.token}`],
    idTokenLifetime: 36_000,
    manyResources: true,
    // Without an audience, and without a default one, a token is for userinfo alone.
    soleApi: false,
    onBehalfOf: true,
    connectedAccounts: true,
    framed: true,
  },
  request,
  discovery: (found, endpoint) => ({
    ...found,
    revocation_endpoint: endpoint(routes.revocation),
    revocation_endpoint_auth_methods_supported: found.token_endpoint_auth_methods_supported,
    pushed_authorization_request_endpoint: endpoint(routes.pushedAuthorization),
    scopes_supported,
    claims_supported,
    response_types_supported: ['code', 'id_token', 'code id_token'],
    response_modes_supported: ['query', 'fragment', 'form_post'],
    code_challenge_methods_supported: ['S256'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
    request_uri_parameter_supported: false,
    request_parameter_supported: false,
    grant_types_supported: ownless(found.grant_types_supported),
  }),
  answer,
  document,
};

const scopes_supported = [
  'openid',
  'profile',
  'offline_access',
  'name',
  'given_name',
  'family_name',
  'nickname',
  'email',
  'email_verified',
  'picture',
  'created_at',
  'identities',
  'phone',
  'address',
];

const claims_supported = [
  'aud',
  'auth_time',
  'created_at',
  'email',
  'email_verified',
  'exp',
  'family_name',
  'given_name',
  'iat',
  'identities',
  'iss',
  'name',
  'nickname',
  'phone_number',
  'picture',
  'sub',
];

// The engine lists endpoints of ours among its grant types.
const ownless = (grantTypes: unknown): unknown =>
  Array.isArray(grantTypes) ? grantTypes.filter((name) => !String(name).startsWith('urn:safeconduct:')) : grantTypes;
