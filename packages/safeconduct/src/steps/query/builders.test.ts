import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { MikroORM, EntitySchema as MikroSchema, type Opt } from '@mikro-orm/postgresql';
import { PrismaPg } from '@prisma/adapter-pg';
import { postgresSkipped } from '@safeconduct/test-support/postgres';
import { sql as drizzleSql, eq } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { integer, pgTable, text } from 'drizzle-orm/pg-core';
import { Kysely, PostgresDialect, sql } from 'kysely';
import pg from 'pg';
import Cursor from 'pg-cursor';
import postgres from 'postgres';
import { DataSource, EntitySchema } from 'typeorm';
import { asUser } from './as-user.ts';
import { failure, kinds, leftovers, openServer, person, type TestDatabase } from './fixtures.test.ts';
import { withUser } from './with-user.ts';

interface Tables {
  orders: { id: string; user_id: string; status: string; total: number };
}
type Row = { readonly user_id?: string | null; readonly userId?: string };
const orders = pgTable('orders', {
  id: integer('id').generatedAlwaysAsIdentity(),
  user_id: text('user_id'),
  status: text('status'),
  total: integer('total'),
});
const only = (rows: readonly Row[], who: string): void => {
  assert.equal(rows.length, 10);
  assert.ok(rows.every((row) => (row.user_id ?? row.userId) === who));
};
/** The message of an error or of what a builder has wrapped. */
const reason = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work;
    return 'no error';
  } catch (error) {
    return `${error} ${(error as Error).cause ?? ''}`;
  }
};
const RLS = /row-level security/;

for (const { kind, skip, open } of kinds) {
  describe(`query builders on asUser, ${kind}`, { skip }, () => {
    let db: TestDatabase;
    const as = (subject: string): pg.Pool => asUser(person(subject), db.pool, { patience: 300 });
    before(async () => {
      db = await open();
    });
    after(async () => {
      assert.deepEqual(await leftovers(db.pool), []);
      await db.close();
    });

    it('Kysely: queries, transactions, savepoints, streams', async () => {
      const kysely = new Kysely<Tables>({ dialect: new PostgresDialect({ pool: as('user-1'), cursor: Cursor }) });
      only(await kysely.selectFrom('orders').selectAll().execute(), 'user-1');
      const moved = kysely
        .transaction()
        .setIsolationLevel('serializable')
        .execute(async (trx) => {
          const { rows } = await sql<{ level: string }>`select current_setting('transaction_isolation') as level`.execute(trx);
          assert.equal(rows[0]?.level, 'serializable');
          await trx.updateTable('orders').set({ user_id: 'user-2' }).execute();
        });
      assert.match(await reason(moved), RLS);
      const controlled = await kysely.startTransaction().execute();
      const inner = await controlled.savepoint('s').execute();
      assert.match(await reason(sql`select 1/0`.execute(inner)), /division/);
      const back = await inner.rollbackToSavepoint('s').execute();
      only(await back.selectFrom('orders').selectAll().execute(), 'user-1');
      await back.commit().execute();
      const streamed: Row[] = [];
      for await (const row of kysely.selectFrom('orders').selectAll().stream(3)) streamed.push(row);
      only(streamed, 'user-1');
      await kysely.destroy();
      assert.equal(db.pool.ended, false);
    });

    it('Drizzle: queries, prepared statements, nested transactions', async () => {
      const mine = drizzle(as('user-3'));
      only(await mine.select().from(orders), 'user-3');
      assert.equal((await mine.select().from(orders).where(eq(orders.total, 5))).length, 1);
      for (const subject of ['user-3', 'user-4']) only(await drizzle(as(subject)).select().from(orders).prepare('all').execute(), subject);
      const moved = mine.transaction(async (tx) => {
        assert.match(await reason(tx.transaction((inner) => inner.execute(drizzleSql`select 1/0`))), /division/);
        only(await tx.select().from(orders), 'user-3');
        await tx.update(orders).set({ user_id: 'user-4' });
      });
      assert.match(await reason(moved), RLS);
    });

    it('TypeORM: a driver whose Pool is the person’s', async () => {
      const Order = new EntitySchema<{ id: string; userId: string; total: number }>({
        name: 'Order',
        tableName: 'orders',
        columns: {
          id: { type: 'bigint', primary: true, generated: 'increment' },
          userId: { type: 'text', name: 'user_id', default: () => 'safeconduct.subject()' },
          total: { type: 'int' },
        },
      });
      const driver = {
        Pool: function Pool() {
          return as('user-5');
        },
        types: pg.types,
        defaults: pg.defaults,
      };
      const source = await new DataSource({ type: 'postgres', entities: [Order], driver }).initialize();
      only(await source.getRepository(Order).find(), 'user-5');
      const moved = source.transaction('SERIALIZABLE', async (manager) => {
        assert.equal((await manager.getRepository(Order).save({ total: 500 })).userId, 'user-5');
        await manager.getRepository(Order).update({ total: 500 }, { userId: 'user-6' });
      });
      assert.match(await reason(moved), RLS);
      assert.equal(await source.getRepository(Order).countBy({ total: 500 }), 0);
      await source.destroy();
      assert.equal(db.pool.ended, false);
    });
  });
}

describe('more builders on asUser, PostgreSQL', { skip: postgresSkipped }, () => {
  let db: TestDatabase;
  before(async () => {
    db = await openServer();
  });
  after(async () => {
    assert.deepEqual(await leftovers(db.pool), []);
    await db.close();
  });

  it('MikroORM: through its Kysely dialect', async () => {
    const Order = new MikroSchema<{ id: Opt<string>; user_id: Opt<string>; total: number }>({
      name: 'Order',
      tableName: 'orders',
      properties: {
        id: { type: 'bigint', primary: true, autoincrement: true },
        user_id: { type: 'string', defaultRaw: 'safeconduct.subject()' },
        total: { type: 'integer' },
      },
    });
    const dialect: object = new PostgresDialect({ pool: asUser(person('user-9'), db.pool) });
    const orm = await MikroORM.init({ dbName: new URL(db.url).pathname.slice(1), entities: [Order], driverOptions: dialect });
    only(await orm.em.fork().find(Order, {}), 'user-9');
    const moved = orm.em.fork().transactional(async (em) => {
      await em.insert(Order, { total: 500 });
      await em.nativeUpdate(Order, { total: 500 }, { user_id: 'user-1' });
    });
    assert.match(await reason(moved), RLS);
    assert.equal(await orm.em.fork().count(Order, { total: 500 }), 0);
    await orm.close(true);
    assert.equal(db.pool.ended, false);
  });

  it('Prisma: its driver adapter', async () => {
    const adapter = await new PrismaPg(asUser(person('user-7'), db.pool)).connect();
    const query = (sqlText: string) => ({ sql: sqlText, args: [], argTypes: [] });
    const { columnNames, rows } = await adapter.queryRaw(query('select distinct user_id from orders'));
    assert.deepEqual([columnNames, rows], [['user_id'], [['user-7']]]);
    assert.equal(await adapter.executeRaw(query('update orders set total = total')), 10);
    const transaction = await adapter.startTransaction('SERIALIZABLE');
    assert.match(
      JSON.stringify(await transaction.executeRaw(query("update orders set user_id = 'user-8'")).catch((error) => error.cause)),
      RLS,
    );
    await transaction.rollback();
    const next = await adapter.startTransaction();
    assert.deepEqual((await next.queryRaw(query('select count(*)::int from orders'))).rows, [[10]]);
    await next.commit();
    await adapter.dispose();
    assert.equal(db.pool.ended, false);
  });

  it('postgres.js: a transaction for each piece of work', async () => {
    const client = postgres(db.url, { max: 4, onnotice() {} });
    const all = await Promise.all(
      Array.from({ length: 100 }, async (_, i) => {
        const subject = `user-${i % 16}`;
        const rows = await withUser(person(subject), client, (tx) => tx<{ user_id: string }[]>`select user_id from orders`);
        return rows.length === 10 && rows.every((row) => row.user_id === subject);
      }),
    );
    assert.ok(all.every(Boolean));
    const one = person('user-1');
    assert.equal((await failure(withUser(one, client, (tx) => tx`select 1/0`))).code, '22012');
    assert.equal((await failure(withUser(one, client, (tx) => tx.unsafe('select 1; reset role')))).code, '42601');
    for (const way of ['reset role', "set local safeconduct.identity = '{}'", 'do $$ begin end $$']) {
      assert.equal((await failure(withUser(one, client, (tx) => tx.unsafe(way)))).code, 'statement_refused');
      assert.equal((await failure(withUser(one, client, (tx) => tx.savepoint((inner) => inner.unsafe(way))))).code, 'statement_refused');
    }
    assert.equal((await failure(withUser(one, client, async (tx) => void tx`select 1`, { role: 'pg_monitor' }))).code, '42501');
    assert.throws(() => withUser({ ...one }, client, async () => 1), TypeError);
    assert.equal((await failure(client`select * from orders`)).code, '42501');
    await client.end();
  });
});
