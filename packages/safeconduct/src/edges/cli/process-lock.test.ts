import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { withLock } from './process-lock.ts';

let directory = '';
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lock-'));
});
after(() => rm(directory, { recursive: true }));

/** A process that runs `work` (JavaScript that may use `log`, the path of a shared file) under the lock `name`, `turns` times. */
function contender(name: string, { turns, work }: { turns: number; work: string }): ChildProcess {
  const program = `
    import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
    import { withLock } from ${JSON.stringify(new URL('process-lock.ts', import.meta.url).href)};
    const log = ${JSON.stringify(join(directory, `${name}.log`))};
    for (let turn = 0; turn < ${turns}; turn++) await withLock(${JSON.stringify(directory)}, ${JSON.stringify(name)}, async () => { ${work} });
  `;
  return spawn(process.execPath, ['--conditions=safeconduct-source', '--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

async function ended(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.exitCode;
}

describe('the lock between processes', () => {
  it('R-075 lets one process in at a time', async () => {
    // Reading, yielding and writing back loses counts as soon as two are inside.
    const work = `
      const count = Number(readFileSync(log, 'utf8'));
      await new Promise((resolve) => setImmediate(resolve));
      writeFileSync(log, String(count + 1));`;
    await writeFile(join(directory, 'count.log'), '0');
    const children = Array.from({ length: 5 }, () => contender('count', { turns: 20, work }));
    assert.deepEqual(await Promise.all(children.map(ended)), [0, 0, 0, 0, 0]);
    assert.equal(await readFile(join(directory, 'count.log'), 'utf8'), '100');
    assert.equal((await readdir(directory)).filter((name) => name.startsWith('count.lock-')).length, 1);
  });

  it('R-075 lets exactly one process follow a holder that was killed', async () => {
    const holder = contender('killed', {
      turns: 1,
      work: `process.stdout.write('in'); await new Promise((resolve) => setTimeout(resolve, 600_000));`,
    });
    await once(holder.stdout ?? holder, 'data');
    const work = `
      appendFileSync(log, 'in\\n');
      await new Promise((resolve) => setTimeout(resolve, 20));
      appendFileSync(log, 'out\\n');`;
    const children = Array.from({ length: 4 }, () => contender('killed', { turns: 3, work }));
    holder.kill('SIGKILL');
    assert.deepEqual(await Promise.all(children.map(ended)), [0, 0, 0, 0]);
    assert.equal(await readFile(join(directory, 'killed.log'), 'utf8'), 'in\nout\n'.repeat(12));
  });

  it('R-075 keeps two calls of one process apart', async () => {
    const seen: string[] = [];
    const work = (name: string) => async () => {
      seen.push(`${name} in`);
      await new Promise((resolve) => setImmediate(resolve));
      seen.push(`${name} out`);
    };
    await Promise.all([withLock(directory, 'own', work('a')), withLock(directory, 'own', work('b'))]);
    assert.ok(['a in,a out,b in,b out', 'b in,b out,a in,a out'].includes(seen.join()), seen.join());
  });

  it('lets the next one in after work that failed', async () => {
    await assert.rejects(
      withLock(directory, 'failing', async () => {
        throw new Error('no');
      }),
      /no/,
    );
    assert.equal(await withLock(directory, 'failing', async () => 'in'), 'in');
  });

  it('follows a holder on another machine once its heartbeat has stopped', async () => {
    const path = join(directory, 'far.lock-7');
    await writeFile(path, JSON.stringify({ pid: process.pid, space: 'elsewhere', id: 'x' }));
    const controller = new AbortController();
    const waiting = withLock(directory, 'far', async () => 'in', { signal: controller.signal });
    controller.abort(new Error('still held'));
    await assert.rejects(waiting, /still held|aborted/);
    await utimes(path, new Date(0), new Date(0));
    assert.equal(await withLock(directory, 'far', async () => 'in'), 'in');
  });

  /** Puts a lock there that this machine gave, with other facts about its holder. */
  async function forge(name: string, facts: object): Promise<void> {
    const mine = await withLock(directory, name, () => readFile(join(directory, `${name}.lock-1`), 'utf8'));
    await writeFile(join(directory, `${name}.lock-2`), JSON.stringify({ ...(JSON.parse(mine) as object), ...facts }));
  }

  it('does not take a new process for the old one with its number', { skip: process.platform !== 'linux' }, async () => {
    await forge('reused', { began: '1' });
    assert.equal(await withLock(directory, 'reused', async () => 'in', { signal: AbortSignal.timeout(5_000) }), 'in');
  });

  it('follows a holder that is dead and not buried', { skip: process.platform !== 'linux' }, async () => {
    const parent = spawn('sh', ['-c', 'sh -c "exit 0" & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [output] = (await once(parent.stdout, 'data')) as [Buffer];
    await forge('zombie', { pid: Number(output), began: undefined });
    assert.equal(await withLock(directory, 'zombie', async () => 'in', { signal: AbortSignal.timeout(5_000) }), 'in');
    parent.kill();
  });

  it('says who is in the way when nobody lets it in', async () => {
    await assert.rejects(
      withLock(directory, 'busy', () => withLock(directory, 'busy', async () => 'in', { patienceMs: 50 })),
      { code: 'credentials_busy', message: /Another program has been using the stored sign-in/ },
    );
  });
});
