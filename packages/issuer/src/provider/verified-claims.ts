/** Our own JWT access tokens: whether we signed one, and whether it is meant for now. */
import { createPublicKey, type JsonWebKey, type KeyObject, verify } from 'node:crypto';
import type { Row } from '../store/database.ts';
import { rewrites, type Voice } from './voice.ts';

/** What verifies our own JWTs. */
export interface VerificationKeys {
  readonly issuer: string;
  /** Origin of the main issuer, whose proxy tokens may be for. */
  readonly home: string;
  /** Id of the organization whose issuer this is; undefined where there is one for all. */
  readonly tenant: string | undefined;
  readonly headerType: string;
  /** The dialect writes claims in its own words: ours are beside them. */
  readonly wrapped: boolean;
  readonly keys: ReadonlyMap<string, { readonly algorithm: string; readonly key: KeyObject }>;
}

export interface AccessTokenClaims extends Row {
  readonly iss: string;
  readonly sub: string;
  readonly aud: string;
  readonly client_id: string;
  readonly jti: string;
  readonly exp: number;
  readonly iat: number;
  readonly scope?: string;
  readonly gid?: string;
}

/** Makes verification keys of the private or public JWKs that the issuer signs with. */
export function verificationKeys({ place: { issuer }, home, dialect, tenant }: Voice, jwks: readonly JsonWebKey[]): VerificationKeys {
  const { headerType } = dialect.shapes;
  const entries = jwks.map(
    (jwk) => [String(jwk.kid), { algorithm: String(jwk.alg), key: createPublicKey({ key: jwk, format: 'jwk' }) }] as const,
  );
  return { issuer, home, tenant: tenant?.id, headerType, wrapped: rewrites(dialect), keys: new Map(entries) };
}

/** The claims of an access token that this issuer signed and that has not expired. */
export function verifiedClaims(
  { issuer, headerType, wrapped: inside, keys }: VerificationKeys,
  token: string,
): AccessTokenClaims | undefined {
  const parts = token.split('.');
  const [head = '', body = '', signature = ''] = parts;
  // One token has one spelling (RFC 7515, 2): no padding, no stray bits or characters that a decoder drops.
  if (parts.length !== 3 || !parts.every(canonical)) return undefined;
  const header = parsed(head);
  const known = header && header.typ === headerType ? keys.get(String(header.kid)) : undefined;
  if (!header || !known || header.alg !== known.algorithm) return undefined;
  const signed = Buffer.from(`${head}.${body}`);
  const key = known.algorithm === 'ES256' ? ({ key: known.key, dsaEncoding: 'ieee-p1363' } as const) : known.key;
  if (!verify('sha256', signed, key, Buffer.from(signature, 'base64url'))) return undefined;
  // Whatever carries our signature and type has our claims: what is checked here is whether it is meant for now.
  const said = parsed(body);
  const claims = (inside ? said && unwrapped(said) : said) as AccessTokenClaims | undefined;
  return claims?.iss === issuer && claims.exp > Date.now() / 1000 ? claims : undefined;
}

/** Name of the claim that keeps what a token says in our words, where its dialect says it in others. No ID token has it. */
export const OWN = 'urn:safeconduct:token';

/** The claims of a token as its dialect writes them, with ours in them. */
export function wrapped(written: Row, { iat: _iat, exp: _exp, ...own }: Row): Row {
  return { ...written, [OWN]: own };
}

function unwrapped({ iat, exp, [OWN]: own }: Row): Row | undefined {
  return typeof own === 'object' && own !== null ? { ...own, iat, exp } : undefined;
}

/** What a JWT says, unverified: good for finding who is to verify it, and for nothing else. */
export const unverifiedClaims = (jwt: string): Row => parsed(jwt.split('.')[1] ?? '') ?? {};

/** The issuer that an access token of a dialect says it is of, unverified. */
export const issuerIn = (token: string): string | undefined => textOf(((unverifiedClaims(token)[OWN] ?? {}) as Row).iss);

export const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

const canonical = (part: string): boolean => Buffer.from(part, 'base64url').toString('base64url') === part;

function parsed(part: string): Row | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString());
    return typeof value === 'object' && value !== null ? (value as Row) : undefined;
  } catch {
    return undefined;
  }
}
