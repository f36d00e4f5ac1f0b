import type { Identity } from '../../core/identity/identity.ts';
import { recentlyUsed } from '../../core/protocol/recently-used.ts';

/**
 * Identities of JWTs that were verified by keys, until they expire. Never of tokens that were refused.
 * They are known by the whole value of the Authorization header: a hit takes no text apart.
 */
export interface VerifiedTokens {
  get(credentials: string, nowMs: number, generation: number): Identity | undefined;
  put(credentials: string, identity: Identity, generation: number): void;
}

interface Entry {
  readonly credentials: string;
  readonly identity: Identity;
  readonly expiresMs: number;
}

/**
 * A bounded cache for one issuer and one audience, so that neither can be mixed up.
 * The key is a small piece of the signature and all of it is compared: cheaper than a hash, and as exact. Two tokens of one
 * key take each other's place, which costs a verification and nothing else.
 * A change of the provider's keys empties it.
 */
export function verifiedTokens(size = 10_000): VerifiedTokens {
  const entries = recentlyUsed<Entry, number>(size);
  let generation = -1;

  return {
    get(credentials, nowMs, current) {
      if (current !== generation || current < 0) return undefined; // below 0 the keys are too old
      const entry = entries.get(keyOf(credentials));
      return entry !== undefined && entry.credentials === credentials && entry.expiresMs > nowMs ? entry.identity : undefined;
    },
    put(credentials, identity, current) {
      if (current !== generation) entries.clear();
      generation = current;
      entries.put(keyOf(credentials), { credentials, identity, expiresMs: identity.expiresAt.getTime() });
    },
  };
}

/** 30 bits of five characters before the last, which holds fewer: a number that needs no memory of its own. */
function keyOf(text: string): number {
  let key = 0;
  for (let index = text.length - 6; index < text.length - 1; index++) key = (key << 6) | (text.charCodeAt(index) & 63);
  return key;
}
