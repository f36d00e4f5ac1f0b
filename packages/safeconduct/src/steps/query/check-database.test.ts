import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { postgresSkipped } from '@safeconduct/test-support/postgres';
import type { SafeconductError } from '../../core/identity/errors.ts';
import { type CheckDatabaseOptions, checkDatabase } from './check-database.ts';
import type { CHECKS, DatabaseFinding } from './findings.ts';
import { openEmbedded, openServer, type TestDatabase } from './fixtures.test.ts';

/** Finding -> SQL that brings it about, as a superuser, and SQL that takes it back. `LOGIN` and `ROLE` stand for the roles. */
const broken: Record<keyof typeof CHECKS, readonly [wrong: string, right: string]> = {
  superuser: ['alter role LOGIN superuser', 'alter role LOGIN nosuperuser'],
  bypasses_row_security: ['alter role ROLE bypassrls', 'alter role ROLE nobypassrls'],
  may_become_powerful: ['create role LOGIN_power bypassrls; grant LOGIN_power to LOGIN', 'drop role LOGIN_power'],
  role_not_granted: ['revoke ROLE from LOGIN', 'grant ROLE to LOGIN'],
  owner: [
    'create role LOGIN_owner; grant LOGIN_owner to LOGIN; alter table orders owner to LOGIN_owner',
    'alter table orders owner to current_user; drop role LOGIN_owner',
  ],
  row_security_off: ['alter table orders disable row level security', 'alter table orders enable row level security'],
  row_security_not_forced: ['alter table orders no force row level security', 'alter table orders force row level security'],
  no_policy: [
    'create table bare (id int); alter table bare enable row level security, force row level security; grant select on bare to ROLE',
    'drop table bare',
  ],
  policy_compares_database_role: ['create policy wrong on tickets using (body = current_user)', 'drop policy wrong on tickets'],
  shared_table_writable: ['create table products (id int); grant select, insert on products to ROLE', 'drop table products'],
  view_runs_as_owner: ['create view leak as select * from orders; grant select on leak to ROLE', 'drop view leak'],
  materialized_view: [
    'create materialized view copied as select * from orders; grant select on copied to ROLE',
    'drop materialized view copied',
  ],
  foreign_table: [
    'create foreign data wrapper w; create server s foreign data wrapper w; create foreign table far (id int) server s; grant select on far to ROLE',
    'drop foreign data wrapper w cascade',
  ],
  dangerous_grant: ['grant truncate on orders to ROLE', 'revoke truncate on orders from ROLE'],
  definer_function: [
    "create function leak() returns bigint language sql security definer as 'select count(*) from orders'",
    'drop function leak()',
  ],
  helper_missing: [
    'alter function safeconduct.organization() rename to organisation',
    'alter function safeconduct.organisation() rename to organization',
  ],
  helper_not_stable: ['alter function safeconduct.organization() volatile', 'alter function safeconduct.organization() stable'],
  helper_changeable: [
    'alter function safeconduct.organization() owner to LOGIN',
    'alter function safeconduct.organization() owner to current_user',
  ],
  may_create: ['grant create on schema public to public', 'revoke create on schema public from public'],
  may_create_temporary_tables: [
    'do $$ begin execute format($f$grant temporary on database %I to public$f$, current_database()); end $$',
    'do $$ begin execute format($f$revoke temporary on database %I from public$f$, current_database()); end $$',
  ],
  search_path_not_pinned: [
    'do $$ begin execute format($f$alter role LOGIN in database %I reset search_path$f$, current_database()); end $$',
    'do $$ begin execute format($f$alter role LOGIN in database %I set search_path = public, pg_temp$f$, current_database()); end $$',
  ],
  set_config_open: [
    'grant execute on function pg_catalog.set_config(text, text, boolean) to public',
    'revoke execute on function pg_catalog.set_config(text, text, boolean) from public',
  ],
  identity_by_default: [
    `do $$ begin execute format($f$alter role LOGIN in database %I set safeconduct.identity = '{"sub":"user-1"}'$f$, current_database()); end $$`,
    'do $$ begin execute format($f$alter role LOGIN in database %I reset safeconduct.identity$f$, current_database()); end $$',
  ],
  login_has_rights: ['grant select on orders to LOGIN', 'revoke select on orders from LOGIN'],
};

async function found(pool: Parameters<typeof checkDatabase>[0], options: CheckDatabaseOptions = {}): Promise<readonly DatabaseFinding[]> {
  try {
    await checkDatabase(pool, options);
    return [];
  } catch (error) {
    const { code, cause, message } = error as SafeconductError;
    assert.equal(code, 'database_unsafe', String(error));
    const list = cause as readonly DatabaseFinding[];
    for (const finding of list) assert.ok(message.includes(finding.message) && message.includes(finding.fix));
    return list;
  }
}

describe('checkDatabase', { skip: postgresSkipped }, () => {
  // Roles are the whole server's, and other tests use the default one.
  const role = `checked_${process.pid}`;
  let db: TestDatabase;
  let login: string;
  const options: CheckDatabaseOptions = { role, shared: ['products'] };
  const sql = (text: string) => db.admin(text.replaceAll('LOGIN', login).replaceAll('ROLE', role));
  before(async () => {
    db = await openServer({ max: 1, role });
    login = new URL(db.url).username;
  });
  after(async () => {
    await db.admin(`drop owned by ${role}; drop role ${role}`);
    await db.close();
  });
  const fresh = async (): Promise<void> => {
    const client = await db.pool.connect();
    client.release(true);
  };

  it('accepts what installQuery has set up', async () => {
    const report = await checkDatabase(db.pool, options);
    assert.deepEqual([report.engine, report.signed], ['PostgreSQL', false]);
  });

  for (const [code, [wrong, right]] of Object.entries(broken)) {
    it(`R-111 refuses ${code.replaceAll('_', ' ')}`, async () => {
      await sql(wrong);
      await fresh();
      const codes = (await found(db.pool, options)).map((finding) => finding.code as string);
      await sql(right);
      await fresh();
      assert.ok(codes.includes(code), `found ${codes}`);
      assert.deepEqual(await found(db.pool, options), []);
    });
  }

  for (const [name, body] of [
    ['text', "as $$ select current_setting('safeconduct.identity', true)::jsonb ->> 'sub' $$"],
    ['a parsed body', 'begin atomic select safeconduct.subject(); end'],
  ]) {
    it(`R-111 refuses a helper of one's own that is IMMUTABLE, written as ${name}`, async () => {
      await sql(`create function me() returns text language sql immutable ${body}`);
      const wrong = await found(db.pool, options);
      for (const { fix } of wrong) await db.admin(fix);
      const mended = await found(db.pool, options);
      await sql('drop function me()');
      assert.deepEqual([wrong.map(({ code }) => code), mended], [['helper_not_stable'], []]);
    });
  }

  it('R-111 takes an IMMUTABLE function that asks for no identity', async () => {
    await sql("create function shout(text) returns text language sql immutable as 'select upper($1)'");
    const nothing = await found(db.pool, options);
    await sql('drop function shout(text)');
    assert.deepEqual(nothing, []);
  });

  it('R-111 knows every word for the database role, and no column of that name', async () => {
    await sql('create policy wrong on tickets using (body = user)');
    const wrong = await found(db.pool, options);
    await sql('drop policy wrong on tickets');
    await sql('alter table tickets add "user" text; create policy right_one on tickets using ("user" = (select safeconduct.subject()))');
    const right = await found(db.pool, options);
    await sql('drop policy right_one on tickets; alter table tickets drop "user"');
    assert.deepEqual([wrong.map(({ code }) => code), right], [['policy_compares_database_role'], []]);
  });

  it('R-111 refuses rights of the login role on single columns', async () => {
    await sql('grant select (status) on orders to LOGIN');
    const wrong = await found(db.pool, options);
    await sql('revoke select (status) on orders from LOGIN');
    assert.deepEqual(
      wrong.map(({ code }) => code),
      ['login_has_rights'],
    );
  });

  it('R-111 gives fixes that fix', async () => {
    const runnable = [
      'row_security_off',
      'row_security_not_forced',
      'view_runs_as_owner',
      'materialized_view',
      'definer_function',
      'dangerous_grant',
      'helper_not_stable',
      'may_create',
      'may_create_temporary_tables',
      'search_path_not_pinned',
      'set_config_open',
      'policy_compares_database_role',
    ] as const;
    for (const code of runnable) {
      await sql(broken[code][0]);
      await fresh();
      for (const { fix } of await found(db.pool, options)) await db.admin(fix.replace('owner =', 'body =').split('; where')[0] ?? '');
      await fresh();
      assert.deepEqual(await found(db.pool, options), [], code);
    }
  });

  it('R-111 refuses a role that is not there', async () => {
    assert.deepEqual(
      (await found(db.pool, { role: 'nobody_at_all' })).map(({ code }) => code),
      ['role_missing'],
    );
  });

  it('R-111 makes a warning of an open set_config only when told to', async () => {
    await sql(broken.set_config_open[0]);
    const report = await checkDatabase(db.pool, { ...options, allowSetConfigForEverybody: true });
    await sql(broken.set_config_open[1]);
    assert.ok(report.warnings.some(({ code }) => code === 'set_config_open'));
  });

  it('R-111 refuses the login role itself where statements run as it', async () => {
    await sql('grant select on orders to LOGIN; alter table orders disable row level security');
    const codes = (await found(db.pool, { runAsLoginRole: true })).map(({ code }) => code);
    await sql('revoke select on orders from LOGIN; alter table orders enable row level security');
    assert.ok(codes.includes('row_security_off') && codes.includes('set_config_open') === false, String(codes));
  });

  it('R-111 is not talked into the lesser check of PGlite', async () => {
    await assert.rejects(checkDatabase(db.pool, { ...options, embedded: true }), TypeError);
  });

  it('R-115 warns of a server below its security release', async () => {
    const { version, warnings } = await checkDatabase(db.pool, options);
    const old = /^(14\.(?:\d|1\d|2[0-4])|15\.(?:\d|1\d)|16\.(?:\d|1[0-5])|17\.(?:\d|1[01])|18\.[0-6])\b/.test(version);
    assert.equal(
      warnings.some(({ code }) => code === 'outdated_server'),
      old,
    );
  });
});

describe('checkDatabase on PGlite', () => {
  it('R-112 checks the role and says what PGlite cannot keep', async () => {
    const db = await openEmbedded();
    try {
      const { engine, warnings } = await checkDatabase(db.pool, { embedded: true });
      assert.equal(engine, 'PGlite');
      assert.match(warnings.map(({ message }) => message).join(), /session is a superuser/);
      await db.admin('alter table orders disable row level security');
      assert.deepEqual(
        (await found(db.pool, { embedded: true })).map(({ code }) => code),
        ['row_security_off'],
      );
      assert.deepEqual(
        (await found(db.pool)).map(({ code }) => code),
        ['superuser', 'row_security_off'],
      );
    } finally {
      await db.close();
    }
  });
});
