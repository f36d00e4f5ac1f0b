import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { openStore, type Statement } from './database.ts';
import { migrate } from './migrate.ts';
import { templatePath } from './pglite.ts';
import { finished, startModule, wrote } from './processes.fixtures.test.ts';

const ADD: Statement = { name: 'add', text: 'insert into issuer.organization (id, name) values ($1, $1)' };
const IDS: Statement = { name: 'ids', text: 'select id from issuer.organization' };

describe('the embedded database', () => {
  let root = '';
  let count = 0;
  const fresh = () => join(root, String(count++));
  before(() => {
    root = mkdtempSync(join(tmpdir(), 'safeconduct-pglite-'));
  });
  after(() => rmSync(root, { recursive: true, force: true }));

  it('has a template of the installed version, so that a first start need not build a cluster', () => {
    const { size } = statSync(templatePath());
    assert.ok(size < 5_000_000, `${size} bytes`);
  });

  it('keeps its data in a directory that only its owner can enter', async () => {
    const dataDirectory = fresh();
    await (await openStore({ dataDirectory })).close();
    assert.equal(statSync(dataDirectory).mode & 0o777, 0o700);
    assert.equal(existsSync(join(dataDirectory, 'pg.lock')), false);
  });

  it('begins anew when the process that created the directory died before it was done', async () => {
    const dataDirectory = fresh();
    mkdirSync(join(dataDirectory, 'pg'), { recursive: true });
    writeFileSync(join(dataDirectory, 'pg/PG_VERSION'), '18');
    writeFileSync(join(dataDirectory, 'pg.creating'), '');
    const store = await openStore({ dataDirectory });
    assert.equal(await store.ready(), true);
    await store.close();
    assert.equal(existsSync(join(dataDirectory, 'pg.creating')), false);
  });

  it('runs the issuer as a role that is no superuser', async () => {
    const store = await openStore({ dataDirectory: fresh() });
    const [row] = await store.run({ name: 'self', text: 'select rolsuper, rolbypassrls from pg_roles where rolname = current_user' }, []);
    assert.deepEqual(row, { rolsuper: false, rolbypassrls: false });
    await store.close();
  });

  it('has every acknowledged row after its process was killed', async () => {
    const dataDirectory = fresh();
    const here = (file: string) => JSON.stringify(new URL(file, import.meta.url).href);
    const writer = startModule(`
      import { openStore } from ${here('database.ts')};
      import { migrate } from ${here('migrate.ts')};
      const store = await openStore({ dataDirectory: ${JSON.stringify(dataDirectory)} });
      await migrate(store);
      for (let n = 0; ; n++) {
        await store.run({ name: 'add', text: 'insert into issuer.organization (id, name) values ($1, $1)' }, [String(n)]);
        process.stdout.write(n + '\\n');
      }`);
    let acknowledged = '';
    writer.stdout?.on('data', (text: Buffer) => {
      acknowledged += text.toString();
    });
    await wrote(writer, '\n50\n');
    const end = finished(writer);
    writer.kill('SIGKILL');
    await end;
    const store = await openStore({ dataDirectory });
    const ids = new Set((await store.run<{ id: string }>(IDS, [])).map(({ id }) => id));
    for (const id of acknowledged.split('\n').slice(0, -1)) assert.ok(ids.has(id), `row ${id} was lost`);
    await store.close();
  });

  it('can be closed and opened again, with its rows', async () => {
    const dataDirectory = fresh();
    const first = await openStore({ dataDirectory });
    await migrate(first);
    await first.run(ADD, ['shop']);
    await first.close();
    const second = await openStore({ dataDirectory });
    assert.deepEqual(await second.run(IDS, []), [{ id: 'shop' }]);
    await second.close();
  });
});
