import { isUtf8 } from 'node:buffer';
import { constants, type KeyObject, verify } from 'node:crypto';

/** The parts of a compact JWS, decoded but not verified. */
export interface Jws {
  readonly header: Readonly<Record<string, unknown>>;
  readonly payload: Readonly<Record<string, unknown>>;
  /** What was signed. */
  readonly signed: Buffer;
  readonly signature: Buffer;
}

interface Scheme {
  readonly hash: string | null;
  readonly kty: 'RSA' | 'EC' | 'OKP';
  readonly curve?: string;
  /** Length of r and of s, for ECDSA. */
  readonly half?: number;
  readonly pss?: true;
}

// Asymmetric only: no `none`, no HMAC (RFC 8725 sections 3.1 and 3.2).
const schemes: Readonly<Record<string, Scheme>> = {
  RS256: { hash: 'sha256', kty: 'RSA' },
  RS384: { hash: 'sha384', kty: 'RSA' },
  RS512: { hash: 'sha512', kty: 'RSA' },
  PS256: { hash: 'sha256', kty: 'RSA', pss: true },
  PS384: { hash: 'sha384', kty: 'RSA', pss: true },
  PS512: { hash: 'sha512', kty: 'RSA', pss: true },
  ES256: { hash: 'sha256', kty: 'EC', curve: 'P-256', half: 32 },
  ES384: { hash: 'sha384', kty: 'EC', curve: 'P-384', half: 48 },
  ES512: { hash: 'sha512', kty: 'EC', curve: 'P-521', half: 66 },
  EdDSA: { hash: null, kty: 'OKP', curve: 'Ed25519' },
  Ed25519: { hash: null, kty: 'OKP', curve: 'Ed25519' },
};

/** The signature algorithms that can be pinned, all asymmetric. */
export const supportedAlgorithms: readonly string[] = Object.keys(schemes);

const longestToken = 16_384;
const longestHeader = 4_096;
const mostHeaderMembers = 16;
const deepestHeader = 2; // a `jwk` with its `key_ops`
const deepestPayload = 16;

/**
 * Decodes a compact JWS after cheap checks: at most 16 kB, exactly three parts in canonical base64url, a small and shallow header
 * whose `alg`, `typ`, `kid` and `x5t` are text, a payload that is not deep.
 * Gives undefined for anything else, and looks at no key that the header brings along (RFC 8725 section 3.10).
 */
export function parseJws(token: string): Jws | undefined {
  const first = token.indexOf('.');
  const second = token.indexOf('.', first + 1);
  if (token.length > longestToken || first < 0 || first > longestHeader || second < 0) return undefined;
  const header = headerOf(token.slice(0, first));
  if (header === undefined) return undefined;
  const payload = parseObject(canonical(token.slice(first + 1, second)));
  const signature = canonical(token.slice(second + 1));
  if (payload === undefined || signature === undefined || !isShallow(payload, deepestPayload)) return undefined;
  return { header, payload, signed: Buffer.from(token.slice(0, second), 'latin1'), signature };
}

// A provider writes the same few headers over and over: each is decoded once, and a flood of strange ones only makes that useless.
const headers = new Map<string, Jws['header']>();
const mostHeaders = 256;
const longestKeptHeader = 512;

function headerOf(head: string): Jws['header'] | undefined {
  const known = headers.get(head);
  if (known !== undefined) return known;
  const header = parseObject(canonical(head));
  if (header === undefined || !isPlainHeader(header)) return undefined;
  if (headers.size >= mostHeaders) headers.clear();
  if (head.length <= longestKeptHeader) headers.set(head, Object.freeze(header));
  return header;
}

/** True when `signature` over `signed` was made with the private half of `key` by the algorithm `alg`. */
export function verifySignature(jws: Jws, alg: string, key: KeyObject): boolean {
  const scheme = schemes[alg];
  if (scheme === undefined) return false;
  if (scheme.half !== undefined) {
    if (jws.signature.length !== scheme.half * 2) return false;
    return verify(scheme.hash, jws.signed, key, toDer(jws.signature, scheme.half));
  }
  if (scheme.pss) {
    const pss = { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
    return verify(scheme.hash, jws.signed, pss, jws.signature);
  }
  return verify(scheme.hash, jws.signed, key, jws.signature);
}

/** True when a public key of this JWK's type and curve can belong to `alg`. */
export function suits(alg: string, jwk: { readonly kty?: unknown; readonly crv?: unknown; readonly alg?: unknown }): boolean {
  const scheme = schemes[alg];
  if (scheme === undefined || jwk.kty !== scheme.kty) return false;
  if (scheme.curve !== undefined && jwk.crv !== scheme.curve) return false;
  return jwk.alg === undefined || jwk.alg === alg || (scheme.kty === 'OKP' && (jwk.alg === 'EdDSA' || jwk.alg === 'Ed25519'));
}

/** The hash that belongs to `alg`, for `at_hash`: OpenID Connect Core section 3.1.3.6. EdDSA takes SHA-512. */
export function hashOfAlgorithm(alg: string): string {
  return schemes[alg]?.hash ?? 'sha512';
}

const base64url = /^[A-Za-z0-9_-]+$/;

// Canonical means that one token has one spelling: no padding, and the unused bits of the last character are zero.
const lastOfTwo = /[AQgw]$/;
const lastOfThree = /[AEIMQUYcgkosw048]$/;

function canonical(part: string): Buffer | undefined {
  if (!base64url.test(part)) return undefined;
  const rest = part.length % 4;
  if (rest === 1 || (rest === 2 && !lastOfTwo.test(part)) || (rest === 3 && !lastOfThree.test(part))) return undefined;
  return Buffer.from(part, 'base64url');
}

function parseObject(bytes: Buffer | undefined): Record<string, unknown> | undefined {
  if (bytes === undefined || !isUtf8(bytes)) return undefined;
  try {
    const value: unknown = JSON.parse(bytes.toString());
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

// A critical extension (`crit`) that we do not know must be refused: RFC 7515 section 4.1.11. We know none.
function isPlainHeader(header: Record<string, unknown>): boolean {
  if (Object.keys(header).length > mostHeaderMembers || Object.hasOwn(header, 'crit') || Object.hasOwn(header, 'b64')) return false;
  const named = [header.alg, header.typ, header.kid, header.x5t].every((value) => value === undefined || typeof value === 'string');
  return named && Object.values(header).every((value) => isShallow(value, deepestHeader));
}

/** True when nothing in `value` is nested deeper than so many levels. */
export function isShallow(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return levels > 0 && Object.values(value).every((inner) => isShallow(inner, levels - 1));
}

// JOSE writes r and s side by side, OpenSSL wants them as a DER sequence; doing it here is a third cheaper than dsaEncoding.
function toDer(signature: Buffer, half: number): Buffer {
  const r = digitsOf(signature, 0, half);
  const s = digitsOf(signature, half, half * 2);
  const length = 4 + r.length + r.sign + s.length + s.sign;
  const prefix = length < 128 ? 2 : 3;
  const der = Buffer.allocUnsafe(prefix + length);
  der[0] = 0x30;
  if (prefix === 3) der[1] = 0x81;
  der[prefix - 1] = length;
  writeInteger(der, prefix, r);
  writeInteger(der, prefix + 2 + r.sign + r.length, s);
  return der;
}

interface Digits {
  readonly from: Buffer;
  readonly start: number;
  readonly length: number;
  /** 1 where a zero byte must say that the number is not negative. */
  readonly sign: number;
}

function digitsOf(from: Buffer, begin: number, end: number): Digits {
  let start = begin;
  while (start < end - 1 && from[start] === 0) start++;
  return { from, start, length: end - start, sign: (from[start] ?? 0) >= 128 ? 1 : 0 };
}

function writeInteger(der: Buffer, at: number, { from, start, length, sign }: Digits): void {
  der[at] = 0x02;
  der[at + 1] = length + sign;
  if (sign === 1) der[at + 2] = 0;
  from.copy(der, at + 2 + sign, start, start + length);
}
