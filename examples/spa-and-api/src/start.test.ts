import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { chromiumSkipped, launchChromium, watch } from '@safeconduct/test-support/chromium';
import { freePort } from '@safeconduct/test-support/ports';
import { demoPeople } from './demo.ts';

const program = fileURLToPath(new URL('start.ts', import.meta.url));

describe('npm start of the noticeboard', () => {
  let directory: string;
  let child: ChildProcess;
  let ended: Promise<unknown>;
  let printed: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'noticeboard-start-'));
    printed = '';
  });
  afterEach(async () => {
    child.kill('SIGTERM');
    await ended;
    rmSync(directory, { recursive: true, force: true });
  });

  function start(settings: Record<string, string>): void {
    const env = { PATH: process.env.PATH, DATA: directory, ...settings };
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

  it('runs issuer, API and page, and says who can sign in', { skip: chromiumSkipped }, async () => {
    const [issuer, api, spa] = [await freePort(), await freePort(), await freePort()];
    start({ ISSUER_PORT: String(issuer), API_URL: `http://localhost:${api}`, SPA_URL: `http://localhost:${spa}` });
    await ready();
    for (const { email, password } of demoPeople) assert.match(printed, new RegExp(`${email} +${password}`));
    const browser = await launchChromium();
    const page = await browser.newPage();
    const seen = watch(page, [`http://localhost:${issuer}`, `http://localhost:${api}`, `http://localhost:${spa}`, `ws://localhost:${spa}`]);
    await page.goto(`http://localhost:${spa}`);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByLabel('E-mail').fill(demoPeople[1].email);
    await page.getByLabel('Password').fill(demoPeople[1].password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('button', { name: 'Read drafts' }).click();
    await page.getByText('Summer party: which date?').waitFor();
    await browser.close();
    assert.deepEqual(seen.problems, []);
    child.kill('SIGTERM');
    await ended;
    assert.equal(child.exitCode, 0);
  });

  it('names the port that is taken, and the setting that moves it', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const taken = String((other.address() as AddressInfo).port);
    const free = { ISSUER_PORT: String(await freePort()), API_URL: `http://localhost:${await freePort()}` };
    for (const [setting, settings] of [
      ['ISSUER_PORT', { ...free, ISSUER_PORT: taken }],
      ['API_URL', { ...free, API_URL: `http://localhost:${taken}` }],
      ['SPA_URL', { ...free, ISSUER: 'https://id.example', SPA_URL: `http://127.0.0.1:${taken}` }],
    ] as const) {
      printed = '';
      start(settings);
      await ended;
      assert.equal(child.exitCode, 1);
      assert.match(printed, new RegExp(`^port ${taken} is in use: set ${setting} to another`, 'm'));
    }
    other.close();
  });

  it('says in one sentence which setting is wrong', async () => {
    start({ SPA_URL: 'http://localhost:5173/board' });
    await ended;
    assert.equal(child.exitCode, 1);
    assert.equal(printed, 'SPA_URL has a path: write scheme, host and port alone, such as http://localhost:5173\n');
  });
});
