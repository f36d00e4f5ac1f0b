import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { freePort } from '@safeconduct/test-support/ports';
import { createDatabase, postgresSkipped, type TestDatabase } from '@safeconduct/test-support/postgres';
import pg from 'pg';
import { readWrittenHead, writeHead } from './secrets/audit-head.ts';
import { parseMasterKeys } from './secrets/master-key.ts';
import { finished, wrote } from './store/processes.fixtures.test.ts';

const bin = new URL('bin.ts', import.meta.url).pathname;
const face = JSON.stringify(new URL('index.ts', import.meta.url).href);
const configuration = (secret: string) => `
  import { defineConfig, demo } from ${face};
  export default defineConfig({
    organizations: [{ id: 'shop', name: 'Shop' }],
    users: [{ id: 'usr_ada', organization: 'shop', email: 'ada@shop.example', password: ${secret} }],
  });`;

describe('the command safeconduct', () => {
  let directory = '';
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'safeconduct-bin-'));
    writeFileSync(join(directory, 'safeconduct.config.ts'), configuration(`demo('tea and toast and jam')`));
    writeFileSync(join(directory, 'production.config.ts'), configuration(`'tea and toast and jam'`));
    writeFileSync(join(directory, 'empty.config.ts'), 'export const nothing = 1;');
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  function start(args: readonly string[], env: Record<string, string> = {}, cwd = directory): ChildProcess {
    const { PATH = '' } = process.env;
    return spawn(process.execPath, ['--conditions=safeconduct-source', bin, ...args], {
      cwd,
      env: { PATH, ...env },
      stdio: 'pipe',
    });
  }
  const safeconduct = (args: readonly string[], env?: Record<string, string>) => finished(start(args, env));

  it('dev applies the configuration, serves, and ends cleanly on Ctrl-C', async () => {
    const port = await freePort();
    const child = start(['dev', '--port', String(port)]);
    const end = finished(child);
    await wrote(child, `http://localhost:${port} is ready`);
    assert.equal((await fetch(`http://localhost:${port}/readyz`)).status, 200);
    child.kill('SIGINT');
    const { code, output } = await end;
    assert.equal(code, 0, output);
    assert.match(output, /single process, not power-loss safe: set DATABASE_URL for production/);
  });

  it('dev ends when nobody reads what it says, as behind `head`', async () => {
    const fresh = mkdtempSync(join(tmpdir(), 'safeconduct-bin-'));
    const child = start(['dev', '--port', String(await freePort())], {}, fresh);
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.stderr?.resume();
    child.stdout?.once('data', () => child.stdout?.destroy());
    assert.equal(await ended, 0);
    rmSync(fresh, { recursive: true, force: true });
  });

  it('dev refuses the data directory of another process, naming it', async () => {
    const first = start(['dev', '--port', String(await freePort())]);
    const firstEnd = finished(first);
    await wrote(first, 'is ready');
    const second = await safeconduct(['dev', '--port', String(await freePort())]);
    assert.equal(second.code, 1);
    assert.match(second.output, new RegExp(`in use by process ${first.pid}.*DATABASE_URL`));
    first.kill('SIGTERM');
    await firstEnd;
  });

  it('dev --dialect speaks as a vendor does, at an origin of its own, with a demo world that it tells of', async () => {
    const [port, own] = [await freePort(), await freePort()];
    const world = mkdtempSync(join(tmpdir(), 'safeconduct-bin-dialect-'));
    const env = { SAFECONDUCT_ISSUER: `http://localhost:${own}` };
    const child = start(['dev', '--dialect', 'zitadel', '--port', String(port)], env, world);
    const end = finished(child);
    await wrote(child, `http://localhost:${port} (zitadel) is ready; the issuer itself is http://localhost:${own}.`);
    const metadata = (await (await fetch(`http://localhost:${port}/.well-known/openid-configuration`)).json()) as Record<string, string>;
    assert.equal(metadata.issuer, `http://localhost:${port}`);
    const basic = Buffer.from('demo-service:demo-service-secret-that-everybody-knows').toString('base64');
    const asked = await fetch(metadata.token_endpoint ?? '', {
      method: 'POST',
      headers: { authorization: `Basic ${basic}` },
      body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'openid' }),
    });
    assert.equal(asked.status, 200, await asked.text());
    child.kill('SIGTERM');
    const { code, output } = await end;
    rmSync(world, { recursive: true, force: true });
    assert.equal(code, 0, output);
    for (const told of [`http://localhost:${port}  speaks zitadel`, `http://localhost:${own}  is the issuer itself`, 'ada@demo.example'])
      assert.ok(output.includes(told), told);
  });

  it('dev --dialect tells of its demo world where only the issuer itself is spoken, too', async () => {
    const world = mkdtempSync(join(tmpdir(), 'safeconduct-bin-standard-'));
    const child = start(['dev', '--dialect', 'standard', '--port', String(await freePort())], {}, world);
    const end = finished(child);
    await wrote(child, 'is ready. Ctrl-C stops it.');
    child.kill('SIGTERM');
    const { code, output } = await end;
    rmSync(world, { recursive: true, force: true });
    assert.equal(code, 0, output);
    for (const told of ['speaks', 'demo-web', 'ada@demo.example']) assert.equal(output.includes(told), told !== 'speaks', told);
  });

  it('dev says that a configuration declares nobody, and a command that the origin of a vendor has no admin API', async () => {
    const [port, own] = [await freePort(), await freePort()];
    const world = mkdtempSync(join(tmpdir(), 'safeconduct-bin-nobody-'));
    const origin = `http://localhost:${port}`;
    const declared = `origins: [{ url: '${origin}', dialect: 'keycloak' }], organizations: [{ id: 'acme', name: 'Acme' }]`;
    writeFileSync(join(world, 'safeconduct.config.ts'), `export default { ${declared} };`);
    const child = start(['dev'], { SAFECONDUCT_ISSUER: `http://localhost:${own}` }, world);
    const end = finished(child);
    await wrote(child, 'is ready; the issuer itself');
    const asked = await safeconduct(['people', 'list'], { SAFECONDUCT_ISSUER: origin, SAFECONDUCT_TOKEN: 'any' });
    child.kill('SIGTERM');
    const { output } = await end;
    rmSync(world, { recursive: true, force: true });
    assert.match(output, /No application is served there yet.*\n\nThe configuration declares nobody who can sign in/);
    assert.equal(asked.code, 1);
    assert.match(asked.output, new RegExp(`${origin} has no admin API \\(404\\).*SAFECONDUCT_ISSUER`));
  });

  it('dev refuses a dialect that nobody speaks, and start knows no demo world', async () => {
    const unknown = await safeconduct(['dev', '--dialect', 'klingon']);
    assert.deepEqual([unknown.code, /Allowed choices are standard, /.test(unknown.output)], [2, true]);
    const port = await safeconduct(['dev', '--dialect', 'zitadel', '--port', '65536']);
    assert.deepEqual([port.code, /must be a number from 1 to 65535/.test(port.output)], [2, true]);
    const named = await safeconduct(['dev', '--config', 'none.config.ts', '--dialect', 'zitadel']);
    assert.deepEqual([named.code, /there is no none\.config\.ts/.test(named.output)], [1, true]);
    const production = await safeconduct(['start', '--dialect', 'zitadel']);
    assert.deepEqual([production.code, /unknown option '--dialect'/i.test(production.output)], [2, true]);
  });

  it('audit verify --dev finds the log whole and gives its end, in text and JSON', async () => {
    const text = await safeconduct(['audit', 'verify', '--dev']);
    assert.match(text.output, /The audit log is whole: \d+ events/);
    const json = await safeconduct(['audit', 'verify', '--dev', '--json']);
    const { head, findings } = JSON.parse(json.output);
    assert.deepEqual(findings, []);
    assert.equal((await safeconduct(['audit', 'verify', '--dev', '--expect', head])).code, 0);
    const keys = parseMasterKeys(readFileSync(join(directory, '.safeconduct', 'master.key'), 'utf8'));
    const { position, hash } = readWrittenHead(keys, head);
    const cut = await safeconduct(['audit', 'verify', '--dev', '--expect', writeHead(keys, { position: position + 1, hash })]);
    assert.equal(cut.code, 1);
    assert.match(cut.output, /cut off/);
    const forged = await safeconduct(['audit', 'verify', '--dev', '--expect', head.replace(/^\d+/, '7')]);
    assert.match(forged.output, /not signed with one of our master keys/);
  });

  it('keys rotate --dev does not use a key that nobody can know yet, and --compromised ends one at once', async () => {
    const early = await safeconduct(['keys', 'rotate', '--dev']);
    assert.deepEqual([early.code, /Nothing was changed/.test(early.output)], [1, true]);
    const ended = await safeconduct(['keys', 'rotate', '--compromised', '--dev', '--json']);
    assert.equal(JSON.parse(ended.output).result, 'removed');
  });

  it('R-144 start refuses to run with nothing set, and says all of what is missing', async () => {
    const { code, output } = await safeconduct(['start']);
    assert.equal(code, 1);
    assert.match(output, /DATABASE_URL is missing/);
    assert.match(output, /SAFECONDUCT_MASTER_KEY .* is missing/);
    assert.doesNotMatch(output, / at .*\.ts/);
  });

  for (const [file, finding] of [
    ['none.config.ts', /there is no none\.config\.ts/],
    ['empty.config.ts', /has no default export/],
  ] as const) {
    it(`apply says what is wrong with ${file}`, async () => {
      const { code, output } = await safeconduct(['apply', '--dev', '--config', file]);
      assert.equal(code, 1);
      assert.match(output, finding);
    });
  }

  describe('in production', { skip: postgresSkipped }, () => {
    let database: TestDatabase;
    let env: Record<string, string>;
    let drop: () => Promise<void>;
    before(async () => {
      database = await createDatabase();
      const client = new pg.Client({ connectionString: database.url });
      await client.connect();
      const name = new URL(database.url).pathname.slice(1);
      await client.query(`create role ${name}_owner login; grant create on database ${name} to ${name}_owner`);
      const url = new URL(database.url);
      url.username = `${name}_owner`;
      const key = join(directory, 'key');
      writeFileSync(key, randomBytes(32).toString('base64'), { mode: 0o600 });
      env = {
        DATABASE_URL: url.href,
        SAFECONDUCT_MASTER_KEY_FILE: key,
        SAFECONDUCT_ISSUER: 'https://login.example',
        SAFECONDUCT_PORT: String(await freePort()),
      };
      drop = async () => {
        await client.query(`drop owned by ${name}_owner cascade; drop role ${name}_owner`);
        await client.end();
        await database.drop();
      };
    });
    after(() => drop());

    it('migrate and apply say what they changed, and change nothing the second time', async () => {
      assert.match((await safeconduct(['migrate'], env)).output, /applied 0001-organizations/);
      assert.match((await safeconduct(['migrate'], env)).output, /up to date/);
      assert.match((await safeconduct(['apply', '--config', 'production.config.ts'], env)).output, /created user usr_ada/);
      assert.match((await safeconduct(['apply', '--config', 'production.config.ts'], env)).output, /Nothing to change/);
    });

    it('R-144 apply refuses demo secrets', async () => {
      const { code, output } = await safeconduct(['apply'], env);
      assert.equal(code, 1);
      assert.match(output, /usr_ada has a demo secret/);
    });

    it('R-143 setup makes the first administrator of an issuer behind a proxy, past the proxy', async () => {
      const child = start(['start'], env);
      const end = finished(child);
      await wrote(child, 'safeconduct setup --code-file');
      const { code, output } = await safeconduct(['setup', '--json'], { ...env, HOME: directory });
      child.kill('SIGTERM');
      await end;
      assert.equal(code, 0, output);
      const { issuer, administrator } = JSON.parse(output) as { issuer: string; administrator: { kind: string } };
      assert.deepEqual([issuer, administrator.kind], ['https://login.example', 'service']);
    });

    it('start serves https behind a proxy, and ends on SIGTERM', async () => {
      const child = start(['start'], env);
      const end = finished(child);
      await wrote(child, 'the issuer is ready');
      const document = await (await fetch(`http://127.0.0.1:${env.SAFECONDUCT_PORT}/.well-known/openid-configuration`)).json();
      assert.equal((document as { issuer: string }).issuer, 'https://login.example');
      child.kill('SIGTERM');
      assert.equal((await end).code, 0);
    });
  });
});
