import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { takeLock } from './lock.ts';
import { finished, startModule, wrote } from './processes.fixtures.test.ts';

const lockModule = JSON.stringify(new URL('lock.ts', import.meta.url).href);
const taker = (path: string) => `
  import { takeLock } from ${lockModule};
  await takeLock(${JSON.stringify(path)});
  console.log('locked');
  process.stdin.resume();`;

describe('the lock of the data directory', () => {
  let directory = '';
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'safeconduct-lock-'));
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  it('refuses a second process, naming the first and what to do', async () => {
    const path = join(directory, 'held');
    const holder = startModule(taker(path));
    await wrote(holder, 'locked');
    await assert.rejects(takeLock(path), new RegExp(`in use by process ${holder.pid}.*DATABASE_URL`));
    holder.kill('SIGKILL');
    await finished(holder);
  });

  it('is taken over from a process that was killed', async () => {
    const path = join(directory, 'stale');
    const holder = startModule(taker(path));
    await wrote(holder, 'locked');
    holder.kill('SIGKILL');
    await finished(holder);
    const release = await takeLock(path);
    assert.equal(JSON.parse(readFileSync(path, 'utf8')).pid, process.pid);
    release();
  });

  it('is taken over when the pid was given to another program', { skip: process.platform !== 'linux' && 'needs /proc' }, async () => {
    const path = join(directory, 'reused');
    const release = await takeLock(path);
    const self = JSON.parse(readFileSync(path, 'utf8'));
    release();
    writeFileSync(path, JSON.stringify({ ...self, pid: process.ppid, started: '1' }));
    (await takeLock(path))();
  });

  it('is not taken over from another container, which cannot be asked', {
    skip: process.platform !== 'linux' && 'needs /proc',
  }, async () => {
    const path = join(directory, 'container');
    const release = await takeLock(path);
    const self = JSON.parse(readFileSync(path, 'utf8'));
    release();
    writeFileSync(path, JSON.stringify({ ...self, world: self.world.replace(/pid:\[\d+\]/, 'pid:[1]'), pid: 999_999 }));
    await assert.rejects(takeLock(path), /in another container or machine/);
  });

  it('goes to exactly one of six processes that find it stale at the same moment', async () => {
    const path = join(directory, 'raced');
    writeFileSync(path, 'torn');
    const children = Array.from({ length: 6 }, () => startModule(taker(path)));
    const ends = await Promise.all(
      children.map(async (child) => {
        const end = finished(child);
        const won = wrote(child, 'locked').then(
          () => 'won',
          () => 'lost',
        );
        return { child, end, won: await won };
      }),
    );
    assert.equal(ends.filter(({ won }) => won === 'won').length, 1);
    for (const { child } of ends) child.kill('SIGKILL');
    await Promise.all(ends.map(({ end }) => end));
  });

  it('is free again after its release', async () => {
    const path = join(directory, 'released');
    (await takeLock(path))();
    (await takeLock(path))();
  });
});
