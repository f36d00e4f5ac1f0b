/** Our own JWTs that were verified before: checking a signature again costs more than the rest of an exchange. */
import { hashOf } from '../secrets/token-format.ts';
import { artifactId } from './artifact.ts';
import { type AccessTokenClaims, type VerificationKeys, verifiedClaims } from './verified-claims.ts';

const CAPACITY = 10_000;

/** A token that was verified, with the keys of what ends it. */
export interface VerifiedToken {
  readonly claims: AccessTokenClaims;
  /** Undefined for a token that no sign-in is behind. */
  readonly grant: string | undefined;
  readonly revocation: string;
}

/** Gives a reader that verifies each token once. It keeps hashes, so that no token can be read out of this process's memory. */
export function createVerifiedTokens(keys: VerificationKeys, capacity = CAPACITY): (token: string) => VerifiedToken | undefined {
  const known = new Map<string, VerifiedToken>();
  return (token) => {
    const key = hashOf(token);
    const hit = known.get(key);
    if (hit) return hit.claims.exp > Date.now() / 1000 ? hit : undefined;
    const claims = verifiedClaims(keys, token);
    if (!claims) return undefined;
    const { gid, jti } = claims;
    const verified = { claims, grant: gid === undefined ? undefined : artifactId('Grant', gid), revocation: artifactId('Revocation', jti) };
    if (known.size >= capacity) known.clear();
    known.set(key, verified);
    return verified;
  };
}
