/** Zitadel: opaque tokens by default, roles as objects, and scopes that ask for claims. */
import type { Dialect } from './dialect.ts';
import type { Place, Routes } from './facts.ts';
import { translateAnswer } from './zitadel/answers.ts';
import { accessTokenClaims, idTokenClaims, introspectionClaims, userinfoClaims } from './zitadel/claims.ts';
import { discoveryDocument } from './zitadel/discovery.ts';
import { translateRequest } from './zitadel/request.ts';
import { audienceScope, readAsked } from './zitadel/scopes.ts';

const routes = Object.freeze({
  authorization: '/oauth/v2/authorize',
  token: '/oauth/v2/token',
  userinfo: '/oidc/v1/userinfo',
  introspection: '/oauth/v2/introspect',
  revocation: '/oauth/v2/revoke',
  jwks: '/oauth/v2/keys',
  deviceAuthorization: '/oauth/v2/device_authorization',
  deviceVerification: '/device',
  endSession: '/oidc/v1/end_session',
  discovery: ['/.well-known/openid-configuration'],
} satisfies Routes);

export const zitadel: Dialect = {
  name: 'zitadel',
  place: (origin): Place => ({ issuer: origin, routes }),
  local: {
    url: 'http://localhost:8080',
    settings: (_place, origin) => ({ domain: new URL(origin).host }),
    asking: ({ project }) => `scope=${audienceScope(project)}`,
  },
  shapes: {
    signingAlgorithm: 'RS256',
    headerType: 'JWT',
    accessToken: accessTokenClaims,
    idToken: idTokenClaims,
    userinfo: userinfoClaims,
    introspection: introspectionClaims,
    projects: (asked) => Object.keys(readAsked(asked).projects),
  },
  policy: {
    responseTypes: ['id_token', 'id_token token'],
    responseModes: ['query', 'fragment', 'form_post'],
    rotates: () => true,
    lenient: ['missing_pkce', 'localhost_redirect', 'unasked_logout', 'assertion_reuse', 'token_in_address'],
    jsonBodies: false,
    wholeApi: true,
    unknownScopes: 'drop',
    assertionAudience: ({ issuer }) => [issuer],
    assertion: { seconds: 3_600, reusable: true },
    audience: 'project',
    guests: false,
    ignoresHints: true,
    framed: false,
    connectedAccounts: false,
  },
  request: translateRequest,
  discovery: (document, endpoint) => discoveryDocument(document, endpoint, routes),
  answer: translateAnswer,
};
