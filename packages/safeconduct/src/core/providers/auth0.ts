import type { ClaimPath } from '../identity/claims.ts';
import { noIdToken } from './id-token-signs.ts';
import { freezePreset, type ProviderPreset } from './preset.ts';
import { type SharedSubject, sharing } from './shared-subject.ts';

/** Which tenant, and where its roles stand. */
export interface Auth0Options extends SharedSubject {
  /** The tenant's domain or its custom domain, as Auth0 shows it: `acme.eu.auth0.com`. No scheme, no path. */
  readonly domain: string;
  /** Where roles stand, such as the namespaced claim of an Action (`https://acme.example/roles`). Default: `permissions`. */
  readonly roles?: ClaimPath;
}

/** Auth0, with either token profile. Throws a `TypeError` for a domain that is none. */
export function auth0({ domain, roles = 'permissions', sharedSubject = false }: Auth0Options): ProviderPreset {
  if (!/^[a-z0-9-]+(\.[a-z0-9-]+)*(:\d{1,5})?$/.test(domain))
    throw new TypeError(`domain "${domain}" must be the bare domain in lower case, like acme.eu.auth0.com: no https://, no slash, no path`);
  const preset: ProviderPreset = {
    name: 'auth0',
    issuer: `https://${domain}/`,
    algorithms: ['RS256', 'PS256'],
    leewaySeconds: 60,
    accessTokenHash: 'if-present',
    accessTokens: 'jwt',
    opaqueAdvice: 'Auth0 gives a JWT only for an API that was asked for. Ask for it with audience (in createLogin: resource)',
    // The profile of Auth0 marks its tokens `JWT`, the profile of RFC 9068 `at+jwt`.
    accessTokenTypes: ['jwt', 'at+jwt'],
    accessTokenSigns: noIdToken,
    signInFacts: 'access-token',
    resourceParameter: 'audience',
    vault: {
      grantType: 'urn:auth0:params:oauth:grant-type:token-exchange:federated-connection-access-token',
      tokenType: 'http://auth0.com/oauth/token-type/federated-connection-access-token',
      scopesCheckedBy: 'library',
      accounts: { url: `https://${domain}/me/v1/connected-accounts`, audience: `https://${domain}/me/`, byRefresh: true },
    },
    spelling: {
      subject: ['sub'],
      roles: [roles],
      scopes: ['scope'],
      client: ['azp', 'client_id'],
      organization: ['org_id'],
      session: ['sid'],
      // People are `connection|id`, so none of them can end up here.
      service: [[{ claim: 'gty', matches: /^client-credentials$/ }], [{ claim: 'sub', matches: /^[^|]+@clients$/ }]],
    },
  };
  return freezePreset(sharing(preset, { sharedSubject }));
}
