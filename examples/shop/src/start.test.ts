import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { freePort } from '@safeconduct/test-support/ports';

const program = fileURLToPath(new URL('start.ts', import.meta.url));

describe('npm start', () => {
  let directory: string;
  let child: ChildProcess;
  let ended: Promise<unknown>;
  let printed: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'shop-start-'));
    printed = '';
  });
  afterEach(async () => {
    child.kill('SIGTERM');
    await ended;
    rmSync(directory, { recursive: true, force: true });
  });

  async function start(settings: Record<string, string>): Promise<void> {
    const issuer = `http://localhost:${await freePort()}`;
    const calendar = `http://localhost:${await freePort()}`;
    const env = {
      PATH: process.env.PATH,
      SAFECONDUCT_DATA: directory,
      SAFECONDUCT_ISSUER: issuer,
      CALENDAR_URL: calendar,
      ...settings,
    };
    child = spawn(process.execPath, ['--conditions=safeconduct-source', program], { env });
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        printed += text;
        child.emit('printed');
      });
    }
    ended = once(child, 'close');
  }

  async function ready(): Promise<void> {
    while (!printed.includes('Ctrl-C stops everything')) {
      const more = await Promise.race([once(child, 'printed').then(() => true), ended.then(() => false)]);
      if (!more) assert.fail(printed);
    }
  }

  it('listens on PORT where SHOP_URL is the address of a proxy', async () => {
    const [port, proxy] = [await freePort(), await freePort()];
    await start({ PORT: String(port), SHOP_URL: `http://localhost:${proxy}` });
    await ready();
    assert.match(printed, new RegExp(`shop +http://localhost:${proxy} `));
    assert.equal((await fetch(`http://127.0.0.1:${port}/readyz`)).status, 200);
    await assert.rejects(fetch(`http://127.0.0.1:${proxy}/readyz`));
    const calendar = /third party +(http:\S+)/.exec(printed)?.[1] ?? '';
    assert.equal((await fetch(`${calendar}/readyz`)).status, 200);
  });

  it('names the port that is taken, and settings that move the shop', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    await start({ SHOP_URL: `http://localhost:${port}` });
    await ended;
    other.close();
    assert.equal(child.exitCode, 1);
    const next = port + 1;
    assert.match(
      printed,
      new RegExp(`port ${port} on 127\\.0\\.0\\.1 is in use.*PORT=${next} SHOP_URL=http://localhost:${next} npm start\n$`),
    );
  });

  it('names the port of the calendar that is taken, and the setting that moves it', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    await start({ PORT: String(await freePort()), CALENDAR_URL: `http://localhost:${port}` });
    await ended;
    other.close();
    assert.equal(child.exitCode, 1);
    assert.match(
      printed,
      new RegExp(
        `calendar cannot start: port ${port} on 127\\.0\\.0\\.1 is in use.*CALENDAR_URL=http://localhost:${port + 1} npm start\n$`,
      ),
    );
  });

  it('says which folder cannot be used', async () => {
    const file = join(directory, 'file');
    writeFileSync(file, '');
    await start({ SAFECONDUCT_DATA: file });
    await ended;
    assert.equal(child.exitCode, 1);
    assert.match(printed, /^the folder \S+file cannot be used \(EEXIST\): choose another one with SAFECONDUCT_DATA\n$/);
  });
});
