import type { Pool } from 'pg';
import type { Identity } from 'safeconduct/identity';
import { asUser } from 'safeconduct/query';

/** What a tool or a route may do with the database: run a statement as the person. */
export type Rows = Pick<Pool, 'query'>;

/** The database as one person sees it. */
export interface Doors {
  /** The person's own rows. */
  readonly own: Rows;
  /** Every customer's rows, read only, for employees whose verified identity has the role; otherwise the same as `own`. */
  readonly support: Rows;
}

/** Opens the database for one verified person. Nothing here can be chosen by a model or by a request's body. */
export function doorsFor(identity: Identity, pool: Pool): Doors {
  const own = asUser(identity, pool, { role: 'shop_customer' });
  if (!identity.roles.includes('support')) return { own, support: own };
  return { own, support: asUser(identity, pool, { role: 'shop_support' }) };
}
