import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { postgresSkipped } from '@safeconduct/test-support/postgres';
import pg from 'pg';
import { SafeconductError } from 'safeconduct/identity';
import { demoPeople } from '../demo-people.ts';
import { engines, recorder, type TestDatabase } from '../testing/databases.ts';
import { startTestIssuer, type TestIssuer } from '../testing/issuer.ts';
import { doorsFor } from './doors.ts';
import { openDatabase } from './open.ts';
import { scramVerifier } from './scram.ts';
import { setUp } from './setup.ts';

const [ada, ben, eve] = demoPeople.map(({ id, roles }) => ({ subject: id, roles }));
if (!ada || !ben || !eve) throw new Error('the demo people are missing');

const login = { role: 'shop_login', verifier: scramVerifier('a-password-that-only-tests-know') };

let issuer: TestIssuer;
before(async () => {
  issuer = await startTestIssuer();
});
after(() => issuer.close());

for (const engine of engines) {
  describe(`the shop's rows on ${engine.name}`, { skip: engine.skip }, () => {
    let database: TestDatabase;
    before(async () => {
      database = await engine.open();
    });
    after(() => database?.close());

    const doorsOf = async (wish: Parameters<TestIssuer['person']>[0]) => doorsFor(await issuer.person(wish), database.pool);
    const numbers = async (rows: Pick<pg.Pool, 'query'>, text = 'select number as n from shop.orders order by 1') =>
      (await rows.query<{ n: number }>(text)).rows.map(({ n }) => n);

    it('S0.12 shows each customer the own rows of customers, orders and order_items, and no others', async () => {
      const adas = (await doorsOf(ada)).own;
      const bens = (await doorsOf(ben)).own;
      assert.deepEqual(await numbers(adas), [1001, 1118, 1194, 1243, 1288, 1296]);
      assert.deepEqual(await numbers(bens), [1002, 1150, 1285, 1291, 1299]);
      for (const table of ['customers', 'orders', 'order_items']) {
        const column = table === 'customers' ? 'id' : 'customer_id';
        const { rows } = await adas.query<{ owner: string }>(`select distinct ${column} as owner from shop.${table}`);
        assert.deepEqual(rows, [{ owner: 'C-1001' }], table);
      }
    });

    it('S0.12 lets everybody read all products', async () => {
      const { rows } = await (await doorsOf(ben)).own.query<{ n: number }>('select count(*)::int as n from shop.products');
      assert.deepEqual(rows, [{ n: 60 }]);
    });

    it('S0.12 shows nothing to a subject that is no customer, nor the rows of guests without an account', async () => {
      for (const subject of ['usr_nobody', 'null', 'C-1001', "' or true --"]) {
        assert.deepEqual(await numbers((await doorsOf({ subject })).own), [], subject);
      }
    });

    it('lets an employee with the role support read every order, and change none', async () => {
      const { support } = await doorsOf(eve);
      assert.equal((await numbers(support)).length, 300);
      await assert.rejects(support.query("update shop.orders set status = 'cancelled' where number = 1299"), { code: '42501' });
    });

    it('shows an employee only the own orders where the own ones are asked for', async () => {
      assert.deepEqual(await numbers((await doorsOf(eve)).own), [1003, 1286, 1298]);
    });

    it('opens the door for employees to nobody whose verified roles lack support', async () => {
      const doors = await doorsOf({ ...ada, roles: ['customer', 'support-lead', 'Support'] });
      assert.deepEqual(await numbers(doors.support), [1001, 1118, 1194, 1243, 1288, 1296]);
    });

    it('S0.12 refuses to cancel the order of somebody else, a sent one, and any change but to cancelled', async () => {
      const { own } = await doorsOf(ada);
      const changed = async (text: string) => (await own.query(text)).rowCount;
      assert.equal(await changed("update shop.orders set status = 'cancelled' where number = 1299"), 0);
      assert.equal(await changed("update shop.orders set status = 'cancelled' where number = 1288"), 0);
      await assert.rejects(changed("update shop.orders set status = 'delivered' where number = 1296"), { code: '42501' });
      assert.equal(await changed("update shop.orders set status = 'cancelled' where number = 1296"), 1);
      assert.equal(await changed("update shop.orders set status = 'cancelled' where number = 1296"), 0);
    });

    it('refuses every other column and every other write', async () => {
      const { own } = await doorsOf(ada);
      const writes = [
        "update shop.orders set customer_id = 'C-1002' where number = 1118",
        "update shop.orders set status = 'cancelled', expected_on = null where number = 1118",
        'delete from shop.orders where number = 1118',
        "insert into shop.orders values (9999, 'C-1001', 'placed', now(), null)",
        'update shop.order_items set price_cents = 0',
        "update shop.customers set subject = 'usr_demo_ada' where id = 'C-1002'",
        'update shop.products set price_cents = 0',
        'select * from safeconduct_login.session',
        'select * from shop.migrations',
      ];
      for (const write of writes) await assert.rejects(own.query(write), { code: '42501' }, write);
    });

    it('finds its data again and changes nothing when it is set up a second time', async () => {
      const client = await adminOf(database);
      try {
        await setUp(client, { ...(engine.name === 'PGlite' ? {} : { login }), today: new Date('2030-01-01') });
      } finally {
        await ended(client);
      }
      assert.equal((await numbers((await doorsOf(ben)).own)).length, 5);
    });
  });
}

describe("the shop's login role on PostgreSQL", { skip: postgresSkipped }, () => {
  let database: TestDatabase;
  before(async () => {
    database = await (engines[1] as (typeof engines)[number]).open();
  });
  after(() => database?.close());

  it('S0.12 is refused, and not shown zero rows, where somebody forgets to say who asks', async () => {
    for (const table of ['customers', 'orders', 'order_items', 'products']) {
      await assert.rejects(database.pool.query(`select * from shop.${table}`), { code: '42501' }, table);
    }
  });

  it('R-111 keeps the shop from starting when row-level security is off', async () => {
    await administer(database, 'alter table shop.orders disable row level security');
    try {
      const { log } = recorder();
      const again = openDatabase({
        databaseUrl: String(database.adminUrl),
        directory: database.directory,
        loginPassword: 'a-password-that-only-tests-know',
        today: new Date(),
        log,
      });
      await assert.rejects(
        again,
        (error) => error instanceof SafeconductError && error.code === 'database_unsafe' && /shop\.orders/.test(error.message),
      );
    } finally {
      await administer(database, 'alter table shop.orders enable row level security');
    }
  });

  it('reads one person’s orders by an index, although employees may read all', async () => {
    const { own } = doorsFor(await issuer.person(ada), database.pool);
    await administer(
      database,
      "set session_replication_role = replica; insert into shop.orders select n, 'C-1009', 'delivered', now(), null from generate_series(5000, 25000) n; analyze shop.orders",
    );
    const { rows } = await own.query<Record<string, string>>('explain (costs off) select number from shop.orders');
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
    assert.match(plan, /Index/);
    assert.doesNotMatch(plan, /Seq Scan on orders/);
  });

  it('two processes set up one empty database at the same time', async () => {
    await administer(database, 'create database twice');
    const url = new URL(String(database.adminUrl));
    url.pathname = '/twice';
    const clients = [new pg.Client(url.href), new pg.Client(url.href)];
    await Promise.all(clients.map((client) => client.connect()));
    await Promise.all(clients.map((client) => setUp(client, { login, today: new Date() })));
    const counted = await clients[0]?.query('select count(*)::int as n from shop.orders');
    await Promise.all(clients.map((client) => client.end()));
    await administer(database, 'drop database twice');
    assert.deepEqual(counted?.rows, [{ n: 300 }]);
  });

  it('several databases of one server are set up at the same time, although their roles are the same', async () => {
    const names = ['side_a', 'side_b', 'side_c', 'side_d'];
    for (const name of names) await administer(database, `create database ${name}`);
    await Promise.all(
      names.map(async (name) => {
        const client = new pg.Client(new URL(`/${name}`, database.adminUrl).href);
        await client.connect();
        await setUp(client, { login, today: new Date() });
        await client.end();
      }),
    );
    for (const name of names) await administer(database, `drop database ${name}`);
  });

  it('stores a password that PostgreSQL accepts, without ever sending it', async () => {
    const verifier = scramVerifier('demo password', Buffer.from('0123456789abcdef'));
    await administer(database, `create role scram_test login password '${verifier}'`);
    const { rows } = await administer(database, "select rolpassword from pg_authid where rolname = 'scram_test'");
    await administer(database, 'drop role scram_test');
    assert.deepEqual(rows, [{ rolpassword: verifier }]);
  });
});

async function adminOf({ adminUrl, pool }: TestDatabase): Promise<pg.ClientBase> {
  if (adminUrl === undefined) return pool.connect();
  const client = new pg.Client(adminUrl);
  await client.connect();
  return client;
}

async function ended(client: pg.ClientBase): Promise<void> {
  if (client instanceof pg.Client && 'release' in client) (client as pg.PoolClient).release();
  else await (client as pg.Client).end();
}

async function administer(database: TestDatabase, text: string): Promise<pg.QueryResult> {
  const client = await adminOf(database);
  try {
    return await client.query(text);
  } finally {
    await ended(client);
  }
}
