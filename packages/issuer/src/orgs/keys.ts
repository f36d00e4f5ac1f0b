/** Public keys of applications, for private_key_jwt. Each ends at its own time; two are live at most, so that one can be replaced. */
import { createPublicKey, hash, type JsonWebKey, type KeyObject } from 'node:crypto';
import type { Row, Run, Statement } from '../store/database.ts';
import { Refused } from '../store/refused.ts';
import type { Change } from '../store/upsert.ts';
import { lockForCredential } from './credentials.ts';

/** A JSON Web Key (RFC 7517). */
export type Jwk = Readonly<Record<string, unknown>>;

/** A public key of an application. */
export interface ApplicationKey {
  /** Its `kid`. */
  readonly id: string;
  readonly jwk: Jwk;
  readonly createdAt: Date;
  /** Absent: it is good until it is removed. */
  readonly expiresAt: Date | undefined;
}

const INSERT: Statement = {
  name: 'add application key',
  text: `insert into issuer.application_key (application_id, id, jwk, expires_at) values ($1, $2, $3::jsonb, $4)
    on conflict (application_id, id) do nothing returning id, jwk, created_at, expires_at`,
};
const LIST: Statement = {
  name: 'application keys',
  text: `select id, jwk, created_at, expires_at from issuer.application_key
    where application_id = $1 and (expires_at is null or expires_at > now()) order by created_at, id`,
};
const REMOVE: Statement = {
  name: 'remove application key',
  text: 'delete from issuer.application_key where application_id = $1 and id = $2 returning id',
};
const DROP: Statement = {
  name: 'drop application keys',
  text: 'delete from issuer.application_key where application_id = $1 and id <> all($2::text[]) returning id',
};
const DECLARE: Statement = {
  name: 'declare application keys',
  text: `insert into issuer.application_key (application_id, id, jwk)
    select $1, k.id, k.jwk from jsonb_to_recordset($2::jsonb) as k(id text, jwk jsonb)
    on conflict (application_id, id) do update set jwk = excluded.jwk, expires_at = null
      where application_key.jwk <> excluded.jwk or application_key.expires_at is not null returning id`,
};

export interface AddKeyOptions {
  readonly jwk: Jwk;
  /** When it stops working. Default: never. */
  readonly expiresAt?: Date | undefined;
}

/**
 * Gives an application a public key. Without a `kid` its RFC 7638 thumbprint is one. Needs a transaction. Throws `Refused` for
 * what is no public key, a `kid` that is taken, an application that proves itself by a secret, or a third live key.
 */
export async function addKey(run: Run, applicationId: string, { jwk, expiresAt }: AddKeyOptions): Promise<ApplicationKey> {
  const problem = publicKeyProblem(jwk);
  if (problem) throw new Refused('invalid', `the key ${problem}`);
  if (expiresAt !== undefined && !(expiresAt.getTime() > Date.now())) throw new Refused('invalid', 'expiresAt must be in the future');
  await lockForCredential(run, applicationId, 'key');
  const id = keyId(jwk);
  const [row] = await run(INSERT, [applicationId, id, JSON.stringify(plain(jwk)), expiresAt ?? null]);
  if (!row) throw new Refused('conflict', `this application has, or had, a key with the kid ${id}: give the new one another`);
  return fromRow(row);
}

/** The keys of an application that are live now, the oldest first. */
export async function listKeys(run: Run, applicationId: string): Promise<ApplicationKey[]> {
  return (await run(LIST, [applicationId])).map(fromRow);
}

/** Removes a key. It stops working within seconds. Gives false when there is none with this id. */
export async function removeKey(run: Run, applicationId: string, keyId: string): Promise<boolean> {
  return (await run(REMOVE, [applicationId, keyId])).length > 0;
}

/** Makes the keys of an application exactly these, without an end. They must have been checked (`publicKeyProblem`). */
export async function setKeys(run: Run, applicationId: string, jwks: readonly Jwk[]): Promise<Change> {
  const keys = jwks.map((jwk) => ({ id: keyId(jwk), jwk: plain(jwk) }));
  const dropped = await run(DROP, [applicationId, keys.map(({ id }) => id)]);
  const added = await run(DECLARE, [applicationId, JSON.stringify(keys)]);
  return dropped.length + added.length > 0 ? 'changed' : 'same';
}

/** What is wrong with a key that an application wants to be known by; undefined when nothing is. */
export function publicKeyProblem(jwk: Jwk): string | undefined {
  if ('d' in jwk || jwk.kty === 'oct') return 'must be a public key: keep the private one to the application';
  if (jwk.kid !== undefined && (typeof jwk.kid !== 'string' || !/^[!-~]{1,200}$/.test(jwk.kid)))
    return 'must have a kid of 1 to 200 printable ASCII characters, or none';
  if (jwk.use !== undefined && jwk.use !== 'sig') return 'must be for signatures: use is "sig", or left out';
  const key = keyOf(jwk);
  if (key === undefined) return 'must be a JSON Web Key (RFC 7517) of kind EC, RSA or OKP';
  const algorithms = algorithmsOf(key);
  if (algorithms.length === 0) return 'must be an EC key on P-256, an Ed25519 key, or an RSA key of 2048 bits or more';
  if (jwk.alg !== undefined && !algorithms.includes(String(jwk.alg))) return `must have the alg ${algorithms.join(' or ')}, or none`;
  return undefined;
}

function keyOf(jwk: Jwk): KeyObject | undefined {
  try {
    return createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' });
  } catch {
    return undefined;
  }
}

/** The signatures of assertions that are accepted of such a key. */
function algorithmsOf({ asymmetricKeyType, asymmetricKeyDetails: { namedCurve, modulusLength = 0 } = {} }: KeyObject): readonly string[] {
  if (asymmetricKeyType === 'ec' && namedCurve === 'prime256v1') return ['ES256'];
  if (asymmetricKeyType === 'ed25519') return ['Ed25519'];
  return asymmetricKeyType === 'rsa' && modulusLength >= 2048 ? ['RS256', 'PS256'] : [];
}

/** The id of a key: its `kid`, or else its RFC 7638 thumbprint. */
export function keyId(jwk: Jwk): string {
  if (typeof jwk.kid === 'string') return jwk.kid;
  const { crv, e, kty, n, x, y } = jwk;
  // The members that make the key, in alphabetical order.
  return hash('sha256', JSON.stringify({ crv, e, kty, n, x, y }), 'base64url');
}

/** As it is kept: what makes the key and what says how to use it, nothing else. */
function plain(jwk: Jwk): Jwk {
  const { kty, crv, x, y, n, e, alg } = jwk;
  return { kty, crv, x, y, n, e, alg, kid: keyId(jwk) };
}

function fromRow(row: Row): ApplicationKey {
  return {
    id: String(row.id),
    jwk: row.jwk as Jwk,
    createdAt: row.created_at as Date,
    expiresAt: (row.expires_at as Date | null) ?? undefined,
  };
}
