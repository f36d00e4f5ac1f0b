import assert from 'node:assert/strict';
import { createSecretKey, randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { createDatabase, postgresSkipped, type TestDatabase } from '@safeconduct/test-support/postgres';
import pg from 'pg';
import { asUser } from './as-user.ts';
import { failure, openServer, person } from './fixtures.test.ts';
import { installQuery } from './install.ts';

describe('installQuery', { skip: postgresSkipped }, () => {
  let database: TestDatabase;
  let root: pg.Pool;
  before(async () => {
    database = await createDatabase();
    root = new pg.Pool({ connectionString: database.url, max: 8 });
    root.on('error', () => {});
  });
  after(async () => {
    await root.end();
    await database.drop();
  });

  it('may run in many processes at once, and again', async () => {
    const all = await Promise.all(Array.from({ length: 8 }, () => installQuery(root)));
    assert.deepEqual(new Set(all.map(({ version }) => version)), new Set([1]));
    assert.deepEqual(await installQuery(root), { version: 1, signed: false });
  });

  it('makes helpers that are STABLE and that policies inline', async () => {
    const { rows } = await root.query(
      "select proname, provolatile from pg_proc where pronamespace = 'safeconduct'::regnamespace order by 1",
    );
    assert.deepEqual(
      rows.map(({ proname }) => proname),
      ['has_role', 'identity', 'organization', 'subject'],
    );
    assert.ok(rows.every(({ provolatile }) => provolatile === 's'));
  });

  it('leaves a newer installation as it is', async () => {
    await root.query('insert into safeconduct.installed (version, signed) values (99, false)');
    const left = await installQuery(root);
    await root.query('delete from safeconduct.installed where version = 99');
    assert.deepEqual(left, { version: 99, signed: false });
  });

  it('quotes every name', async () => {
    const role = `odd "name'; drop schema safeconduct; --`;
    await installQuery(root, { role });
    const { rowCount } = await root.query('select 1 from pg_roles where rolname = $1', [role]);
    await root.query(`drop owned by ${pg.escapeIdentifier(role)}; drop role ${pg.escapeIdentifier(role)}`);
    assert.equal(rowCount, 1);
    await assert.rejects(installQuery(root, { role: '' }), TypeError);
  });

  it('goes from plain to signed, and not back without saying so', async () => {
    const key = createSecretKey(randomBytes(32));
    assert.deepEqual(await installQuery(root, { key }), { version: 1, signed: true });
    assert.equal((await failure(installQuery(root))).code, 'database_unsafe');
    await assert.rejects(installQuery(root, { key: createSecretKey(randomBytes(16)) }), TypeError);
  });

  it('accepts the earlier key for a while when the key changes', async () => {
    const [old, young] = [createSecretKey(randomBytes(32)), createSecretKey(randomBytes(32))];
    const db = await openServer({ max: 1, key: old });
    await installQuery({ query: (text) => db.admin(text) }, { key: young });
    const seen = await Promise.all([old, young].map((key) => asUser(person('user-1'), db.pool, { key }).query('select * from orders')));
    await db.admin("update safeconduct.seal set until = now() - interval '1 second' where until is not null");
    const late = await failure(asUser(person('user-1'), db.pool, { key: old }).query('select * from orders'));
    await db.close();
    assert.deepEqual([seen.map(({ rowCount }) => rowCount), late.code], [[10, 10], '28000']);
  });

  it('says nothing false where the administrator is no superuser: set_config stays open', async () => {
    const name = `managed_${process.pid}`;
    await root.query(`create role ${name} login createrole password 'demo'`);
    await root.query(`create database ${name} owner ${name}`);
    const url = new URL(database.url);
    Object.assign(url, { username: name, password: 'demo', pathname: `/${name}` });
    const managed = new pg.Pool({ connectionString: url.href, max: 1 });
    const role = `${name}_user`;
    await installQuery(managed, { role });
    const { rows } = await managed.query(
      "select has_function_privilege($1, 'pg_catalog.set_config(text,text,boolean)', 'execute') as open",
      [role],
    );
    await managed.end();
    await root.query(`drop database ${name}`);
    await root.query(`drop role ${role}; drop role ${name}`);
    assert.equal(rows[0].open, true);
  });
});
