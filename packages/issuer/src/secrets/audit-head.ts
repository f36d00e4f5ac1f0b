/** The end of the audit log, signed, so that a copy that was kept elsewhere can be trusted later. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { ChainHead } from '../store/chain.ts';
import { deriveKey, type MasterKey } from './seal.ts';

/** Writes `position:hash:signature`. The newest master key signs (HMAC-SHA-256, key derived for this use). */
export function writeHead([newest]: readonly MasterKey[], head: ChainHead): string {
  if (newest === undefined) throw new TypeError('there is no master key');
  return `${head.position}:${head.hash}:${signature(newest, head)}`;
}

/** Reads what {@link writeHead} wrote, with any of the master keys. Throws when it was changed or signed by somebody else. */
export function readWrittenHead(keys: readonly MasterKey[], text: string): ChainHead {
  const [, position, hash = '', given = ''] = /^(\d+):([\w-]{43}):([\w-]{43})$/.exec(text) ?? [];
  if (position === undefined)
    throw new Error('not an end of the audit log: write position:hash:signature, as `safeconduct audit verify` prints it');
  const head = { position: Number(position), hash };
  const ours = keys.some((key) => timingSafeEqual(Buffer.from(signature(key, head)), Buffer.from(given)));
  if (!ours) throw new Error('this end of the audit log was not signed with one of our master keys, or it was changed');
  return head;
}

function signature({ key }: MasterKey, { position, hash }: ChainHead): string {
  return createHmac('sha256', deriveKey(key, 'audit')).update(`${position}:${hash}`).digest('base64url');
}
