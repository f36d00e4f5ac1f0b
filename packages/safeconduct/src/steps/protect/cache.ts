import type { Identity } from '../../core/identity/identity.ts';

/** Identities of tokens that were verified, until they expire. Never of tokens that were refused. */
export interface VerifiedTokens {
  get(token: string, nowMs: number, generation: number): Identity | undefined;
  put(token: string, identity: Identity, generation: number): void;
}

interface Entry {
  readonly token: string;
  readonly identity: Identity;
  readonly expiresMs: number;
}

/**
 * A bounded cache for one guard, which has one issuer and one audience, so that neither can be mixed up.
 * The key is a piece of the signature and the whole token is compared: cheaper than a hash, and as exact.
 * A change of the provider's keys empties it.
 */
export function verifiedTokens(size = 10_000): VerifiedTokens {
  let young = new Map<string, Entry>();
  let old = new Map<string, Entry>();
  let generation = -1;

  const put = (key: string, entry: Entry): void => {
    // Two halves: what nobody asked for while one half filled up goes, without a walk through all.
    if (young.size >= size / 2) {
      old = young;
      young = new Map();
    }
    young.set(key, entry);
  };

  return {
    get(token, nowMs, current) {
      if (current !== generation) return undefined;
      const key = keyOf(token);
      const kept = young.get(key);
      const entry = kept ?? old.get(key);
      if (entry === undefined || entry.token !== token || entry.expiresMs <= nowMs) return undefined;
      if (kept === undefined) put(key, entry);
      return entry.identity;
    },
    put(token, identity, current) {
      if (current !== generation) {
        young = new Map();
        old = new Map();
        generation = current;
      }
      put(keyOf(token), { token, identity, expiresMs: identity.expiresAt.getTime() });
    },
  };
}

function keyOf(token: string): string {
  return token.slice(-32);
}
