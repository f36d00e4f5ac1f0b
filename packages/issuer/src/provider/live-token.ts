/**
 * Is this token still good? One statement for any kind. JWTs are not stored: a JWT lives while its signature and time are
 * right, its grant has not ended, and its jti is not in the (nearly empty) list of revoked ones.
 */
import { createPublicKey, type JsonWebKey, type KeyObject, verify } from 'node:crypto';
import { kindOf } from '../secrets/token-format.ts';
import type { Row, Statement, Store } from '../store/database.ts';
import { artifactId } from './artifact.ts';
import { alive } from './statements.ts';

export interface LiveToken {
  readonly kind: 'jwt' | 'opaque' | 'refresh';
  /** A refresh token that has a successor. */
  readonly used: boolean;
  readonly subject: string;
  readonly client: string;
  readonly audience: string | undefined;
  readonly scope: string | undefined;
  /** The jti of a JWT, the value of any other. */
  readonly id: string;
  readonly expiresAt: number;
  readonly issuedAt: number | undefined;
  /** Claims beyond the registered ones. */
  readonly extra: Row;
  readonly grantId: string | undefined;
  /** Payload of the grant behind it; undefined for a token that an application got for itself. */
  readonly grant: Row | undefined;
}

/** What verifies our own JWTs. */
export interface VerificationKeys {
  readonly issuer: string;
  readonly headerType: string;
  readonly keys: ReadonlyMap<string, { readonly algorithm: string; readonly key: KeyObject }>;
}

const MAX_TOKEN = 16_384;

const JWT_STATE: Statement = {
  name: 'jwt state',
  text: `select (select g.payload from issuer.artifact g where g.id = $1 and ${alive('g')}) as grant,
    exists (select from issuer.artifact where id = $2) as revoked`,
};
const STORED: Statement = {
  name: 'stored token',
  text: `select a.payload, extract(epoch from a.expires_at)::float8 as expires_at, a.consumed_at is not null as consumed,
    a.grant_id is not null as granted, g.payload as grant
    from issuer.artifact a left join issuer.artifact g on g.id = a.grant_id and ${alive('g')} 
    where a.id = any($1::text[]) and ${alive('a')}`,
};

/** Makes verification keys of the private or public JWKs that the issuer signs with. */
export function verificationKeys(issuer: string, headerType: string, jwks: readonly JsonWebKey[]): VerificationKeys {
  const entries = jwks.map(
    (jwk) => [String(jwk.kid), { algorithm: String(jwk.alg), key: createPublicKey({ key: jwk, format: 'jwk' }) }] as const,
  );
  return { issuer, headerType, keys: new Map(entries) };
}

/** The token behind this value, or undefined when it is none of ours or has ended. A refresh token ends when it is used. */
export async function liveToken(store: Store, keys: VerificationKeys, value: string): Promise<LiveToken | undefined> {
  const token = await endableToken(store, keys, value);
  return token?.used ? undefined : token;
}

/** Like `liveToken`, with refresh tokens that were used while their family lives: who lost the answer knows no other. */
export async function endableToken(store: Store, keys: VerificationKeys, value: string): Promise<LiveToken | undefined> {
  if (value.length > MAX_TOKEN) return undefined;
  if (value.startsWith('sc_')) return storedToken(store, value);
  const claims = verifiedClaims(keys, value);
  return claims && jwtToken(store, claims);
}

async function storedToken(store: Store, value: string): Promise<LiveToken | undefined> {
  const prefix = kindOf(value);
  if (prefix !== 'at' && prefix !== 'rt') return undefined;
  const models = prefix === 'at' ? ['AccessToken', 'ClientCredentials'] : ['RefreshToken'];
  const [row] = await store.run(STORED, [models.map((model) => artifactId(model, value))]);
  if (!row || (row.granted && !row.grant)) return undefined;
  const { accountId, clientId, aud, scope, iat, extra, grantId } = row.payload as Row;
  return {
    kind: prefix === 'rt' ? 'refresh' : 'opaque',
    used: Boolean(row.consumed),
    subject: String(accountId ?? clientId),
    client: String(clientId),
    audience: optionalText(aud),
    scope: optionalText(scope),
    id: value,
    expiresAt: Number(row.expires_at),
    issuedAt: Number(iat),
    extra: (extra as Row | undefined) ?? {},
    grantId: optionalText(grantId),
    grant: (row.grant as Row | null) ?? undefined,
  };
}

async function jwtToken(store: Store, claims: AccessTokenClaims): Promise<LiveToken | undefined> {
  const { sub, client_id, aud, scope, jti, exp, iat, iss: _iss, gid, ...extra } = claims;
  const ids = [gid === undefined ? null : artifactId('Grant', gid), artifactId('Revocation', jti)];
  const [state] = await store.run<{ grant: Row | null; revoked: boolean }>(JWT_STATE, ids);
  if (!state || state.revoked || (gid !== undefined && !state.grant)) return undefined;
  return {
    kind: 'jwt',
    used: false,
    subject: sub,
    client: client_id,
    audience: aud,
    scope,
    id: jti,
    expiresAt: exp,
    issuedAt: iat,
    extra,
    grantId: gid,
    grant: state.grant ?? undefined,
  };
}

interface AccessTokenClaims extends Row {
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

/** The claims of an access token that this issuer signed and that has not expired. */
function verifiedClaims({ issuer, headerType, keys }: VerificationKeys, token: string): AccessTokenClaims | undefined {
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
  const claims = parsed(body) as AccessTokenClaims | undefined;
  return claims?.iss === issuer && claims.exp > Date.now() / 1000 ? claims : undefined;
}

const canonical = (part: string): boolean => Buffer.from(part, 'base64url').toString('base64url') === part;

function parsed(part: string): Row | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString());
    return typeof value === 'object' && value !== null ? (value as Row) : undefined;
  } catch {
    return undefined;
  }
}

const optionalText = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
