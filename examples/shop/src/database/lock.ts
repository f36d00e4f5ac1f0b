import { readFileSync, rmSync, writeFileSync } from 'node:fs';

/** The embedded database is in use by another process. */
export class DatabaseInUse extends Error {
  override readonly name = 'DatabaseInUse';
}

const held = new Set<string>();

/** Takes a lock file that names its process, and gives the function that lets it go. A dead process's lock is taken over. */
export function takeLock(path: string): () => void {
  if (held.has(path)) throw inUse(process.pid);
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      writeFileSync(path, `${process.pid} ${birthOf(process.pid)}`, { flag: 'wx', mode: 0o600 });
      held.add(path);
      return () => {
        held.delete(path);
        rmSync(path, { force: true });
      };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = holderOf(path);
    if (holder !== undefined && isAlive(holder)) throw inUse(holder.pid);
    rmSync(path, { force: true });
  }
  throw new DatabaseInUse(`the lock ${path} could not be taken: another process is starting at the same moment; try again`);
}

function inUse(pid: number): DatabaseInUse {
  return new DatabaseInUse(
    `the shop's embedded database is in use by process ${pid}. It serves one process: stop that one, ` +
      'choose another folder with SAFECONDUCT_DATA, or set SHOP_DATABASE_URL to a PostgreSQL server.',
  );
}

interface Holder {
  readonly pid: number;
  /** When it started, as the system counts; empty where nobody can tell. */
  readonly birth: string;
}

function holderOf(path: string): Holder | undefined {
  try {
    const [number, ...birth] = readFileSync(path, 'utf8').trim().split(' ');
    const pid = Number(number);
    return Number.isInteger(pid) && pid > 0 ? { pid, birth: birth.join(' ') } : undefined;
  } catch {
    return undefined;
  }
}

/** After a restart of the machine or the container, a process that has nothing to do with us may have the same number. */
function isAlive({ pid, birth }: Holder): boolean {
  if (birth !== '' && birth !== birthOf(pid)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The boot and the tick in it at which a process started, from Linux's /proc; empty elsewhere. */
function birthOf(pid: number): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name of the program, in parentheses, may hold spaces; the start is the 20th field after it.
    return `${boot} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]}`;
  } catch {
    return '';
  }
}
