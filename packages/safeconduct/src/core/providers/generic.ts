import type { ClaimPath } from '../identity/claims.ts';
import { noIdToken } from './id-token-signs.ts';
import { freezePreset, type ProviderPreset } from './preset.ts';

/** What may differ from the standards' defaults. */
export interface GenericOptions {
  /** Exactly as the provider writes it, to the slash. https, or http on loopback. */
  readonly issuer: string;
  /** Default: RS256, PS256, ES256, EdDSA. */
  readonly algorithms?: readonly string[];
  /** Where roles stand. Default: the claim `roles` (RFC 9068 section 2.2.3.1). */
  readonly roles?: ClaimPath;
  /** Where the organization stands. Default: the claim `org_id`. */
  readonly organization?: ClaimPath;
  /** Where a sign-in finds roles and organization. Default: the ID token. */
  readonly signInFacts?: ProviderPreset['signInFacts'];
  /** How an API checks access tokens. Default: `jwt`, by the provider's keys. */
  readonly accessTokens?: ProviderPreset['accessTokens'];
  /**
   * Values of `typ` that mark an access token. Default: `at+jwt` alone (RFC 9068).
   * `['at+jwt', 'jwt']` also takes unmarked tokens, for providers that mark none: then only the audience
   * tells an access token from an ID token that has neither `nonce` nor `at_hash`.
   */
  readonly accessTokenTypes?: readonly string[];
  /** 0 to 60. Default 30. */
  readonly leewaySeconds?: number;
}

/** Any provider that keeps to OpenID Connect Core and, for its access tokens, to RFC 9068. */
export function generic(options: GenericOptions): ProviderPreset {
  const accessTokenTypes = options.accessTokenTypes ?? ['at+jwt'];
  return freezePreset({
    name: 'generic',
    issuer: options.issuer,
    algorithms: options.algorithms ?? ['RS256', 'PS256', 'ES256', 'EdDSA'],
    leewaySeconds: options.leewaySeconds ?? 30,
    accessTokenHash: 'if-present',
    accessTokens: options.accessTokens ?? 'jwt',
    accessTokenTypes,
    accessTokenSigns: accessTokenTypes.includes('jwt') ? noIdToken : [],
    signInFacts: options.signInFacts ?? 'id-token',
    spelling: {
      subject: ['sub'],
      roles: [options.roles ?? 'roles'],
      scopes: ['scope'],
      client: ['client_id', 'azp'],
      organization: [options.organization ?? 'org_id'],
      session: ['sid'],
      service: [
        [{ claim: 'sub', sameAs: 'client_id' }],
        [
          { claim: 'client_id', absent: true },
          { claim: 'sub', sameAs: 'azp' },
        ],
      ],
    },
  });
}
