/** The default dialect: the RFCs' own paths, names and token shapes. */
import type { Dialect } from './dialect.ts';
import type { Place, Routes } from './facts.ts';

const routes = Object.freeze({
  authorization: '/oauth2/authorize',
  token: '/oauth2/token',
  userinfo: '/oauth2/userinfo',
  introspection: '/oauth2/introspect',
  revocation: '/oauth2/revoke',
  jwks: '/oauth2/jwks',
  deviceAuthorization: '/oauth2/device_authorization',
  deviceVerification: '/device',
  endSession: '/oauth2/logout',
  discovery: ['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server'],
} satisfies Routes);

/** RFC 6749, RFC 8414, RFC 9068 and OpenID Connect Core, nothing added but `roles`, `org_id`, `sid` and `gid`. */
export const standard: Dialect = {
  name: 'standard',
  place: (origin): Place => ({ issuer: origin, routes }),
  shapes: { signingAlgorithm: 'ES256', headerType: 'at+jwt', accessToken: (claims) => claims },
  policy: {
    responseTypes: [],
    responseModes: ['query', 'form_post'],
    rotates: () => true,
    lenient: [],
    jsonBodies: false,
    wholeApi: false,
    unknownScopes: 'refuse',
    assertionAudience: ({ issuer }) => [issuer],
    connectedAccounts: false,
    framed: false,
  },
  discovery: (document, endpoint) => ({
    ...document,
    introspection_endpoint: endpoint(routes.introspection),
    revocation_endpoint: endpoint(routes.revocation),
    introspection_endpoint_auth_signing_alg_values_supported: document.token_endpoint_auth_signing_alg_values_supported,
    revocation_endpoint_auth_signing_alg_values_supported: document.token_endpoint_auth_signing_alg_values_supported,
    introspection_endpoint_auth_methods_supported: withoutNone(document.token_endpoint_auth_methods_supported),
    revocation_endpoint_auth_methods_supported: document.token_endpoint_auth_methods_supported,
    response_modes_supported: ['query', 'form_post'],
    grant_types_supported: ownless(document.grant_types_supported),
  }),
};

// Whoever asks about tokens must prove who it is.
const withoutNone = (methods: unknown): unknown => (Array.isArray(methods) ? methods.filter((method) => method !== 'none') : methods);

// The engine lists introspection and revocation among its grant types; on the wire they are endpoints.
const ownless = (grantTypes: unknown): unknown =>
  Array.isArray(grantTypes) ? grantTypes.filter((name) => !String(name).startsWith('urn:safeconduct:')) : grantTypes;
