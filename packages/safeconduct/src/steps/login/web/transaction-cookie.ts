import { createHash } from 'node:crypto';
import { SafeconductError } from '../../../core/identity/errors.ts';
import { type LoginTransaction, transactionLifetimeMs } from '../transaction.ts';
import { readCookies, setCookie } from './cookies.ts';
import type { WebWiring } from './wiring.ts';

// Each tab that signs in has a cookie of its own; so many at once, and no more, so that they cannot outgrow a request.
const mostTabs = 4;

/** The cookies that bind a new sign-in to this browser, and let the oldest go when there are too many. */
export function keepTransaction(web: WebWiring, request: Request, transaction: LoginTransaction): string[] {
  const name = nameFor(web, transaction.state);
  const others = [...readCookies(request)]
    .filter(([other]) => other.startsWith(web.transactionCookie))
    .map(([other, sealed]) => ({ other, createdAt: unseal(web, other, sealed)?.createdAt ?? 0 }))
    .sort((one, two) => two.createdAt - one.createdAt)
    .slice(mostTabs - 1);
  const sealed = web.seal.seal(JSON.stringify(transaction), purposeOf(name));
  return [
    setCookie(name, sealed, transactionLifetimeMs / 1000, web.scope),
    ...others.map(({ other }) => setCookie(other, '', 0, web.scope)),
  ];
}

/**
 * Gives the transaction of this browser that `state` names, for the first and only time.
 * Throws `login_transaction_missing` if another browser began it, it was changed, it is too old, or it was used.
 */
export async function takeTransaction(web: WebWiring, request: Request, state: string): Promise<LoginTransaction> {
  const name = nameFor(web, state);
  const sealed = readCookies(request).get(name);
  const transaction = sealed === undefined ? undefined : unseal(web, name, sealed);
  if (transaction?.state !== state) throw new SafeconductError('login_transaction_missing');
  const now = web.link.clock();
  if (!(await web.sessions.useOnce(`login ${name}`, now + 2 * transactionLifetimeMs, now))) {
    throw new SafeconductError('login_transaction_missing', { message: 'this sign-in was finished before' });
  }
  return transaction;
}

/** The cookie that forgets a transaction. */
export function forgetTransaction(web: WebWiring, state: string): string {
  return setCookie(nameFor(web, state), '', 0, web.scope);
}

function nameFor(web: WebWiring, state: string): string {
  return web.transactionCookie + createHash('sha256').update(state).digest('base64url').slice(0, 22);
}

function purposeOf(name: string): string {
  return `transaction|${name}`;
}

function unseal(web: WebWiring, name: string, sealed: string): LoginTransaction | undefined {
  const text = web.seal.unseal(sealed, purposeOf(name));
  // Only what we sealed ourselves comes out of the seal.
  return text === undefined ? undefined : (JSON.parse(text) as LoginTransaction);
}
