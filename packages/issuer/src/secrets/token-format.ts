/**
 * How our opaque values look: `sc_<kind>_` + 40 base62 characters (238 bits) + 6 base62 characters of CRC32 over all before it.
 * The checksum lets scanners and guards drop junk without asking the database. It proves nothing.
 */
import { hash, randomInt } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** pat: personal access token, rt: refresh token, at: opaque access token, sk: client secret, dc: device code. */
export type TokenKind = 'pat' | 'rt' | 'at' | 'sk' | 'dc';

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const shape = /^sc_(pat|rt|at|sk|dc)_[0-9A-Za-z]{46}$/;

/** Makes a new random value of a kind. */
export function newToken(kind: TokenKind): string {
  const body = Array.from({ length: 40 }, () => alphabet.charAt(randomInt(62))).join('');
  const value = `sc_${kind}_${body}`;
  return value + checksum(value);
}

/** The kind that a value says it has, or undefined when its shape or checksum is wrong. */
export function kindOf(value: string): TokenKind | undefined {
  const kind = shape.exec(value)?.[1] as TokenKind | undefined;
  return kind !== undefined && checksum(value.slice(0, -6)) === value.slice(-6) ? kind : undefined;
}

/** The SHA-256 by which an opaque value is stored and looked up (base64url). Whole values only: a prefix finds nothing. */
export function hashOf(value: string): string {
  return hash('sha256', value, 'base64url');
}

function checksum(text: string): string {
  let rest = crc32(text);
  let digits = '';
  for (let place = 0; place < 6; place++) {
    digits = alphabet.charAt(rest % 62) + digits;
    rest = Math.floor(rest / 62);
  }
  return digits;
}
