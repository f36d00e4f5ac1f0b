/** Files of the local certificate authority: each appears whole or not at all, whoever else writes at the same time. */
import { randomUUID } from 'node:crypto';
import { link, open, rename, rm } from 'node:fs/promises';

const hasCode = (error: unknown, code: string): boolean => error instanceof Error && 'code' in error && error.code === code;

/** Writes a file that this user alone can read, unless there is one already. Gives whether it was written. */
export async function keepFirst(path: string, text: string): Promise<boolean> {
  const draft = await draftOf(path, text, 0o600);
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

/** Replaces a file in one step. */
export async function replaceFile(path: string, text: string, { mode }: { readonly mode: number }): Promise<void> {
  const draft = await draftOf(path, text, mode);
  try {
    await rename(draft, path);
  } finally {
    await rm(draft, { force: true });
  }
}

/** Reads a file that others cannot read; undefined when there is none. Throws for one that they can. */
export async function readOwn(path: string, folder: string): Promise<string | undefined> {
  try {
    await using file = await open(path, 'r');
    const { mode } = await file.stat();
    // Windows has no such bits, and reports them all as set.
    if (process.platform !== 'win32' && (mode & 0o077) !== 0)
      throw new Error(
        `${path} can be read by other users of this machine: remove ${folder}, start again, and let clients trust the new ca.pem`,
      );
    return await file.readFile('utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

async function draftOf(path: string, text: string, mode: number): Promise<string> {
  const draft = `${path}.${randomUUID()}.tmp`;
  await using file = await open(draft, 'wx', mode);
  await file.writeFile(text);
  await file.sync();
  return draft;
}
