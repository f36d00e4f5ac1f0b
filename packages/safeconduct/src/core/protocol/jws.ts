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

/**
 * Decodes a compact JWS after cheap checks: at most 16 kB, exactly three parts in canonical base64url, a small and shallow header
 * whose `alg`, `typ` and `kid` are text.
 * Gives undefined for anything else, and looks at no key that the header brings along (RFC 8725 section 3.10).
 */
export function parseJws(token: string): Jws | undefined {
  if (token.length > longestToken) return undefined;
  const parts = token.split('.', 4);
  const [head, body, tail] = parts;
  if (parts.length !== 3 || head === undefined || body === undefined || tail === undefined) return undefined;
  if (head.length > longestHeader) return undefined;
  const signature = canonical(tail);
  const header = parseObject(canonical(head));
  const payload = parseObject(canonical(body));
  if (signature === undefined || header === undefined || payload === undefined || !isPlainHeader(header)) return undefined;
  return { header, payload, signed: Buffer.from(`${head}.${body}`, 'latin1'), signature };
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

function canonical(part: string): Buffer | undefined {
  if (!/^[A-Za-z0-9_-]+$/.test(part)) return undefined;
  const bytes = Buffer.from(part, 'base64url');
  // The unused bits of the last character must be zero, so that one token has one spelling.
  return bytes.toString('base64url') === part ? bytes : undefined;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function parseObject(bytes: Buffer | undefined): Record<string, unknown> | undefined {
  if (bytes === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(utf8.decode(bytes));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

// A critical extension (`crit`) that we do not know must be refused: RFC 7515 section 4.1.11. We know none.
function isPlainHeader(header: Record<string, unknown>): boolean {
  if (Object.keys(header).length > mostHeaderMembers || Object.hasOwn(header, 'crit') || Object.hasOwn(header, 'b64')) return false;
  const named = [header.alg, header.typ, header.kid].every((value) => value === undefined || typeof value === 'string');
  return named && Object.values(header).every((value) => isShallow(value, deepestHeader));
}

function isShallow(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return levels > 0 && Object.values(value).every((inner) => isShallow(inner, levels - 1));
}

// JOSE writes r and s side by side, OpenSSL wants them as a DER sequence; doing it here is a third cheaper than dsaEncoding.
function toDer(signature: Buffer, half: number): Buffer {
  const r = derInteger(signature.subarray(0, half));
  const s = derInteger(signature.subarray(half));
  const length = r.length + s.length;
  const head = length < 128 ? [0x30, length] : [0x30, 0x81, length];
  return Buffer.concat([Buffer.from(head), r, s]);
}

function derInteger(value: Buffer): Buffer {
  let start = 0;
  while (start < value.length - 1 && value[start] === 0) start++;
  const digits = value.subarray(start);
  const sign = (digits[0] ?? 0) >= 128 ? [0] : [];
  return Buffer.from([0x02, digits.length + sign.length, ...sign, ...digits]);
}
