import { createHmac, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The shop's own secret: the setting, or a file in the data folder that only its owner can read. */
export function shopSecret(directory: string, given: string | undefined): string {
  if (given !== undefined) return given;
  const path = join(directory, 'shop.key');
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  try {
    // `wx`: of two processes that start together one writes, the other reads what it wrote.
    writeFileSync(path, randomBytes(32).toString('base64url'), { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const secret = readFileSync(path, 'utf8').trim();
  if (secret.length >= 43) return secret;
  throw new Error(`${path} is damaged: remove it (everybody signs in again) or set SHOP_SECRET`);
}

/** A secret for one purpose, so that no two uses share a key. */
export function derivedSecret(secret: string, purpose: string): string {
  return createHmac('sha256', secret).update(`safeconduct shop: ${purpose}`).digest('base64url');
}
