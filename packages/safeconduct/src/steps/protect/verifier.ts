import type { Identity } from '../../core/identity/identity.ts';

/**
 * Turns a token into the identity that it proves, or throws why it proves none: at once where that is known already.
 * One for each issuer and each way of checking. `credentials` is the whole value of the header that held the token.
 */
export type TokenVerifier = (token: string, nowMs: number, credentials: string) => Identity | Promise<Identity>;

/** A verifier that knows tokens again by comparing them, before anything else was done with them. */
export interface RecallingVerifier {
  readonly verify: TokenVerifier;
  /** The identity behind a header whose token was verified before and still stands. */
  readonly recall: (credentials: string, nowMs: number) => Identity | undefined;
}
