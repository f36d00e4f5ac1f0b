import { randomUUID } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { lstat, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { SafeconductError } from '../../core/identity/errors.ts';

const largest = 262_144;

function unsafe(path: string, what: string, remedy: string): SafeconductError {
  return new SafeconductError('credentials_unsafe', {
    message: `${path} ${what}, so the sign-in in it may be known to others: ${remedy}, then sign in again.`,
  });
}

// Windows has no modes: there the user's own profile directory is private by its access list.
const ownUser = process.getuid?.();

/** Throws `credentials_unsafe` unless this user alone may read and write what `stats` describes. */
function assertPrivate(path: string, stats: Stats): void {
  if (ownUser === undefined) return;
  if (stats.uid !== ownUser) throw unsafe(path, 'belongs to another user', 'remove it');
  if ((stats.mode & 0o077) !== 0) throw unsafe(path, 'is open to other users', `run \`chmod go= '${path}'\` if you trust it, or remove it`);
}

async function assertPrivateDirectory(directory: string): Promise<void> {
  const stats = await lstat(directory);
  if (!stats.isDirectory()) throw unsafe(directory, 'is not a directory', 'remove it');
  assertPrivate(directory, stats);
}

const hasCode = (error: unknown, code: string): boolean => error instanceof Error && 'code' in error && error.code === code;

/** Makes a directory that this user alone can enter. Throws `credentials_unsafe` when it exists and is not that. */
export async function makePrivateDirectory(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await assertPrivateDirectory(directory);
}

/**
 * Reads a small text file that this user alone can read; undefined when there is none.
 * Throws `credentials_unsafe` for a link, a file of somebody else, and modes that let others in.
 */
export async function readPrivateFile(path: string): Promise<string | undefined> {
  try {
    await assertPrivateDirectory(dirname(path));
    await using file = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
    const stats = await file.stat();
    if (!stats.isFile()) throw unsafe(path, 'is not a plain file', 'remove it');
    assertPrivate(path, stats);
    return stats.size > largest ? '' : await file.readFile('utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    if (hasCode(error, 'ELOOP')) throw unsafe(path, 'is a link', 'remove it');
    throw error;
  }
}

/** Replaces a file in one step: a reader, or a crash, finds the old text or the new one. Mode 0600. */
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
