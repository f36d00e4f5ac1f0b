import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { freePort } from '@safeconduct/test-support/ports';

const main = fileURLToPath(new URL('main.ts', import.meta.url));

interface Run {
  readonly process: ChildProcess;
  readonly url: string;
  /** Resolves when it says that it is ready, or has ended. */
  readonly ready: Promise<boolean>;
  readonly ended: Promise<number | null>;
  output(): string;
}

describe('the shop as a process of its own', () => {
  let directory: string;
  const runs: Run[] = [];
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'shop-main-'));
  });
  after(async () => {
    for (const run of runs) run.process.kill('SIGKILL');
    await Promise.all(runs.map((run) => run.ended));
    rmSync(directory, { recursive: true, force: true });
  });

  async function start(environment: Record<string, string> = {}): Promise<Run> {
    const port = environment.PORT ?? String(await freePort());
    const env = { PATH: process.env.PATH, SAFECONDUCT_DATA: directory, ...environment, PORT: port };
    const child = spawn(process.execPath, ['--conditions=safeconduct-source', main], { env, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (data) => (output += String(data)));
    const silent = Promise.all([child.stdout, child.stderr].map((stream) => stream && once(stream, 'close')));
    const ended = once(child, 'exit').then(async ([code]) => {
      await silent;
      return code as number | null;
    });
    const ready = Promise.race([once(child, 'message').then(() => true), ended.then(() => false)]);
    const run = { process: child, url: `http://localhost:${port}`, ready, ended, output: () => output };
    runs.push(run);
    return run;
  }

  it('says when it is ready, refuses a second one on the same data by naming the first, and R-149 ends on SIGTERM', async () => {
    const first = await start();
    assert.equal(await first.ready, true, first.output());
    assert.equal((await fetch(`${first.url}/readyz`)).status, 200);
    const second = await start();
    assert.equal(await second.ended, 1);
    assert.match(second.output(), new RegExp(`in use by process ${first.process.pid}\\b[\\s\\S]*SHOP_DATABASE_URL`));
    first.process.kill('SIGTERM');
    assert.equal(await first.ended, 0);
  });

  it('starts again on its data after it was killed', async () => {
    const killed = await start();
    assert.equal(await killed.ready, true, killed.output());
    killed.process.kill('SIGKILL');
    await killed.ended;
    const next = await start();
    assert.equal(await next.ready, true, next.output());
    // Whoever started it is gone: it ends by itself.
    next.process.disconnect();
    assert.equal(await next.ended, 0);
  });

  it('names the port and the setting when the port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const run = await start({ PORT: String(port) });
    assert.equal(await run.ended, 1);
    assert.match(run.output(), new RegExp(`port ${port} on 127\\.0\\.0\\.1 is in use by another program.*PORT=`));
    other.close();
  });

  it('says that the database cannot be reached, and not its password', async () => {
    const run = await start({ SHOP_DATABASE_URL: `postgres://owner:hush-hush@127.0.0.1:${await freePort()}/shop` });
    assert.equal(await run.ended, 1);
    assert.match(
      run.output(),
      /^the database at 127\.0\.0\.1:\d+ cannot be reached \(ECONNREFUSED\): check SHOP_DATABASE_URL or DATABASE_URL\n$/,
    );
  });

  it('says in one sentence which setting is wrong', async () => {
    const run = await start({ SHOP_DATABASE_URL: 'mysql://localhost/shop' });
    assert.equal(await run.ended, 1);
    assert.equal(run.output().trim(), 'SHOP_DATABASE_URL is no PostgreSQL address: write postgres://user:password@host:5432/database');
  });
});
