import { randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { SafeconductError } from '../../core/identity/errors.ts';

/*
 * One holder at a time, across processes, on plain files and nothing else.
 *
 * A lock is a row of numbered files, `name.lock-1`, `name.lock-2` …; the highest number is the truth. Whoever finds it
 * released or left by a dead process creates the next number, which the file system lets one process do (O_EXCL). The
 * highest file is never deleted, so no late-comer can create a number that wins over a living holder: it checks once
 * more after creating, and steps back when a higher one is there. Nobody ever removes a lock to take it over, which is
 * where two processes usually both win.
 */

const heartbeat = 2_000;
const deadAfter = 15_000;
const patience = 30_000;
const released = 'released';

/** Where process ids mean the same processes: this host, this boot, this process namespace. */
function processSpace(): string {
  const parts = [hostname()];
  try {
    parts.push(readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(), readlinkSync('/proc/self/ns/pid'));
  } catch {
    // not Linux: the host name has to do
  }
  return parts.join(' ');
}

/** What the kernel says of a process; undefined where it does not say. */
function factsOf(pid: number): { readonly state: string; readonly began: string } | undefined {
  try {
    const line = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state = '', ...fields] = line.slice(line.lastIndexOf(')') + 2).split(' '); // the name before it may hold spaces
    return { state, began: fields[18] ?? '' };
  } catch {
    return undefined;
  }
}

interface Holder {
  readonly pid: number;
  readonly began?: string;
  readonly space: string;
  readonly id: string;
}

function parseHolder(text: string): Holder | undefined {
  try {
    const { pid, began, space, id } = JSON.parse(text) as Partial<Holder>; // every member is checked below
    if (typeof pid !== 'number' || typeof space !== 'string' || typeof id !== 'string') return undefined;
    return typeof began === 'string' ? { pid, began, space, id } : { pid, space, id };
  } catch {
    return undefined;
  }
}

function isAlive({ pid, began }: Holder): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
  const facts = factsOf(pid);
  if (!facts) return true;
  const isZombie = facts.state === 'Z'; // killed, and its parent has not looked yet
  return !isZombie && (began === undefined || began === facts.began);
}

/** True when a new holder may follow this file: it was released, or its process is gone. */
async function isFree(path: string): Promise<boolean> {
  const [text, { mtimeMs }] = await Promise.all([readFile(path, 'utf8'), stat(path)]);
  if (text === released) return true;
  const holder = parseHolder(text);
  if (holder && holder.space === processSpace()) return !isAlive(holder);
  return Date.now() - mtimeMs > deadAfter; // half-written, or from another machine: its heartbeat decides
}

async function numbers(directory: string, prefix: string): Promise<readonly number[]> {
  const names = await readdir(directory);
  const found = names.filter((name) => name.startsWith(prefix)).map((name) => Number(name.slice(prefix.length)));
  return found.filter(Number.isSafeInteger).sort((a, b) => b - a);
}

const missing = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT';
const exists = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'EEXIST';

/** One attempt: the path of our own file, or undefined while somebody else holds the lock. */
async function attempt(directory: string, prefix: string): Promise<string | undefined> {
  const [highest = 0] = await numbers(directory, prefix);
  try {
    if (highest > 0 && !(await isFree(join(directory, `${prefix}${highest}`)))) return undefined;
    const mine = join(directory, `${prefix}${highest + 1}`);
    const began = factsOf(process.pid)?.began;
    await writeFile(mine, JSON.stringify({ pid: process.pid, began, space: processSpace(), id: randomUUID() }), {
      flag: 'wx',
      mode: 0o600,
    });
    const seen = await numbers(directory, prefix);
    if (seen[0] !== highest + 1) {
      await rm(mine, { force: true });
      return undefined;
    }
    await Promise.all(seen.slice(1).map((number) => rm(join(directory, `${prefix}${number}`), { force: true })));
    return mine;
  } catch (error) {
    if (missing(error) || exists(error)) return undefined; // somebody else was quicker
    throw error;
  }
}

/** How to wait for a lock. */
export interface LockOptions {
  /** Ends the wait with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** How long to wait before `credentials_busy`. Default 30,000. */
  readonly patienceMs?: number | undefined;
}

async function acquire(directory: string, prefix: string, { signal, patienceMs = patience }: LockOptions): Promise<string> {
  const until = Date.now() + patienceMs;
  for (;;) {
    signal?.throwIfAborted();
    const path = await attempt(directory, prefix);
    if (path) return path;
    if (Date.now() > until) {
      throw new SafeconductError('credentials_busy', {
        message: `Another program has been using the stored sign-in for ${patienceMs / 1000} seconds: end it, then try again. Its mark is in ${directory}.`,
      });
    }
    await delay(20 + Math.random() * 40, undefined, signal ? { signal } : {});
  }
}

/** Runs `work` while no other process, and no other call in this one, runs work under the same name in `directory`. */
export async function withLock<T>(directory: string, name: string, work: () => Promise<T>, options: LockOptions = {}): Promise<T> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const path = await acquire(directory, `${name}.lock-`, options);
  const beat = setInterval(() => void utimes(path, new Date(), new Date()).catch(() => {}), heartbeat);
  beat.unref();
  try {
    return await work();
  } finally {
    clearInterval(beat);
    await writeFile(path, released).catch(() => {}); // the file may be gone with its directory: then nobody is kept out
  }
}
