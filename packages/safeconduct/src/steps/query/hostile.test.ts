import assert from 'node:assert/strict';
import { createSecretKey, randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { postgresSkipped } from '@safeconduct/test-support/postgres';
import type pg from 'pg';
import { asUser } from './as-user.ts';
import { createBinding } from './binding.ts';
import { failure, kinds, leftovers, openServer, person, type TestDatabase } from './fixtures.test.ts';
import { seal } from './seal.ts';
import { settingOf } from './setting.ts';

const VICTIM = settingOf(person('user-2'));
const FORGE = `set_config('safeconduct.identity', '${VICTIM}', true)`;
const WHO = "select string_agg(distinct user_id, ',') as who from orders";
/** Ways to become somebody else by SQL; the last text of each asks who one is. */
const attacks: readonly (readonly [string, readonly string[]])[] = [
  ['set_config in the target list', [`select (select ${FORGE}), (select string_agg(distinct user_id, ',') from orders) as who`]],
  [
    'set_config in a CTE',
    [
      `with z as materialized (select ${FORGE}) select string_agg(distinct user_id, ',') as who from z, lateral (select * from orders offset 0) o`,
    ],
  ],
  ['set_config in FROM', [`select string_agg(distinct user_id, ',') as who from (select ${FORGE} offset 0) z, orders`]],
  ['SET LOCAL', [`set local safeconduct.identity = '${VICTIM}'`, WHO]],
  ['SET', [`set safeconduct.identity = '${VICTIM}'`, WHO]],
  ['SET behind a comment', [`/* hello */ -- there\nset local safeconduct.identity = '${VICTIM}'`, WHO]],
  ['SET behind a nested comment', ['/* /* */ */ reset role', WHO]],
  ['RESET ROLE', ['reset role', WHO]],
  ['SET ROLE', ['set role none', WHO]],
  ['SET SESSION AUTHORIZATION', ['set session authorization default', WHO]],
  ['set_config of the role', ["select set_config('role', 'none', true)", WHO]],
  ['DO', [`do $$ begin perform ${FORGE}; end $$`, WHO]],
  ['DISCARD ALL', ['discard all', WHO]],
  ['PREPARE', ['prepare p as select 1', WHO]],
  ['EXPLAIN of the prepared binding', [`explain analyze execute safeconduct_drop('${VICTIM}', 'safeconduct_user')`, WHO]],
  ['two statements in one text', [`set local safeconduct.identity = '${VICTIM}'; ${WHO}`]],
  ['COMMIT in front of a statement', [`commit; ${WHO}`]],
  ['a statement behind a harmless one', [`select 1; set safeconduct.identity = '${VICTIM}'`, WHO]],
  ['query_to_xml', [`select query_to_xml('set local safeconduct.identity = ''${VICTIM}''', true, true, '')`, WHO]],
  [
    'query_to_xml of set_config',
    [`select query_to_xml($q$select ${FORGE}$q$, true, true, '')::text, (select string_agg(distinct user_id, ',') from orders) as who`],
  ],
  [
    'a function of its own',
    [
      `create function f() returns text language sql as $q$ select ${FORGE} $q$`,
      "select f(), (select string_agg(distinct user_id, ',') from orders) as who",
    ],
  ],
  ['a temporary table in front', ['create temp table orders as select 1 as user_id', WHO]],
  ['a selected temporary table', ["select 'user-2'::text as user_id into temp orders", WHO]],
  ['another search path', ['set search_path = nowhere, pg_catalog', "select string_agg(distinct user_id, ',') as who from public.orders"]],
  ['a cursor that outlives the transaction', ['declare c cursor with hold for select * from orders', WHO]],
];

async function runAll(client: { query(text: string): Promise<pg.QueryResult> }, texts: readonly string[]): Promise<string> {
  let who = '';
  for (const text of texts)
    who = await client.query(text).then(
      ({ rows }) => String(rows[0]?.who ?? ''),
      () => who,
    );
  return who;
}

for (const { kind, skip, open } of kinds) {
  describe(`forging an identity by SQL on ${kind}`, { skip }, () => {
    let db: TestDatabase;
    let alice: pg.Pool;
    let bob: pg.Pool;
    before(async () => {
      db = await open({ max: 1 });
      alice = asUser(person('user-1'), db.pool);
      bob = asUser(person('user-3'), db.pool);
    });
    after(() => db.close());

    for (const [name, texts] of attacks) {
      it(`R-110 does not work by ${name}`, async () => {
        assert.ok(['', 'user-1', '1'].includes(await runAll(alice, texts)), 'on the pool');
        const client = await alice.connect();
        await client.query('begin');
        const who = await runAll(client, texts);
        client.release();
        assert.ok(['', 'user-1', '1'].includes(who), `in a transaction: ${who}`);
        assert.deepEqual(await leftovers(db.pool), []);
        assert.equal((await bob.query(WHO)).rows[0].who, 'user-3');
      });
    }

    it('R-117 takes one statement a text, refused by the server itself', async () => {
      assert.equal((await failure(alice.query('select 1; select 2'))).code, '42601');
      assert.equal((await failure(alice.query({ text: 'select 1; select 2', queryMode: 'simple' } as pg.QueryConfig))).code, '42601');
    });

    it('refuses a statement that comes by its name only', async () => {
      assert.equal((await failure(alice.query({ name: 'safeconduct_drop' } as pg.QueryConfig))).code, 'statement_refused');
      assert.equal((await alice.query(WHO)).rows[0].who, 'user-1');
    });

    it('refuses a transaction on the pool', async () => {
      assert.equal((await failure(alice.query('begin'))).code, 'statement_refused');
      assert.deepEqual(await leftovers(db.pool), []);
    });
  });
}

describe('what happens to a connection', { skip: postgresSkipped }, () => {
  let db: TestDatabase;
  let alice: pg.Pool;
  before(async () => {
    db = await openServer({ max: 1 });
    alice = asUser(person('user-1'), db.pool);
  });
  after(() => db.close());
  const signal = (what: string) =>
    db.admin(`select ${what}(pid) from pg_stat_activity where datname = current_database() and usename like '%_login' and state <> 'idle'`);
  const sleeping = async (): Promise<void> => {
    while (
      (
        await db.admin(
          "select 1 from pg_stat_activity where datname = current_database() and query like '%pg_sleep%' and wait_event = 'PgSleep'",
        )
      ).rowCount === 0
    );
  };
  const clean = async (): Promise<void> => {
    assert.deepEqual(await leftovers(db.pool), []);
    assert.equal((await asUser(person('user-3'), db.pool).query(WHO)).rows[0].who, 'user-3');
  };

  for (const [what, code] of [
    ['pg_cancel_backend', '57014'],
    ['pg_terminate_backend', '57P01'],
  ] as const) {
    it(`R-110 leaves nobody behind after ${what}`, async () => {
      const slow = failure(alice.query('select pg_sleep(20)'));
      await sleeping();
      await signal(what);
      assert.equal((await slow).code, code);
      await clean();
    });
  }

  it('R-110 leaves nobody behind after a client-side timeout', async () => {
    const config: object = { text: 'select pg_sleep(1)', query_timeout: 50 };
    assert.match((await failure(alice.query(config as pg.QueryConfig))).message, /timeout/);
    await clean();
  });

  it('runs nothing when the identity cannot be set', async () => {
    const stranger = asUser(person('user-1'), db.pool, { role: 'pg_monitor' });
    assert.equal((await failure(stranger.query('select 1'))).code, 'database_unsafe');
    const client = await stranger.connect();
    assert.equal((await failure(client.query({ name: 'x', text: WHO }))).code, 'database_unsafe');
    client.release();
    await clean();
  });
});

describe('R-114 signed identities, with set_config open to everybody', { skip: postgresSkipped }, () => {
  const key = createSecretKey(randomBytes(32));
  let db: TestDatabase;
  before(async () => {
    db = await openServer({ max: 1, key });
    await db.admin('grant execute on function pg_catalog.set_config(text, text, boolean) to public');
  });
  after(() => db.close());
  const now = (): number => Math.floor(Date.now() / 1000);
  const bound = async (setting: string): Promise<{ code: string; message: string }> => {
    const client = await db.pool.connect();
    const { text, values } = createBinding({ setting, role: 'safeconduct_user', prepare: false, key: undefined, limits: undefined });
    await client.query('begin');
    await client.query(text, [...values()]);
    const error = await failure(client.query(WHO));
    await client.query('rollback');
    client.release();
    return error;
  };

  it('R-114 shows the right person their rows', async () => {
    assert.equal((await asUser(person('user-1'), db.pool, { key }).query(WHO)).rows[0].who, 'user-1');
  });

  for (const [name, texts] of attacks) {
    it(`R-114 does not fall to ${name}`, async () => {
      const client = await db.pool.connect();
      const { text, values } = createBinding({
        setting: settingOf(person('user-1')),
        role: 'safeconduct_user',
        prepare: false,
        key,
        limits: undefined,
      });
      await client.query('begin');
      await client.query(text, [...values()]);
      const who = await runAll({ query: async (sql) => [await client.query(sql)].flat().at(-1) as pg.QueryResult }, texts);
      await client.query('rollback');
      client.release(true);
      assert.ok(!/user-[02-9]/.test(who), who);
    });
  }

  it('R-114 refuses what is unsigned, altered, expired or signed by another key', async () => {
    const good = settingOf(person('user-1'));
    const other = createSecretKey(randomBytes(32));
    const bad = [
      good,
      seal(good, other, now()),
      seal(good, key, now() - 1000),
      seal(good, key, now()).replace('user-1', 'user-2'),
      `${'z'.repeat(64)}${good}`,
      'ab',
    ];
    assert.equal((await bound(seal(good, key, now()))).code, 'none');
    for (const setting of bad) assert.equal((await bound(setting)).code, '28000');
  });

  it('R-114 keeps the key from the role that statements run as, and from the login role', async () => {
    const read = 'select inner_pad from safeconduct.seal';
    assert.equal((await failure(asUser(person('user-1'), db.pool, { key }).query(read))).code, '42501');
    assert.equal((await failure(db.pool.query(read))).code, '42501');
  });
});
