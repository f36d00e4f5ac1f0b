import type { Sign } from '../identity/claims.ts';

/**
 * What an access token never holds and an ID token mostly does (OpenID Connect Core sections 2 and 3.3.2.11), or a logout token
 * (RFC 8417 section 2.2).
 */
export const noIdToken: readonly Sign[] = Object.freeze(
  ['nonce', 'at_hash', 'c_hash', 'events'].map((claim) => Object.freeze({ claim, absent: true as const })),
);
