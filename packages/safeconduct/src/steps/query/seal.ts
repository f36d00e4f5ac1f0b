import { createHmac, type KeyObject } from 'node:crypto';

/** How long, in seconds, the database accepts a sealed identity after it was made. */
export const SEAL_LIFETIME = 120;

/**
 * Signs a setting, so that SQL cannot make another one: HMAC-SHA-256 in hex, then the JSON with `exp`.
 *
 * @param now Seconds since 1970.
 */
export function seal(setting: string, key: KeyObject, now: number): string {
  const body = `${setting.slice(0, -1)},"exp":${now + SEAL_LIFETIME}}`;
  return createHmac('sha256', key).update(body).digest('hex') + body;
}

/** The key in the form that PostgreSQL keeps: the two padded blocks of HMAC (RFC 2104), so that SQL needs no XOR. */
export function padsOf(key: KeyObject): { readonly inner: string; readonly outer: string } {
  const bytes = assertKey(key).export();
  const pad = (mask: number): string => Buffer.from(Uint8Array.from({ length: 64 }, (_, i) => (bytes[i] ?? 0) ^ mask)).toString('hex');
  return { inner: pad(0x36), outer: pad(0x5c) };
}

/** Throws a `TypeError` unless this is a secret key of 32 bytes. */
export function assertKey(key: KeyObject): KeyObject {
  if (key?.type !== 'secret' || key.symmetricKeySize !== 32) {
    throw new TypeError('the key that signs identities must be a secret KeyObject of 32 bytes: createSecretKey(bytes)');
  }
  return key;
}
