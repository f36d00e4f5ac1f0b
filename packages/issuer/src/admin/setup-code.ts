/** The one-time code of the set-up: in a file that only the owner of the issuer's process can read, and in memory. */
import { hash, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Secret } from '../secrets/secret.ts';

/** What the file says, as JSON: everything that `safeconduct setup` needs on this machine. */
export interface SetupFile {
  /** `iss`. */
  readonly issuer: string;
  /** Where this process answers on this machine, such as `http://127.0.0.1:8080`. */
  readonly address: string;
  readonly code: string;
}

export interface SetupCode {
  readonly path: string;
  /** Takes the same time for every wrong code. */
  matches(given: string): boolean;
}

/** Where the file of an issuer is. */
export function setupFilePath(dataDirectory: string): string {
  return join(dataDirectory, 'setup.json');
}

/**
 * Makes a code and writes it down (mode 0600), in place of what an earlier process left. The last process that starts on a
 * data directory is the one that the file speaks of.
 */
export function writeSetupCode(dataDirectory: string, { issuer, address }: Omit<SetupFile, 'code'>): SetupCode {
  const code = new Secret(randomBytes(32).toString('base64url'));
  const path = setupFilePath(dataDirectory);
  const draft = `${path}.${randomUUID()}.tmp`;
  const file: SetupFile = { issuer, address, code: code.reveal() };
  mkdirSync(dataDirectory, { recursive: true, mode: 0o700 });
  try {
    writeFileSync(draft, `${JSON.stringify(file)}\n`, { flag: 'wx', mode: 0o600 });
    renameSync(draft, path);
  } finally {
    rmSync(draft, { force: true });
  }
  return Object.freeze({ path, matches: (given: string) => timingSafeEqual(digest(given), digest(code.reveal())) });
}

/** Removes the file of a set-up that is over. */
export function removeSetupCode(dataDirectory: string): void {
  rmSync(setupFilePath(dataDirectory), { force: true });
}

const digest = (text: string): Buffer => hash('sha256', text, 'buffer');
