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
import { settingsFrom } from './settings.ts';
import { connect, signIn } from './steps.fixtures.test.ts';

const program = (name: string) => fileURLToPath(new URL(name, import.meta.url));

describe('npm start of the planner', { timeout: 180_000 }, () => {
  let directory: string;
  let child: ChildProcess;
  let ended: Promise<unknown>;
  let printed: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'planner-start-'));
    printed = '';
  });
  afterEach(async () => {
    child.kill('SIGTERM');
    await ended;
    rmSync(directory, { recursive: true, force: true });
  });

  function start(settings: Record<string, string>, name = 'start.ts'): void {
    const env = { PATH: process.env.PATH, DATA: directory, ...settings };
    child = spawn(process.execPath, ['--conditions=safeconduct-source', program(name)], { env });
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        printed += text;
        child.emit('printed');
      });
    }
    ended = once(child, 'close');
  }

  async function until(sentence: string): Promise<void> {
    while (!printed.includes(sentence)) {
      const more = await Promise.race([once(child, 'printed').then(() => true), ended.then(() => false)]);
      if (!more) assert.fail(printed);
    }
  }

  it('runs issuer, calendar and planner, and says who can sign in', { skip: chromiumSkipped }, async () => {
    const [issuer, calendar, port] = [await freePort(), await freePort(), await freePort()];
    const environment = { ISSUER_PORT: String(issuer), CALENDAR_PORT: String(calendar), APP_URL: `http://localhost:${port}` };
    start(environment);
    await until('Ctrl-C stops everything');
    for (const { email, password } of demoPeople) assert.match(printed, new RegExp(`${email} +${password}`));
    const settings = settingsFrom(environment);
    const browser = await launchChromium();
    const page = await browser.newPage();
    const seen = watch(page, [settings.issuer, settings.calendar, settings.app]);
    await signIn(page, { settings });
    await connect(page, { settings });
    await browser.close();
    assert.deepEqual(seen.problems, []);
    assert.doesNotMatch(printed, /eyJ|"level":(?:50|60)/);
    child.kill('SIGTERM');
    await ended;
    assert.equal(child.exitCode, 0);
  });

  it('runs the planner alone beside a provider and a calendar that run already', async () => {
    const app = `http://localhost:${await freePort()}`;
    start({ ISSUER: 'https://id.example', CLIENT_SECRET: 'top-secret', CALENDAR_URL: 'https://api.example', APP_URL: app }, 'main.ts');
    await until(`The planner is ready at ${app}`);
    assert.match(await (await fetch(app)).text(), /You are not signed in/);
  });

  it('names the port that is taken, and the setting that moves it', async () => {
    const other = createServer().listen(0, 'localhost');
    await once(other, 'listening');
    const taken = String((other.address() as AddressInfo).port);
    const free = {
      ISSUER_PORT: String(await freePort()),
      CALENDAR_PORT: String(await freePort()),
      APP_URL: `http://localhost:${await freePort()}`,
    };
    for (const [setting, settings] of [
      ['ISSUER_PORT', { ...free, ISSUER_PORT: taken }],
      ['CALENDAR_PORT', { ...free, CALENDAR_PORT: taken }],
      ['APP_URL', { ...free, APP_URL: `http://localhost:${taken}` }],
    ] as const) {
      printed = '';
      start(settings);
      await ended;
      assert.equal(child.exitCode, 1, printed);
      assert.match(printed, new RegExp(`port ${taken} is in use: set ${setting} to another`));
    }
    other.close();
  });

  it('says in one sentence which setting is wrong', async () => {
    start({ APP_URL: 'http://localhost:3002/app' });
    await ended;
    assert.equal(child.exitCode, 1);
    assert.equal(printed, 'APP_URL has a path: write scheme, host and port alone, such as http://localhost:3002\n');
  });
});
