import type { Secret } from '../../core/protocol/secret.ts';

/** A third party's access token, for the API of that third party and for nobody else. */
export interface ConnectionToken {
  readonly kind: 'token';
  readonly token: Secret;
  readonly expiresAt: Date;
  /** What it may do there. */
  readonly scopes: readonly string[];
}

/** The person has to connect an account first, or to allow more. */
export interface ConnectionNeeded {
  readonly kind: 'needs-connection';
  /** The name of the connection. */
  readonly connection: string;
  /** Where the person does it, in a browser. Holds no secret. */
  readonly link: string;
  /** The scopes that are missing, as far as they are known. */
  readonly missing: readonly string[];
}

/** What came of asking for a token. */
export type TokenOutcome = ConnectionToken | ConnectionNeeded;
