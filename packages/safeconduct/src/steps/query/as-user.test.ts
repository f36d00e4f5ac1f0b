import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import pg from 'pg';
import Cursor from 'pg-cursor';
import { asUser } from './as-user.ts';
import { failure, kinds, leftovers, person, type TestDatabase } from './fixtures.test.ts';

const MINE = "select coalesce(string_agg(distinct user_id, ','), '') as who from orders";

for (const { kind, skip, open } of kinds) {
  describe(`asUser on ${kind}`, { skip }, () => {
    let db: TestDatabase;
    let alice: pg.Pool;
    let bob: pg.Pool;
    const who = async (pool: pg.Pool | pg.PoolClient): Promise<string> => (await pool.query(MINE)).rows[0].who;
    before(async () => {
      db = await open({ max: 2 });
      alice = asUser(person('user-1'), db.pool, { patience: 300 });
      bob = asUser(person('user-2', { roles: ['support'] }), db.pool);
    });
    after(() => db.close());

    it('refuses an identity that nobody verified', () => {
      const real = person('user-1');
      for (const fake of [{ ...real }, JSON.parse(JSON.stringify(real)), Object.create(real), null, undefined, 'user-1']) {
        assert.throws(() => asUser(fake, db.pool), TypeError);
      }
    });

    it('refuses a pool that is none, and options that contradict each other', () => {
      assert.throws(() => asUser(person('user-1'), {}), TypeError);
      assert.throws(() => asUser(person('user-2'), alice), TypeError);
      assert.throws(() => asUser(person('user-1'), db.pool, { role: 'none' }), TypeError);
      assert.throws(() => asUser(person('user-1'), db.pool, { role: 'a', runAsLoginRole: true }), TypeError);
    });

    it('S0.12 shows each person their own rows and nobody else’s', async () => {
      assert.equal(await who(alice), 'user-1');
      assert.equal(await who(bob), 'user-2');
      const tickets = 'select * from tickets';
      assert.equal((await alice.query(tickets)).rowCount, 0);
      assert.equal((await bob.query(tickets)).rowCount, 1);
    });

    it('B0.10 needs no database role per person: a subject of any spelling is a value', async () => {
      const odd = [
        "O'Brien",
        '"quoted"',
        '\\',
        "'; drop table orders; --",
        '$1',
        '{"sub":"user-2"}',
        'USER-2',
        ' user-2',
        'ünïcødé-😀',
        'x'.repeat(5000),
      ];
      for (const subject of odd) {
        const { rows } = await asUser(person(subject), db.pool).query('select safeconduct.subject() as s, count(*)::int as n from orders');
        assert.deepEqual(rows, [{ s: subject, n: 0 }]);
      }
      for (const subject of ['', 'a\0b', 'half \ud800', 'y'.repeat(70_000)]) {
        assert.throws(() => asUser(person(subject), db.pool), TypeError);
      }
    });

    it('B0.10 lets nobody write a row for somebody else', async () => {
      assert.equal((await failure(alice.query("insert into orders (user_id) values ('user-2')"))).code, '42501');
      assert.equal((await failure(alice.query("update orders set user_id = 'user-2' where total = 1"))).code, '42501');
      assert.equal((await alice.query("delete from orders where user_id = 'user-2'")).rowCount, 0);
    });

    it('R-113 gives an error, not an empty answer, to whoever forgets the person', { skip: kind === 'PGlite' }, async () => {
      assert.equal((await failure(db.pool.query('select * from orders'))).code, '42501');
    });

    it('R-113 reads no identity, and an empty one, as NULL', async () => {
      for (const setup of ['select 1', "select set_config('safeconduct.identity', '', true)"]) {
        const client = await db.pool.connect();
        await client.query('begin');
        await client.query(setup);
        await client.query('set local role safeconduct_user');
        const { rows } = await client.query(
          "select safeconduct.subject() s, safeconduct.organization() o, safeconduct.has_role('x') r, safeconduct.identity() i, (select count(*)::int from orders) n",
        );
        await client.query('rollback');
        client.release();
        assert.deepEqual(rows, [{ s: null, o: null, r: null, i: null, n: 0 }]);
      }
    });

    it('answers as pg does: promises, callbacks, values, names, arrays, pages', async () => {
      assert.ok(alice instanceof pg.Pool);
      const text = 'select user_id from orders where total > $1';
      for (const pool of [alice, bob, alice]) assert.equal((await pool.query({ name: 'mine', text, values: [5] })).rowCount, 5);
      assert.equal(await new Promise((done) => alice.query(text, [5], (_, result) => done(result.rowCount))), 5);
      assert.equal(
        await new Promise((done) => alice.query('select 7 as n', (_: Error, result: pg.QueryResult) => done(result.rows[0].n))),
        7,
      );
      assert.deepEqual((await alice.query({ text: 'select 1, 2', rowMode: 'array' })).rows, [[1, 2]]);
      const paged: object = { text: 'select * from orders', rows: 3 };
      assert.equal((await alice.query(paged as pg.QueryConfig)).rows.length, 10);
      const inserted = await alice.query('insert into orders (total) values (99) returning user_id');
      assert.deepEqual([inserted.command, inserted.rows[0].user_id], ['INSERT', 'user-1']);
      await alice.query('delete from orders where total = 99');
    });

    it('passes the database’s own errors on, and keeps the connection', async () => {
      const total = db.pool.totalCount;
      assert.equal((await failure(alice.query('select 1/0'))).code, '22012');
      for (let i = 0; i < 2; i++) assert.equal((await failure(alice.query({ name: 'bad', text: 'select nope' }))).code, '42703');
      assert.match((await failure(alice.query('select $1', [{ toPostgres: () => assert.fail('boom') }]))).message, /boom/);
      assert.ok(db.pool.totalCount >= total - 1);
      assert.equal(await who(bob), 'user-2');
    });

    it('R-110 keeps the person through a transaction, an error, a savepoint and the next transaction', async () => {
      const client = await alice.connect();
      await client.query('begin isolation level serializable');
      await client.query("update orders set status = 'kept' where total = 1");
      assert.equal((await client.query('show transaction_isolation')).rows[0].transaction_isolation, 'serializable');
      await client.query('savepoint a');
      assert.equal((await failure(client.query('select 1/0'))).code, '22012');
      await client.query('rollback to savepoint a');
      assert.equal(await who(client), 'user-1');
      await client.query('commit and chain');
      assert.equal(await who(client), 'user-1');
      await client.query('rollback');
      assert.equal(await who(client), 'user-1');
      await client.query('start transaction');
      await client.query('set transaction isolation level repeatable read read only');
      assert.equal((await failure(client.query("update orders set status = 'x'"))).code, '25006');
      await client.query('rollback');
      client.release();
      assert.throws(() => client.release(), /already been released/);
      assert.equal((await alice.query("select 1 from orders where status = 'kept'")).rowCount, 1);
      assert.deepEqual(await leftovers(db.pool), []);
    });

    it('R-110 rolls back what was not committed when a client is given back', async () => {
      const client = await alice.connect();
      await client.query('begin');
      await client.query("update orders set status = 'lost'");
      client.release();
      assert.equal((await alice.query("select 1 from orders where status = 'lost'")).rowCount, 0);
      const early = await alice.connect();
      const running = failure(early.query('select count(*) from generate_series(1, 100000)'));
      early.release();
      await running;
      assert.equal(await who(bob), 'user-2');
      assert.deepEqual(await leftovers(db.pool), []);
    });

    it('runs cursors as the person', async () => {
      const client = await alice.connect();
      const cursor = client.query(new Cursor('select user_id from orders where total > $1', [0]));
      const rows = [...(await cursor.read(4)), ...(await cursor.read(100))];
      await cursor.close();
      assert.deepEqual([rows.length, new Set(rows.map((row) => row.user_id))], [10, new Set(['user-1'])]);
      assert.equal((await failure(client.query(new Cursor('select nope')).read(1))).code, '42703');
      assert.equal((await failure(client.query(new Cursor('reset role')).read(1))).code, 'statement_refused');
      client.release();
      assert.deepEqual(await leftovers(db.pool), []);
    });

    it('tells whoever uses the pool inside of its own transaction, instead of waiting for ever', async () => {
      const held = await Promise.all(Array.from({ length: db.pool.options.max }, () => alice.connect()));
      assert.equal((await failure(alice.query('select 1'))).code, 'connection_unavailable');
      for (const client of held) client.release();
      assert.equal(await who(alice), 'user-1');
    });

    it('plans again, unseen, when a table changes under a prepared statement', async () => {
      const text = 'select * from orders order by id';
      for (let i = 0; i < 5; i++) await alice.query(text);
      await db.admin('alter table orders add column note text');
      const answers = await Promise.all([alice.query(text), bob.query(text), alice.query(text)]);
      await db.admin('alter table orders drop column note');
      assert.ok(answers.every(({ rows }) => rows.length === 10 && 'note' in rows[0]));
    });

    it('runs a statement once that fails by itself with the code of a stale plan', async () => {
      const text = "select query_to_xml('set x.y = 1', true, true, '')";
      for (let i = 0; i < 6; i++) assert.equal((await failure(alice.query(text))).code, '0A000');
    });

    it('leaves the pool open when a query builder ends its own', async () => {
      await alice.end();
      assert.equal(await who(alice), 'user-1');
    });
  });
}
