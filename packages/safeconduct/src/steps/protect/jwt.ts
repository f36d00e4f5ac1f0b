import { SafeconductError } from '../../core/identity/errors.ts';
import { type Identity, mintIdentity } from '../../core/identity/identity.ts';
import { type AccessTokenVerdict, actingIdentity, verifyAccessToken } from '../../core/protocol/access-token.ts';
import type { ProviderLink } from '../../core/protocol/provider-link.ts';
import { verifiedTokens } from './cache.ts';
import type { RecallingVerifier } from './verifier.ts';

/** What JWT access tokens are held against. */
export interface JwtOptions {
  readonly link: ProviderLink;
  readonly audiences: readonly string[];
}

/** Verifies JWT access tokens by the provider's published keys (RFC 9068 section 4), and knows them again. */
export function jwtVerifier({ link, audiences }: JwtOptions): RecallingVerifier {
  const tokens = verifiedTokens();
  const expected = { audiences };
  const identityFrom = (verdict: AccessTokenVerdict, token: string): Identity => {
    if (!verdict.valid)
      throw new SafeconductError(verdict.code, { message: `access token refused: ${verdict.reason}`, fault: verdict.fault });
    return mintIdentity(actingIdentity(verdict.claims, link.provider), { accessToken: token });
  };
  return {
    recall: (credentials, nowMs) => tokens.get(credentials, nowMs, link.keys.generation()),
    verify: (token, _nowMs, credentials) => {
      const verdict = verifyAccessToken(token, link, expected);
      // Keys had to be fetched, and may have changed again since this token was held against them: the next time it is remembered.
      if (verdict instanceof Promise) return verdict.then((given) => identityFrom(given, token));
      const identity = identityFrom(verdict, token);
      tokens.put(credentials, identity, link.keys.generation());
      return identity;
    },
  };
}
