/** What budget P4 compares: one query as the person, through each door, against the same query with a WHERE. */
import type { KeyObject } from 'node:crypto';
import { eq } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { integer, pgTable, text } from 'drizzle-orm/pg-core';
import { Kysely, PostgresDialect } from 'kysely';
import type pg from 'pg';
import type postgres from 'postgres';
import type { Identity } from 'safeconduct/identity';
import { asUser, withUser } from 'safeconduct/query';
import { peopleOf } from './query-people.ts';

export const USERS = 100_000;
export const PEOPLE = 1000;
export const EACH = 10;
const COLUMNS = 'select id, status, total from';

export interface Variant {
  /** The variant that it is a multiple of. */
  readonly against?: string;
  readonly budget?: number;
  readonly run: (person: number) => PromiseLike<{ readonly length: number }>;
}

interface Pools {
  readonly plain: pg.Pool;
  readonly direct: pg.Pool;
  readonly signed: pg.Pool;
}
interface Row {
  id: string;
  user_id: string;
  status: string;
  total: number;
}
const columns = { id: integer('id'), user_id: text('user_id'), status: text('status'), total: integer('total') };
const orders = pgTable('orders', columns);
const plain = pgTable('plain', columns);

interface Cast {
  readonly pools: Pools;
  readonly sql: postgres.Sql;
  readonly key: KeyObject;
  readonly who: (person: number) => Identity;
  readonly name: (person: number) => string;
}
type Variants = Record<string, Variant>;
const rows = (answer: Promise<pg.QueryResult>) => answer.then((result) => result.rows);

export async function variantsOf(parts: Pick<Cast, 'pools' | 'sql' | 'key'>): Promise<Variants> {
  const subjects = Array.from({ length: PEOPLE }, (_, i) => `user-${i * (USERS / PEOPLE)}`);
  const people = await peopleOf(subjects);
  const who = (i: number): Identity => people[i] as Identity;
  const cast = { ...parts, who, name: (i: number) => subjects[i] ?? '' };
  return { ...named(cast), ...unnamed(cast), ...byKysely(cast), ...byDrizzle(cast), ...byPostgres(cast) };
}

function named({ pools, key, who, name }: Cast): Variants {
  const against = 'pg, named: WHERE user_id = $1';
  const plainText = `${COLUMNS} plain where user_id = $1`;
  const mine = { name: 'mine', text: `${COLUMNS} orders` };
  const login = { runAsLoginRole: true };
  const untrusted = { untrusted: true, key, allowOutdatedServerForUntrustedSql: true };
  return {
    [against]: { run: (i) => rows(pools.plain.query({ name: 'plain', text: plainText, values: [name(i)] })) },
    'pg, named: asUser as the login role': { against, budget: 1.25, run: (i) => rows(asUser(who(i), pools.direct, login).query(mine)) },
    'pg, named: asUser (the default)': { against, budget: 1.5, run: (i) => rows(asUser(who(i), pools.plain).query(mine)) },
    'pg, named: asUser, signed': { against, budget: 2.3, run: (i) => rows(asUser(who(i), pools.signed, { key }).query(mine)) },
    'pg, named: asUser, untrusted (and so signed)': {
      against,
      budget: 2.3,
      run: (i) => rows(asUser(who(i), pools.signed, untrusted).query(mine)),
    },
    'pg, named: BEGIN, set_config, query, COMMIT': { against, run: (i) => inFour(pools.plain, name(i)) },
  };
}

function unnamed({ pools, who, name }: Cast): Variants {
  const against = 'pg: WHERE user_id = $1';
  const text = `${COLUMNS} orders`;
  return {
    [against]: { run: (i) => rows(pools.plain.query(`${COLUMNS} plain where user_id = $1`, [name(i)])) },
    'pg: asUser (the default)': { against, run: (i) => rows(asUser(who(i), pools.plain).query(text)) },
    'pg: asUser, prepare off': { against, run: (i) => rows(asUser(who(i), pools.plain, { prepare: false }).query(text)) },
  };
}

function byKysely({ pools, who, name }: Cast): Variants {
  const against = 'Kysely: WHERE';
  const over = (pool: pg.Pool) => new Kysely<{ orders: Row; plain: Row }>({ dialect: new PostgresDialect({ pool }) });
  const plainly = over(pools.plain);
  const mine = (i: number) =>
    over(asUser(who(i), pools.plain))
      .selectFrom('orders')
      .select(['id', 'status', 'total'])
      .execute();
  return {
    [against]: { run: (i) => plainly.selectFrom('plain').select(['id', 'status', 'total']).where('user_id', '=', name(i)).execute() },
    'Kysely: asUser (the default)': { against, budget: 1, run: mine },
  };
}

function byDrizzle({ pools, who, name }: Cast): Variants {
  const against = 'Drizzle: WHERE';
  const plainly = drizzle(pools.plain);
  const pick = { id: orders.id, status: orders.status, total: orders.total };
  const pickPlain = { id: plain.id, status: plain.status, total: plain.total };
  return {
    [against]: {
      run: (i) =>
        plainly
          .select(pickPlain)
          .from(plain)
          .where(eq(plain.user_id, name(i))),
    },
    'Drizzle: asUser (the default)': {
      against,
      budget: 1,
      run: (i) =>
        drizzle(asUser(who(i), pools.plain))
          .select(pick)
          .from(orders),
    },
  };
}

function byPostgres({ sql, who, name }: Cast): Variants {
  const against = 'postgres.js: WHERE';
  const begin = (i: number) =>
    sql.begin(async (tx) => {
      const setting = JSON.stringify({ sub: name(i) });
      await tx`select set_config('safeconduct.identity', ${setting}, true), set_config('role', 'safeconduct_user', true)`;
      return tx`select id, status, total from orders`;
    });
  return {
    [against]: { run: (i) => sql`select id, status, total from plain where user_id = ${name(i)}` },
    'postgres.js: sql.begin, set_config': { against, run: begin },
    'postgres.js: withUser': { against, run: (i) => withUser(who(i), sql, (tx) => tx`select id, status, total from orders`) },
  };
}

async function inFour(pool: pg.Pool, subject: string): Promise<readonly unknown[]> {
  const client = await pool.connect();
  await client.query('begin');
  const text = "select set_config('safeconduct.identity', $1, true), set_config('role', 'safeconduct_user', true)";
  await client.query({ name: 'four', text, values: [JSON.stringify({ sub: subject })] });
  const { rows } = await client.query({ name: 'mine', text: `${COLUMNS} orders` });
  await client.query('commit');
  client.release();
  return rows;
}
