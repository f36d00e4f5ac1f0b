/** Makes a signing key. Keys of RSA come with a certificate, because clients that know RSA alone may want one. */
import { generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { hashOf } from './token-format.ts';

/** The keys of one issuer, for one algorithm. */
export interface KeySet {
  /** As its tokens name it. '' is the issuer itself, whatever its address becomes. */
  readonly issuer: string;
  readonly algorithm: 'ES256' | 'RS256';
}

type Members = Readonly<Record<string, unknown>>;

/** A key that nobody has stored yet. */
export interface MadeKey {
  readonly kid: string;
  /** The private JWK. */
  readonly jwk: Members;
  /** Members of it that anybody may see. */
  readonly open: Members;
}

const generate = promisify(generateKeyPair);

/** Makes a key for a set: on P-256, or of RSA with 2048 bits. Takes some 100 ms for RSA, on another thread. */
export async function makeSigningKey({ issuer, algorithm }: KeySet): Promise<MadeKey> {
  return algorithm === 'RS256' ? makeRsaKey(issuer) : makeEcKey();
}

async function makeEcKey(): Promise<MadeKey> {
  const { privateKey } = await generate('ec', { namedCurve: 'P-256' });
  const { kty, crv, x, y, d } = privateKey.export({ format: 'jwk' });
  // RFC 7638: the members in this order, without spaces.
  const kid = hashOf(JSON.stringify({ crv, kty, x, y }));
  const open = { kty, crv, x, y, kid, alg: 'ES256', use: 'sig' };
  return { kid, open, jwk: { ...open, d } };
}

async function makeRsaKey(issuer: string): Promise<MadeKey> {
  const { privateKey } = await generate('rsa', { modulusLength: 2048, publicExponent: 0x10001 });
  const { certificate, thumbprint: kid } = await certified(issuer, privateKey);
  const { kty, n, e, ...secret } = privateKey.export({ format: 'jwk' });
  const open = { kty, n, e, kid, alg: 'RS256', use: 'sig', x5c: [certificate], x5t: kid };
  return { kid, open, jwk: { ...open, ...secret } };
}

/** What writes certificates is loaded when the first one is needed: most processes never make one. */
async function certified(issuer: string, privateKey: KeyObject) {
  const { certifyKey } = await import('./certificates.ts');
  return certifyKey(issuer, privateKey);
}
