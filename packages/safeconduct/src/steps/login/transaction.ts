import { SafeconductError } from '../../core/identity/errors.ts';
import type { ClientLink } from '../../core/protocol/client.ts';

/**
 * What one sign-in must remember from its start to its finish. Plain JSON. It is a secret (it holds the PKCE verifier)
 * and belongs to one browser or process: seal it, bind it, use it once. `createWebLogin` and the CLI edge do.
 */
export interface LoginTransaction {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
  readonly issuer: string;
  readonly clientId: string;
  readonly redirectUri: string;
  /** A path of the same origin to go to afterwards. */
  readonly returnTo: string;
  /** Seconds, if it was asked for. */
  readonly maxAge?: number;
  readonly acrValues?: readonly string[];
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

/** How long a person may take to sign in: ten minutes. */
export const transactionLifetimeMs = 10 * 60_000;

/** Throws `login_transaction_missing` unless this transaction is one of this login and still young. */
export function checkTransaction(transaction: LoginTransaction, { link, clientId }: ClientLink): void {
  const age = link.clock() - transaction.createdAt;
  if (age < -60_000 || age > transactionLifetimeMs)
    throw new SafeconductError('login_transaction_missing', { message: 'the sign-in took too long' });
  if (transaction.issuer !== link.issuer || transaction.clientId !== clientId) {
    throw new SafeconductError('login_issuer_mismatch', { message: 'the sign-in was begun with another provider or application' });
  }
}
