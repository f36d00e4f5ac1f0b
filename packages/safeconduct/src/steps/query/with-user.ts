import type { KeyObject } from 'node:crypto';
import { assertMinted, type Identity } from '../../core/identity/identity.ts';
import { DEFAULT_ROLE } from './as-user.ts';
import { createBinding } from './binding.ts';
import { refused } from './refusals.ts';
import { assertKey } from './seal.ts';
import { settingOf } from './setting.ts';
import { refusal } from './statements.ts';

/** What `postgres()` of postgres.js gives, as a shape: the library does not depend on it. */
export interface PostgresJs {
  begin(...parts: never[]): Promise<unknown>;
}

/** The transaction that postgres.js hands to `begin`. */
export type TransactionOf<S extends PostgresJs> = S['begin'] extends (options: never, work: infer W) => unknown
  ? W extends (transaction: infer Transaction) => unknown
    ? Transaction
    : never
  : never;

export interface WithUserOptions {
  /** Database role that statements run as; the login role must be a member. Default: `safeconduct_user`. */
  readonly role?: string;
  /** Secret key of 32 bytes that signs the identity, where `installQuery` was given the same one. */
  readonly key?: KeyObject;
}

/** The members of a postgres.js transaction that take SQL as text, or that leave it. */
interface Transaction {
  unsafe(text: string, values: readonly unknown[], options: object): { execute(): Promise<unknown> };
  savepoint(...args: unknown[]): Promise<unknown>;
}
type Begin = (work: (transaction: Transaction) => Promise<unknown>) => Promise<unknown>;

/**
 * Runs a transaction of postgres.js as this person: BEGIN, then binding and first statement together, then COMMIT.
 * postgres.js cannot put two statements on one Sync, so there is no pool for it. Statements written as templates are
 * the program's own and are not looked at; `unsafe()` takes one statement that may run as a person; `file()` and
 * `prepare()` are refused. Rejects with what postgres.js rejects with, or `statement_refused`.
 *
 * ```ts
 * import type { Identity } from 'safeconduct/identity';
 * import { withUser } from 'safeconduct/query';
 * import type { Sql } from 'postgres';
 *
 * export const myOrders = (identity: Identity, sql: Sql) =>
 *   withUser(identity, sql, (tx) => tx`select id, status from orders`);
 * ```
 */
export function withUser<S extends PostgresJs, T>(
  identity: Identity,
  sql: S,
  work: (transaction: TransactionOf<S>) => PromiseLike<T>,
  { role = DEFAULT_ROLE, key }: WithUserOptions = {},
): Promise<T> {
  assertMinted(identity);
  if (typeof sql?.begin !== 'function') throw new TypeError('withUser needs what postgres() of postgres.js returns');
  if (key !== undefined) assertKey(key);
  const { text, values } = createBinding({ setting: settingOf(identity), role, prepare: true, key, limits: undefined });
  const begin = sql.begin.bind(sql) as unknown as Begin;
  return begin(async (transaction) => {
    // Not awaited before the work begins: both go out together, in this order, and a refused binding aborts the transaction.
    const bound = transaction.unsafe(text, values(), { prepare: true }).execute();
    const result = Promise.resolve(work(guarded(transaction) as TransactionOf<S>));
    result.catch(() => {});
    await bound;
    return result;
  }) as Promise<T>;
}

// `unsafe()` without values goes out by the simple protocol, where one text may hold many statements.
function guarded(transaction: Transaction): Transaction {
  const members: Record<string, unknown> = {
    unsafe(text: string, values: unknown = [], options: object = {}) {
      const reason = refusal(text);
      if (reason !== undefined) throw refused(reason);
      const [list, rest] = Array.isArray(values) ? [values, options] : [[], values as object];
      return transaction.unsafe(text, list, { ...rest, simple: false });
    },
    savepoint(...args: unknown[]) {
      const inner = args.pop() as (transaction: Transaction) => unknown;
      return transaction.savepoint(...args, (deeper: Transaction) => inner(guarded(deeper)));
    },
    file: notHere('file()'),
    prepare: notHere('prepare()'),
  };
  return new Proxy(transaction, { get: (target, name) => members[String(name)] ?? Reflect.get(target, name) });
}

function notHere(what: string): () => never {
  return () => {
    throw refused(`${what} may not run as a person`);
  };
}
