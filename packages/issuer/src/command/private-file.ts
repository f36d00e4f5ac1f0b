/** Files of this user alone: mode 0600, in directories of mode 0700. */
import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CommandProblem } from './problem.ts';

const largest = 65_536;
const hasCode = (error: unknown, code: string): boolean => error instanceof Error && 'code' in error && error.code === code;
const unsafe = (path: string, why: string) => new CommandProblem(`${path} ${why}`, { error: 'file_unsafe' });

/** Reads a small text file that others cannot read; undefined when there is none. Throws for one that they can, and for a link. */
export async function readPrivateFile(path: string): Promise<string | undefined> {
  try {
    await using file = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
    const stats = await file.stat();
    if (!stats.isFile() || stats.size > largest) throw unsafe(path, 'is not a small plain file: remove it.');
    // Windows has no such bits, and reports them all as set.
    if (process.platform !== 'win32' && (stats.mode & 0o077) !== 0)
      throw unsafe(path, 'can be read by other users of this machine, so what is in it may be known to them: remove it.');
    return await file.readFile('utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR')) return undefined;
    if (hasCode(error, 'ELOOP')) throw unsafe(path, 'is a link: remove it.');
    if (hasCode(error, 'EACCES') || hasCode(error, 'EPERM'))
      throw unsafe(path, 'belongs to another user: run this command as the user who runs the issuer.');
    throw error;
  }
}

/** Makes a directory that this user alone can enter. Throws when there is one that others can write. */
export async function makePrivateDirectory(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 }).catch((cause: unknown) => {
    throw new CommandProblem(`${directory} cannot be made: check who owns the folders above it.`, { error: 'file_unsafe', cause });
  });
  const stats = await lstat(directory);
  if (!stats.isDirectory() || (process.platform !== 'win32' && (stats.mode & 0o022) !== 0))
    throw unsafe(directory, `can be written by other users of this machine: run \`chmod go= '${directory}'\`.`);
}

/** Replaces a file in one step: a reader, or a crash, finds the old text or the new one. */
export async function writePrivateFile(path: string, text: string): Promise<void> {
  await makePrivateDirectory(dirname(path));
  const draft = `${path}.${randomUUID()}.tmp`;
  try {
    {
      await using file = await open(draft, 'wx', 0o600);
      await file.writeFile(text);
      await file.sync();
    }
    await rename(draft, path);
  } finally {
    await rm(draft, { force: true });
  }
}
