/** Microsoft Entra ID: one tenant, or people of all of them; tokens of version 1 and 2, as the API wants them. */
import type { Dialect } from './dialect.ts';
import { answer, authorizationResponse } from './entra/answers.ts';
import { byMethod, discovery, documentOf, nobody } from './entra/documents.ts';
import { place, tenancy } from './entra/paths.ts';
import { subject } from './entra/people.ts';
import { request } from './entra/requests.ts';
import { accessToken, header, idToken, publishedKey } from './entra/tokens.ts';
import type { Place } from './facts.ts';

export const entra: Dialect = {
  name: 'entra',
  tenancy: { ...tenancy, nobody },
  place,
  local: {
    url: 'https://localhost:8443',
    settings: ({ routes }, origin) => ({
      authority: `${origin}/${routes.authorization.split('/')[1]}`,
      knownAuthorities: `["${new URL(origin).host}"]`,
    }),
    // The second is what programs take that act for themselves.
    asking: ({ id, scopes }) => [...scopes.slice(0, 1), '.default'].map((scope) => `scope=api://${id}/${scope}`).join(', or '),
  },
  shapes: {
    signingAlgorithm: 'RS256',
    headerType: 'JWT',
    header,
    subject,
    accessToken,
    idToken,
    key: publishedKey,
  },
  policy: {
    responseTypes: ['id_token', 'code id_token', 'id_token token'],
    responseModes: ['query', 'form_post', 'fragment'],
    rotates: () => false,
    lenient: ['missing_pkce', 'refresh_token_reuse', 'localhost_redirect', 'unasked_logout', 'assertion_reuse', 'token_in_address'],
    jsonBodies: false,
    wholeApi: true,
    soleApi: false,
    unknownScopes: 'drop',
    assertionAudience,
    // MSAL keeps one for as long as it lives.
    assertion: { seconds: 600, reusable: true },
    manyResources: true,
    onBehalfOf: true,
    framed: true,
    connectedAccounts: false,
  },
  request,
  discovery,
  authorizationResponse,
  answer,
  document: (path, at, query, { method }) => byMethod(method, documentOf(path, at, query)),
};

/** The issuer, or the token endpoint that the application was told of: its tenant's, or that for all. */
function assertionAudience(at: Place, origin: string): readonly string[] {
  const places = [at, place(origin, undefined, 'common'), place(origin, undefined, 'organizations')];
  const endpoints = places.flatMap(({ routes: { token } }) => [token, token.replace('/v2.0', '')]);
  return [at.issuer, ...endpoints.map((path) => `${origin}${path}`)];
}
