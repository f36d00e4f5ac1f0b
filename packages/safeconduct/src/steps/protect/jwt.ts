import { readFacts } from '../../core/identity/claims.ts';
import { SafeconductError } from '../../core/identity/errors.ts';
import { type Identity, mintIdentity } from '../../core/identity/identity.ts';
import { expiryOf, verifyAccessToken } from '../../core/protocol/access-token.ts';
import type { ProviderLink } from '../../core/protocol/provider-link.ts';
import type { ProviderPreset } from '../../core/providers/preset.ts';

/** Turns a token into the identity that it proves, or throws why it proves none. One for each kind of token. */
export type TokenVerifier = (token: string) => Promise<Identity>;

/** What JWT access tokens are held against. */
export interface JwtOptions {
  readonly provider: ProviderPreset;
  readonly link: ProviderLink;
  readonly audiences: readonly string[];
}

/** Verifies JWT access tokens by the provider's published keys: RFC 9068 section 4. */
export function jwtVerifier({ provider, link, audiences }: JwtOptions): TokenVerifier {
  const expected = { audiences, types: provider.accessTokenTypes };
  return async (token) => {
    const verdict = await verifyAccessToken(token, link, expected);
    if (!verdict.valid) throw new SafeconductError(verdict.code, { message: `access token refused: ${verdict.reason}` });
    const { claims } = verdict;
    const { client, ...facts } = readFacts(claims, provider.spelling);
    if (client === undefined) throw new SafeconductError('token_invalid', { message: 'access token refused: it names no client' });
    return mintIdentity({
      ...facts,
      client,
      issuer: link.issuer,
      subject: String(claims.sub),
      expiresAt: new Date(expiryOf(claims)),
      claims,
    });
  };
}
