/** A lock file that names its holder. PGlite has no lock of its own, and two processes on one directory lose data. */
import { linkSync, mkdirSync, readFileSync, readlinkSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

/** Who holds a lock: enough to tell a living process from one that died and whose pid was given away again. */
interface Holder {
  readonly pid: number;
  /** When the process started, in kernel ticks since boot; empty where the system has no /proc. */
  readonly started: string;
  /** The kernel's boot and the pid namespace (a container has its own), in which `pid` means anything. */
  readonly world: string;
}

/** Takes the lock at `path` and gives the function that releases it. Throws when a living process holds it. */
export async function takeLock(path: string): Promise<() => void> {
  const self = holder(process.pid);
  for (let attempt = 0; attempt < 100; attempt++) {
    if (create(path, self)) return release(path, self);
    const other = read(path);
    if (other !== undefined && !gone(other)) throw new Error(refusal(path, other));
    if (takeOver(path, self)) return release(path, self);
    await pause(50);
  }
  throw new Error(`the lock ${path} could not be taken: make sure that its directory is writable, then start again`);
}

// Linked into place, so that nobody ever reads it half written.
function create(path: string, self: Holder): boolean {
  const draft = `${path}.${self.pid}`;
  writeFileSync(draft, JSON.stringify(self), { mode: 0o600 });
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

// Only one process may judge and replace a stale lock at a time: making a directory is atomic.
function takeOver(path: string, self: Holder): boolean {
  const turn = `${path}.takeover`;
  try {
    mkdirSync(turn);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    clearForgotten(turn);
    return false;
  }
  try {
    const other = read(path);
    if (other !== undefined && !gone(other)) return false;
    rmSync(path, { force: true });
    return create(path, self);
  } finally {
    rmdirSync(turn);
  }
}

function clearForgotten(turn: string): void {
  try {
    if (Date.now() - statSync(turn).mtimeMs > 10_000) rmdirSync(turn);
  } catch {
    // Its owner was faster.
  }
}

function release(path: string, self: Holder): () => void {
  return () => {
    const now = read(path);
    if (now?.pid === self.pid && now.started === self.started) rmSync(path, { force: true });
  };
}

/** The holder that the file names; undefined when there is no file, or it was never written to its end. */
function read(path: string): Holder | undefined {
  try {
    const { pid, started, world } = JSON.parse(readFileSync(path, 'utf8')) as Partial<Holder>;
    return typeof pid === 'number' && typeof started === 'string' && typeof world === 'string' ? { pid, started, world } : undefined;
  } catch {
    return undefined;
  }
}

function gone(other: Holder): boolean {
  const here = holder(other.pid);
  if (other.world !== here.world) return bootOf(other) !== '' && bootOf(other) !== bootOf(here);
  return here.started === '' ? !signalled(other.pid) : here.started !== other.started;
}

const bootOf = ({ world }: Holder): string => world.split(' ')[0] ?? '';

function holder(pid: number): Holder {
  const world = [readText('/proc/sys/kernel/random/boot_id').trim(), namespace()].join(' ');
  // Field 22 of the stat line; the second field is a name that may hold spaces, so count from its closing bracket.
  const started = readText(`/proc/${pid}/stat`).split(') ')[1]?.split(' ')[19] ?? '';
  return { pid, started, world };
}

function namespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function signalled(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

function refusal(path: string, { pid, world }: Holder): string {
  const elsewhere = world === holder(pid).world ? '' : ` in another container or machine (if it is gone, remove ${path})`;
  return (
    `the data directory is in use by process ${pid}${elsewhere}. ` +
    'The embedded database serves one process: stop that one, choose another directory with SAFECONDUCT_DATA, ' +
    'or set DATABASE_URL to a PostgreSQL server, which serves many.'
  );
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
