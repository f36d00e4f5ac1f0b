import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { createDatabase, postgresSkipped } from '@safeconduct/test-support/postgres';
import { openStore, type Statement } from './database.ts';
import { recordEvent } from './events.ts';
import { migrate, pending, readMigrations } from './migrate.ts';
import { finished, startModule } from './processes.fixtures.test.ts';
import { onBothEngines } from './stores.fixtures.test.ts';

const statement = (text: string): Statement => ({ name: text.slice(0, 60), text });
const here = (file: string) => JSON.stringify(new URL(file, import.meta.url).href);
const migrator = `
  import { openStore } from ${here('database.ts')};
  import { migrate } from ${here('migrate.ts')};
  const store = await openStore({ databaseUrl: process.env.TEST_URL || undefined, dataDirectory: process.env.TEST_DATA });
  console.log((await migrate(store)).length);
  await store.close();`;

onBothEngines(
  'migrations',
  (fixture) => {
    it('are applied once by two that start together, and then never again', async () => {
      const applied = await Promise.all([migrate(fixture.store()), migrate(fixture.store())]);
      const names = readMigrations().map(({ name }) => name);
      assert.deepEqual(applied.flat().sort(), names);
      assert.deepEqual(await migrate(fixture.store()), []);
    });

    it('are refused when a file was changed after it was applied', async () => {
      const changed = readMigrations().map((one) => (one.number === 1 ? { ...one, checksum: 'other' } : one));
      await assert.rejects(pending(fixture.store().run, changed), /0001-organizations was changed.*write the change as a new one/);
    });

    it('create tables that docs/storage.md all tells of', async () => {
      const rows = await fixture
        .store()
        .run<{ name: string }>(statement(`select tablename as name from pg_tables where schemaname = 'issuer'`), []);
      const text = readFileSync(new URL('../../../../docs/storage.md', import.meta.url), 'utf8');
      const listed =
        text
          .split('`artifact` holds')[0]
          ?.split('\n')
          .filter((line) => line.startsWith('| `')) ?? [];
      const told = listed.flatMap((line) => (line.split('|')[1] ?? '').match(/\w+/g) ?? []);
      assert.deepEqual(told.sort(), rows.map(({ name }) => name).sort());
    });

    it('leave nothing behind when one fails', async () => {
      const failing = fixture.store().transaction(async (run) => {
        await run({ name: 'script', text: 'create table issuer.half (id int); select 1 / 0', script: true }, []);
      });
      await assert.rejects(failing, { code: '22012' });
      const [row] = await fixture.store().run<{ there: boolean }>(statement(`select to_regclass('issuer.half') is not null as there`), []);
      assert.equal(row?.there, false);
    });
  },
  { migrated: false },
);

onBothEngines(
  'the migration to service users',
  (fixture) => {
    it('keeps keys and secrets, and makes a user of each service', async () => {
      const store = fixture.store();
      const script = (text: string) => store.transaction((run) => run({ name: 'script', text, script: true }, []));
      const texts = (from: number, to: number) => readMigrations().filter(({ number }) => number >= from && number <= to);
      await script('create schema issuer; create table issuer.lease (name text primary key)');
      for (const { text } of texts(1, 4)) await script(text);
      await script(`
        insert into issuer.organization (id, name) values ('o', 'O');
        insert into issuer.project (id, organization_id, name) values ('p', 'o', 'P');
        insert into issuer.application (id, project_id, kind, name, auth_method, jwks) values
          ('job', 'p', 'service', 'Job', 'private_key_jwt', '{"keys":[{"kty":"EC","kid":"a"},{"kty":"EC"}]}'),
          ('web', 'p', 'web', 'Web', 'client_secret_basic', null);
        insert into issuer.application_secret (application_id, hash) values ('web', 'one'), ('web', 'two');
        insert into issuer.users (id, kind, organization_id, name) values ('old', 'service', 'o', null), ('usr', 'person', 'o', 'Ada');`);
      for (const { text } of texts(5, 5)) await script(text);
      const services = `select id, kind, organization_id, name, state from issuer.users where kind = 'service' order by id`;
      assert.deepEqual(await store.run(statement(services), []), [
        { id: 'job', kind: 'service', organization_id: 'o', name: 'Job', state: 'active' },
        { id: 'old', kind: 'service', organization_id: 'o', name: null, state: 'active' },
      ]);
      const applications = 'select id, kind, project_id, name, grant_types from issuer.application order by id';
      assert.deepEqual(await store.run(statement(applications), []), [
        { id: 'job', kind: 'service', project_id: 'p', name: 'Job', grant_types: [] },
        { id: 'old', kind: 'service', project_id: null, name: 'old', grant_types: ['client_credentials'] },
        { id: 'web', kind: 'web', project_id: 'p', name: 'Web', grant_types: [] },
      ]);
      assert.deepEqual(await store.run(statement('select application_id, id, jwk from issuer.application_key order by id'), []), [
        { application_id: 'job', id: 'a', jwk: { kty: 'EC', kid: 'a' } },
        { application_id: 'job', id: 'key-2', jwk: { kty: 'EC' } },
      ]);
      const secrets = await store.run<{ id: string; hash: string }>(
        statement('select id, hash from issuer.application_secret order by hash'),
        [],
      );
      assert.deepEqual(
        secrets.map(({ hash }) => hash),
        ['one', 'two'],
      );
      assert.equal(new Set(secrets.map(({ id }) => id)).size, 2);
    });
  },
  { migrated: false },
);

describe('a role that owns nothing', { skip: postgresSkipped }, () => {
  it('is told to have the owner migrate', async () => {
    const database = await createDatabase();
    const admin = await openStore({ databaseUrl: database.url, dataDirectory: '.' });
    const name = `nobody_${new URL(database.url).pathname.slice(1)}`;
    await admin.run(statement(`create role ${name} login`), []);
    const url = new URL(database.url);
    url.username = name;
    const store = await openStore({ databaseUrl: url.href, dataDirectory: '.' });
    try {
      await assert.rejects(migrate(store), /run `safeconduct migrate` as its owner/);
    } finally {
      await store.close();
      await admin.run(statement(`drop role ${name}`), []);
      await admin.close();
      await database.drop();
    }
  });
});

describe('migrations by two processes', () => {
  it('are applied once each on PostgreSQL', { skip: postgresSkipped }, async () => {
    const database = await createDatabase();
    try {
      const ends = await Promise.all([1, 2, 3].map(() => finished(startModule(migrator, { TEST_URL: database.url, TEST_DATA: '.' }))));
      assert.deepEqual(
        ends.map(({ code }) => code),
        [0, 0, 0],
        ends.map(({ output }) => output).join('\n'),
      );
      const counts = ends.map(({ output }) => Number(output));
      assert.equal(
        counts.reduce((sum, count) => sum + count, 0),
        readMigrations().length,
      );
    } finally {
      await database.drop();
    }
  });
});

describe('R-145 the audit log on PostgreSQL', { skip: postgresSkipped }, () => {
  const roles = ['owner_role', 'app_role'] as const;
  for (const role of roles) {
    it(`R-145 cannot be changed, emptied or dropped piece by piece by the ${role}`, async () => {
      const database = await createDatabase();
      const admin = await openStore({ databaseUrl: database.url, dataDirectory: '.' });
      const [owner, app] = roles.map((name) => `${name}_${new URL(database.url).pathname.slice(1)}`) as [string, string];
      const as = (name: string) => {
        const url = new URL(database.url);
        url.username = name;
        return openStore({ databaseUrl: url.href, dataDirectory: '.' });
      };
      for (const name of [owner, app]) await admin.run(statement(`create role ${name} login`), []);
      await admin.run(statement(`grant create on database ${new URL(database.url).pathname.slice(1)} to ${owner}`), []);
      const migrating = await as(owner);
      await migrate(migrating, { appRole: app });
      await migrating.close();
      const store = await as(role === 'owner_role' ? owner : app);
      try {
        await recordEvent(store.run, { type: 'login.ok', outcome: 'ok' });
        const refused = [
          'update issuer.event set actor = $$x$$',
          'delete from issuer.event',
          'truncate issuer.event',
          'update issuer.event_chain set hash = $$x$$',
        ];
        for (const text of refused) await assert.rejects(store.run(statement(text), []), { code: '42501' }, text);
        if (role === 'owner_role') return;
        // Without a right to pass on, granting only warns; what counts is that nothing was gained.
        await store.run(statement(`grant update on issuer.event to ${app}`), []);
        await assert.rejects(store.run(statement('update issuer.event set actor = $$x$$'), []), { code: '42501' });
        await assert.rejects(store.run(statement(`delete from issuer.migration`), []), { code: '42501' });
      } finally {
        await store.close();
        await admin.run(statement(`drop owned by ${app}, ${owner} cascade`), []);
        await admin.run(statement(`drop role ${app}, ${owner}`), []);
        await admin.close();
        await database.drop();
      }
    });
  }
});
