import assert from 'node:assert/strict';
import { createSecretKey, randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { postgresSkipped } from '@safeconduct/test-support/postgres';
import type pg from 'pg';
import { asUser } from './as-user.ts';
import { failure, openEmbedded, openServer, person, type TestDatabase } from './fixtures.test.ts';
import { outdated } from './server-version.ts';

const key = createSecretKey(randomBytes(32));
const allowOutdatedServerForUntrustedSql = true;

describe('SQL that nobody trusts', { skip: postgresSkipped }, () => {
  let db: TestDatabase;
  let alice: pg.Pool;
  before(async () => {
    db = await openServer({ max: 2, key });
    alice = asUser(person('user-1'), db.pool, {
      key,
      untrusted: { rows: 20, bytes: 20_000, milliseconds: 300 },
      allowOutdatedServerForUntrustedSql,
    });
  });
  after(() => db.close());

  it('reads the person’s rows', async () => {
    assert.deepEqual((await alice.query('with mine as (select * from orders) select distinct user_id from mine')).rows, [
      { user_id: 'user-1' },
    ]);
    const { rows } = await alice.query({
      name: 'paged',
      text: 'select * from orders where total > $1',
      values: [5],
      rows: 2,
    } as pg.QueryConfig);
    assert.equal(rows.length, 5);
  });

  it('needs a key', () => {
    assert.throws(() => asUser(person('user-1'), db.pool, { untrusted: true }), TypeError);
  });

  it('R-115 is refused on a PostgreSQL below its security release', { skip: process.env.SAFECONDUCT_TEST_NEW_SERVER }, async () => {
    const version = Number((await db.admin("select current_setting('server_version_num') as v")).rows[0].v);
    const { code, message } = await failure(asUser(person('user-1'), db.pool, { key, untrusted: true }).query('select 1'));
    assert.equal(code, outdated(version) === undefined ? 'none' : 'database_unsafe');
    if (code !== 'none') assert.match(message, /upgrade/);
  });

  it('R-115 knows the releases', () => {
    const old = [180006, 170011, 160015, 150019, 140024, 130099];
    const fixed = [180007, 170012, 160016, 150020, 140025, 190000];
    assert.ok(old.every((version) => outdated(version) !== undefined));
    assert.ok(fixed.every((version) => outdated(version) === undefined));
  });

  it('R-117 is one reading statement at a time', async () => {
    for (const text of [
      'select 1; select 2',
      "insert into orders (status) values ('x')",
      'explain select * from orders',
      'show all',
      'copy orders to stdout',
      'begin',
      'set local statement_timeout = 0',
      'lock orders',
      '',
      'fetch c',
    ]) {
      assert.ok(['statement_refused', '42601'].includes((await failure(alice.query(text))).code), text);
    }
    assert.equal(
      (await failure(alice.query("with x as (insert into orders (status) values ('x') returning 1) select * from x"))).code,
      '25006',
    );
    assert.equal((await failure(alice.connect())).code, 'statement_refused');
  });

  it('R-117 stops what takes too long', async () => {
    assert.equal((await failure(alice.query('select pg_sleep(5)'))).code, '57014');
  });

  it('R-117 stops an answer with too many rows or bytes', async () => {
    assert.equal((await alice.query('select generate_series(1, 20)')).rowCount, 20);
    assert.match((await failure(alice.query('select generate_series(1, 21)'))).message, /more than 20 rows/);
    assert.match((await failure(alice.query("select repeat('x', 30000)"))).message, /more than 20000 bytes/);
    assert.equal((await alice.query('select 1 as one')).rows[0].one, 1);
  });

  it('R-117 hangs up on one long row instead of taking it in', async () => {
    const patient = asUser(person('user-1'), db.pool, { key, untrusted: { milliseconds: 20_000 }, allowOutdatedServerForUntrustedSql });
    await patient.query('select 1');
    const before = process.resourceUsage().maxRSS;
    assert.match((await failure(patient.query("select repeat('x', 200000000)"))).message, /more than 4194304 bytes/);
    assert.ok(process.resourceUsage().maxRSS - before < 100_000, 'kilobytes');
    assert.equal((await alice.query('select 1 as one')).rows[0].one, 1);
  });

  it('R-117 leaves no lock on the connection', async () => {
    const single = await openServer({ max: 1, key }); // the next query waits until the connection came back
    try {
      const bob = asUser(person('user-2'), single.pool, { key, untrusted: true, allowOutdatedServerForUntrustedSql });
      const held = "select l.objid from pg_locks l where l.locktype = 'advisory' and l.pid = pg_backend_pid()";
      const { rows } = await bob.query(`select pg_advisory_lock(1), pg_advisory_lock_shared(2), pg_backend_pid() as pid`);
      assert.equal((await bob.query('select pg_backend_pid() as pid')).rows[0].pid, rows[0].pid);
      assert.deepEqual((await bob.query(held)).rows, []);
    } finally {
      await single.close();
    }
  });

  it('refuses a database that signs nothing', async () => {
    const plain = await openServer({ max: 1 });
    const pool = asUser(person('user-1'), plain.pool, { key, untrusted: true, allowOutdatedServerForUntrustedSql });
    const { code } = await failure(pool.query('select 1'));
    await plain.close();
    assert.equal(code, 'database_unsafe');
  });

  it('R-112 is refused on PGlite', async () => {
    const embedded = await openEmbedded({ key });
    try {
      assert.throws(() => asUser(person('user-1'), embedded.pool, { key, untrusted: true, allowOutdatedServerForUntrustedSql }), {
        code: 'database_unsafe',
      });
      const { rows } = await asUser(person('user-1'), embedded.pool, { key }).query('select distinct user_id, current_user from orders');
      assert.deepEqual(rows, [{ user_id: 'user-1', current_user: 'safeconduct_user' }]);
    } finally {
      await embedded.close();
    }
  });
});
