/** The master key: everything that is sealed, and every cookie, hangs on it. */
import { createSecretKey, hash, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deriveKey, type MasterKey } from './seal.ts';

/** Parses one key a line (or separated by commas), the newest first: 32 random bytes each, in base64, base64url or hex. */
export function parseMasterKeys(text: string): MasterKey[] {
  const values = text.split(/[\s,]+/).filter((value) => value !== '');
  if (values.length === 0) throw new Error(`it is empty: ${howToMake}`);
  return values.map((value) => {
    const bytes = decode(value);
    if (bytes === undefined) throw new Error(`it must be 32 random bytes in base64 or hex: ${howToMake}`);
    if (isWeak(value, bytes)) throw new Error(`it is a well-known or guessable value: ${howToMake}`);
    return {
      id: hash('sha256', Buffer.concat([Buffer.from('safeconduct master key id|'), bytes]), 'hex').slice(0, 8),
      key: createSecretKey(bytes),
    };
  });
}

/** The key of a development directory: made at the first start, in a file that only its owner can read. */
export function developmentMasterKey(dataDirectory: string): string {
  const path = join(dataDirectory, 'master.key');
  mkdirSync(dataDirectory, { recursive: true, mode: 0o700 });
  try {
    writeFileSync(path, `${randomBytes(32).toString('base64url')}\n`, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  return readFileSync(path, 'utf8');
}

/** The keys that sign cookies: one per master key, the newest first. */
export function cookieKeys(keys: readonly MasterKey[]): string[] {
  return keys.map(({ key }) => deriveKey(key, 'cookies').export().toString('base64url'));
}

const howToMake = 'make one with `openssl rand -base64 32`';

function decode(value: string): Buffer | undefined {
  if (/^[0-9a-f]{64}$/i.test(value)) return Buffer.from(value, 'hex');
  if (!/^[A-Za-z0-9+/_-]{43}=?$/.test(value)) return undefined;
  const bytes = Buffer.from(value, 'base64');
  return bytes.length === 32 ? bytes : undefined;
}

// 32 random bytes hold fewer than 20 different ones, or spell out a text, about never.
function isWeak(value: string, bytes: Buffer): boolean {
  const readable = bytes.every((byte) => byte >= 0x20 && byte < 0x7f);
  return new Set(bytes).size < 20 || readable || /masterkey|changeme|example|password/i.test(value);
}
