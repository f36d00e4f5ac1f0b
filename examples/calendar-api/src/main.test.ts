import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { connect, refresh, startCalendar } from './calendar.fixtures.test.ts';

const main = fileURLToPath(new URL('main.ts', import.meta.url));

describe('the calendar as a process of its own', () => {
  let directory: string;
  const children: ChildProcess[] = [];
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'calendar-'));
  });
  after(() => {
    for (const child of children) child.kill('SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  });

  async function run(environment: Record<string, string>) {
    const env = { PATH: process.env.PATH, CALENDAR_PORT: '0', ...environment };
    const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
    children.push(child);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (data) => (output += String(data)));
    const silent = Promise.all([child.stdout, child.stderr].map((stream) => stream && once(stream, 'close')));
    const ended = once(child, 'exit').then(async ([code]) => {
      await silent;
      return code as number | null;
    });
    const ready = await Promise.race([once(child, 'message').then(() => true), ended.then(() => false)]);
    return { child, ready, ended, output: () => output };
  }

  it('says when it is ready, and ends with whoever started it', async () => {
    const { child, ready, ended, output } = await run({ CALENDAR_DATA: directory });
    assert.equal(ready, true, output());
    assert.equal(statSync(join(directory, 'calendar.json')).mode & 0o777, 0o600);
    child.disconnect();
    assert.equal(await ended, 0);
  });

  it('says in one sentence what it cannot use', async () => {
    const other = await startCalendar();
    const { port } = new URL(other.url);
    const damaged = mkdtempSync(join(directory, 'damaged-'));
    writeFileSync(join(damaged, 'calendar.json'), '{"keys":');
    const wrong: readonly (readonly [Record<string, string>, RegExp])[] = [
      [{ NODE_ENV: 'production' }, /demo.*NODE_ENV=production\n$/],
      [{ CALENDAR_URL: 'calendar' }, /^CALENDAR_URL is "calendar": write an address/],
      [{ CALENDAR_TOKEN_SECONDS: '0' }, /^CALENDAR_TOKEN_SECONDS is no whole number from 1/],
      [
        { CALENDAR_PORT: port },
        new RegExp(`port ${port} on 127.0.0.1 is in use.*CALENDAR_URL=http://localhost:${Number(port) + 1} npm start\n$`),
      ],
      [{ CALENDAR_DATA: damaged }, /calendar\.json is damaged: remove it/],
    ];
    for (const [environment, sentence] of wrong) {
      const { ended, output } = await run(environment);
      assert.equal(await ended, 1);
      assert.match(output(), sentence);
    }
    await other.close();
  });

  it('finds its connections again after a restart', async () => {
    const file = join(directory, 'restart.json');
    const first = await startCalendar({ file });
    const { refresh_token: token } = await connect(first);
    await first.close();
    const second = await startCalendar({ file });
    try {
      assert.equal((await refresh(second, token)).status, 200);
      assert.equal((await refresh(second, token)).status, 400, 'and that it was used');
    } finally {
      await second.close();
    }
  });
});
