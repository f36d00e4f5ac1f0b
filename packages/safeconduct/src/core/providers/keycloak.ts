import { freezePreset, type ProviderPreset } from './preset.ts';
import { type SharedSubject, sharing } from './shared-subject.ts';

/** Which realm, and whose roles count. */
export interface KeycloakOptions extends SharedSubject {
  /** The realm: `https://id.example/realms/acme`, without a slash at the end. Before version 17 with `/auth` before `/realms`. */
  readonly issuer: string;
  /** Client id of this API in the realm: its client roles count. Default: the roles of the realm. */
  readonly apiClientId?: string;
}

/** Keycloak. Throws a `TypeError` for an issuer that is no realm. */
export function keycloak({ issuer, apiClientId, sharedSubject = false }: KeycloakOptions): ProviderPreset {
  if (!/\/realms\/[^/?#]+$/.test(issuer))
    throw new TypeError(`issuer "${issuer}" must be a realm: https://HOST/realms/NAME, without a slash at the end`);
  if (apiClientId === '') throw new TypeError('apiClientId must not be empty: leave it out to count the roles of the realm');
  const preset: ProviderPreset = {
    name: 'keycloak',
    issuer,
    algorithms: ['RS256', 'PS256', 'ES256', 'EdDSA'],
    leewaySeconds: 30,
    accessTokenHash: 'if-present',
    accessTokens: 'jwt',
    opaqueAdvice: 'access tokens of Keycloak are JWTs',
    accessTokenTypes: ['jwt', 'at+jwt'],
    // Every token says in its payload what it is: ID, Refresh, Logout, or Bearer.
    accessTokenSigns: [{ claim: 'typ', matches: /^Bearer$/ }],
    signInFacts: 'access-token',
    resourceParameter: 'scopes',
    spelling: {
      subject: ['sub'],
      roles: [apiClientId === undefined ? ['realm_access', 'roles'] : ['resource_access', apiClientId, 'roles']],
      scopes: ['scope'],
      client: ['azp', 'client_id'],
      organization: ['organization'],
      session: ['sid'],
      // The name alone would not do: people choose theirs. The claim comes with the client's own sign-in only.
      service: ['client_id', 'clientId'].map((claim) => [
        { claim, matches: /./ },
        { claim: 'preferred_username', matches: /^service-account-/ },
      ]),
    },
  };
  return freezePreset(sharing(preset, { sharedSubject }));
}
