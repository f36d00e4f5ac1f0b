import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { DatabaseInUse, takeLock } from './lock.ts';

describe('the lock of the embedded database', () => {
  let directory: string;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'shop-lock-'));
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  it('is held once, and free again when it is let go', () => {
    const path = join(directory, 'held.lock');
    const letGo = takeLock(path);
    assert.throws(() => takeLock(path), DatabaseInUse);
    letGo();
    takeLock(path)();
    assert.equal(existsSync(path), false);
  });

  it('is held by a living process, whoever wrote the lock', () => {
    const path = join(directory, 'parent.lock');
    writeFileSync(path, String(process.ppid));
    assert.throws(() => takeLock(path), new RegExp(`in use by process ${process.ppid}\\.`));
  });

  it('is taken over from a dead process whose number another one has now', { skip: !existsSync('/proc/self/stat') }, () => {
    const path = join(directory, 'reused.lock');
    for (const pid of [process.pid, process.ppid]) {
      writeFileSync(path, `${pid} 00000000-0000-4000-8000-000000000000 12345`);
      const letGo = takeLock(path);
      assert.match(readFileSync(path, 'utf8'), new RegExp(`^${process.pid} [0-9a-f-]{36} \\d+$`));
      letGo();
    }
  });
});
