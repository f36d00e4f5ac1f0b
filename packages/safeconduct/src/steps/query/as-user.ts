import type { KeyObject } from 'node:crypto';
import { assertMinted, type Identity } from '../../core/identity/identity.ts';
import { type Binding, type BindingParts, createBinding } from './binding.ts';
import { gateOf, refuseEmbedded } from './gate.ts';
import { limitsOf, type UntrustedLimits } from './limits.ts';
import { isLookAlike } from './look-alike.ts';
import { personPool } from './person-pool.ts';
import { asPgPool } from './pg-shapes.ts';
import { assertKey } from './seal.ts';
import { settingOf } from './setting.ts';

/** The role that statements run as unless another is named. `installQuery` makes it. */
export const DEFAULT_ROLE = 'safeconduct_user';

/** How a pool is bound to a person. */
export interface AsUserOptions {
  /** Database role that statements run as; the login role must be a member. Default: `safeconduct_user`. */
  readonly role?: string;
  /**
   * Stays the login role, which then needs the rights on the tables itself. A little faster, and weaker: whoever can
   * write SQL can call `set_config` and so become another person, and a query that forgets `asUser` is no longer an error.
   */
  readonly runAsLoginRole?: boolean;
  /**
   * Prepares the binding, and the statements that come again and again without a name (query builders send them so).
   * Set it to false behind a pooler that carries no prepared statements. Default: true.
   */
  readonly prepare?: boolean;
  /** Milliseconds to wait for a connection while this person's own client is out. Default: 5,000. */
  readonly patience?: number;
  /** Secret key of 32 bytes that signs the identity, where `installQuery` was given the same one. */
  readonly key?: KeyObject;
  /**
   * For SQL that a model or a user wrote: one reading statement at a time, in a read-only transaction, with a limit on
   * time, rows and bytes. Needs `key`. Refused on PGlite, and on a PostgreSQL below its security release.
   */
  readonly untrusted?: boolean | UntrustedLimits;
  /** Lets untrusted SQL run on a PostgreSQL with known holes: what it can reach there is not bounded by this library. */
  readonly allowOutdatedServerForUntrustedSql?: boolean;
}

/**
 * Gives a pool that looks like the `pg.Pool` it was made from and runs every statement as this person, each in one
 * round trip: binding, role and statement share one Sync, and so one transaction. `connect()` gives a client on which
 * the same holds, transactions included. Make one for each request; it costs a microsecond and owns nothing.
 *
 * Throws a `TypeError` for an identity that nobody verified and for a pool that is none. A query rejects with the
 * database's own error, or with a `SafeconductError`: `statement_refused`, `connection_unavailable`, `database_unsafe`.
 *
 * ```ts
 * import type { Identity } from 'safeconduct/identity';
 * import { asUser } from 'safeconduct/query';
 * import type pg from 'pg';
 *
 * export async function myOrders(identity: Identity, pool: pg.Pool) {
 *   const { rows } = await asUser(identity, pool).query('select id, status from orders');
 *   return rows;
 * }
 * ```
 */
export function asUser<P extends object>(identity: Identity, pool: P, options: AsUserOptions = {}): P {
  assertMinted(identity);
  const real = asPgPool(pool);
  if (isLookAlike(pool)) throw new TypeError('this pool already runs as a person: pass the one behind it');
  const { prepare = true, patience = 5000, untrusted = false, key, allowOutdatedServerForUntrustedSql = false } = options;
  const limits = untrusted === false ? undefined : limitsOf(untrusted === true ? {} : untrusted);
  if (key !== undefined) assertKey(key);
  if (limits !== undefined) {
    if (key === undefined) throw new TypeError('untrusted SQL needs `key`: without a signature it could become another person');
    refuseEmbedded(real);
  }
  const role = roleOf(options);
  const binding = bindingOf(identity, { role, prepare, key, limits });
  const gate = limits === undefined ? undefined : gateOf(real, allowOutdatedServerForUntrustedSql);
  return personPool(real)({ pool: real, binding, patience, gate }) as unknown as P;
}

const bindings = new WeakMap<Identity, Map<string, Binding>>();

// Verified tokens are cached, so that the same identity comes again and again: what it looks like on the wire is made once.
function bindingOf(identity: Identity, parts: Omit<BindingParts, 'setting'>): Binding {
  const { role, prepare, key, limits } = parts;
  if (key !== undefined || limits !== undefined) return createBinding({ setting: settingOf(identity), ...parts });
  const known = bindings.get(identity) ?? new Map<string, Binding>();
  const name = `${prepare} ${role ?? ''}`;
  const binding = known.get(name) ?? createBinding({ setting: settingOf(identity), ...parts });
  bindings.set(identity, known.set(name, binding));
  return binding;
}

function roleOf({ role, runAsLoginRole = false, untrusted = false }: AsUserOptions): string | undefined {
  if (runAsLoginRole) {
    if (role !== undefined) throw new TypeError('name a `role` or set `runAsLoginRole`, not both');
    if (untrusted !== false) throw new TypeError('untrusted SQL never runs as the login role');
    return undefined;
  }
  return role ?? DEFAULT_ROLE;
}
