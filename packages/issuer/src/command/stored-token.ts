/** The personal access token that this machine keeps for an issuer: one file for each, which only its owner can read. */
import { hash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { readPrivateFile, writePrivateFile } from './private-file.ts';
import { CommandProblem } from './problem.ts';
import type { Terminal } from './terminal.ts';

/** A token, and what is known of it. */
export interface StoredToken {
  readonly token: string;
  /** Whose token it is. */
  readonly userId?: string | undefined;
  /** Its id, by which it is revoked. */
  readonly tokenId?: string | undefined;
  /** ISO 8601. */
  readonly expiresAt?: string | undefined;
}

/** Where the tokens of this user lie. */
export function tokenDirectory({ environment }: Pick<Terminal, 'environment'>, platform: NodeJS.Platform = process.platform): string {
  const home = environment.HOME ?? homedir();
  if (platform === 'win32')
    return join(environment.LOCALAPPDATA ?? environment.APPDATA ?? join(home, 'AppData', 'Local'), 'safeconduct', 'tokens');
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'safeconduct', 'tokens');
  const state = environment.XDG_STATE_HOME;
  return join(state && isAbsolute(state) ? state : join(home, '.local', 'state'), 'safeconduct', 'tokens');
}

/** The file of one issuer. */
export function tokenPath(terminal: Pick<Terminal, 'environment'>, issuer: string): string {
  return join(tokenDirectory(terminal), `${hash('sha256', issuer, 'hex').slice(0, 32)}.json`);
}

/** Reads the token of an issuer; undefined when there is none. A token of another issuer is never given. */
export async function readStoredToken(terminal: Pick<Terminal, 'environment'>, issuer: string): Promise<StoredToken | undefined> {
  const path = tokenPath(terminal, issuer);
  const text = await readPrivateFile(path);
  if (text === undefined) return undefined;
  const stored = parsed(text);
  if (stored?.issuer !== issuer || typeof stored.token !== 'string')
    throw new CommandProblem(`The stored token in ${path} is damaged: remove the file, and store a token again.`, {
      error: 'file_damaged',
    });
  return { token: stored.token, userId: textOf(stored.userId), tokenId: textOf(stored.tokenId), expiresAt: textOf(stored.expiresAt) };
}

export async function writeStoredToken(terminal: Pick<Terminal, 'environment'>, issuer: string, stored: StoredToken): Promise<string> {
  const path = tokenPath(terminal, issuer);
  await writePrivateFile(path, `${JSON.stringify({ version: 1, issuer, ...stored })}\n`);
  return path;
}

export async function removeStoredToken(terminal: Pick<Terminal, 'environment'>, issuer: string): Promise<void> {
  await rm(tokenPath(terminal, issuer), { force: true });
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
