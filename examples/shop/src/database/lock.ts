import { readFileSync, rmSync, writeFileSync } from 'node:fs';

/** The embedded database is in use by another process. */
export class DatabaseInUse extends Error {
  override readonly name = 'DatabaseInUse';
}

/** Takes a lock file that names its process, and gives the function that lets it go. A dead process's lock is taken over. */
export function takeLock(path: string): () => void {
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      writeFileSync(path, String(process.pid), { flag: 'wx', mode: 0o600 });
      return () => rmSync(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const pid = holderOf(path);
    if (pid !== undefined && pid !== process.pid && isAlive(pid)) throw inUse(pid);
    if (pid === process.pid) throw inUse(pid);
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

function holderOf(path: string): number | undefined {
  try {
    const pid = Number(readFileSync(path, 'utf8'));
    return Number.isInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
