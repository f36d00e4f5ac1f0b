/**
 * Personal access tokens: long-lived tokens that people and service users make for scripts. Only the SHA-256 of one is kept, so
 * that it is shown once. It names the APIs it is for and its scopes, and it always ends.
 */
import { Secret } from '../secrets/secret.ts';
import { hashOf, newToken } from '../secrets/token-format.ts';
import type { Row, Run, Statement } from '../store/database.ts';
import { newId } from '../store/ids.ts';
import { Refused } from '../store/refused.ts';

const DAY = 86_400_000;
/** Days that a token lives when nobody says how long. */
export const DEFAULT_DAYS = 90;
/** Days that a token lives at most. */
export const MOST_DAYS = 366;
/** Characters of a token that are kept and shown, so that its owner recognizes it: `sc_pat_` and four more. */
const SHOWN = 11;

/** A personal access token as it is listed: never its value. */
export interface AccessTokenMetadata {
  readonly id: string;
  readonly userId: string;
  readonly name: string;
  /** Its first characters, such as `sc_pat_9aBc`. */
  readonly prefix: string;
  /** Resource indicators (RFC 8707) of the APIs it is for. */
  readonly resources: readonly string[];
  readonly scopes: readonly string[];
  /** Id of who made it. */
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  /** To the minute; undefined when it was never used. */
  readonly lastUsedAt: Date | undefined;
}

export interface NewAccessToken {
  /** Whose it is: a person or a service user. */
  readonly userId: string;
  /** What its owner calls it. */
  readonly name: string;
  /** Resource indicators of the APIs it is for, 1 to 20. */
  readonly resources: readonly string[];
  /** Scopes that those APIs know. Default: none; roles are not in a token, they are looked up when it is used. */
  readonly scopes?: readonly string[] | undefined;
  /** Default: in 90 days. At most 366 days away. */
  readonly expiresAt?: Date | undefined;
  /** Id of who makes it. */
  readonly createdBy: string;
}

const columns = 't.id, t.user_id, t.name, t.prefix, t.resources, t.scopes, t.created_by, t.created_at, t.expires_at, t.last_used_at';
const OWNER: Statement = { name: 'owner of token', text: `select state from issuer.users where id = $1 for update` };
const APIS: Statement = {
  name: 'scopes of resources',
  text: `select resource, array(select jsonb_object_keys(resource_scopes)) as scopes from issuer.application
    where resource = any($1::text[]) and kind = 'api' and disabled_at is null`,
};
const INSERT: Statement = {
  name: 'create access token',
  text: `insert into issuer.personal_access_token as t (id, user_id, name, hash, prefix, resources, scopes, created_by, expires_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning ${columns}`,
};
const LIST: Statement = {
  name: 'access tokens',
  text: `select ${columns} from issuer.personal_access_token t where t.user_id = $1 order by t.created_at, t.id`,
};
const FIND: Statement = { name: 'access token', text: `select ${columns} from issuer.personal_access_token t where t.id = $1` };
const REVOKE: Statement = {
  name: 'revoke access token',
  text: `delete from issuer.personal_access_token t where t.id = $1 returning ${columns}`,
};

/**
 * Makes a token. `token` is shown to whoever asked and is nowhere else. Needs a transaction; the caller records the event and
 * checks that its own scopes cover these. Throws `Refused` for a user who is not there or disabled, an API that is not there, a
 * scope that none of the APIs knows, or an end that is past or too far away.
 */
export async function createAccessToken(
  run: Run,
  wanted: NewAccessToken,
): Promise<{ readonly token: Secret; readonly metadata: AccessTokenMetadata }> {
  const { userId, name, createdBy, expiresAt = new Date(Date.now() + DEFAULT_DAYS * DAY) } = wanted;
  const [resources, scopes] = [[...new Set(wanted.resources)], [...new Set(wanted.scopes)]];
  checkForm({ name, resources, expiresAt });
  await refuseInactive(run, userId);
  await refuseUnknown(run, resources, scopes);
  const value = newToken('pat');
  const kept = [newId('pat'), userId, name.trim(), hashOf(value), value.slice(0, SHOWN)];
  const [row] = await run(INSERT, [...kept, resources, scopes, createdBy, expiresAt]);
  return { token: new Secret(value), metadata: fromRow(row ?? {}) };
}

/** A user's tokens, the oldest first, those that have expired included. */
export async function listAccessTokens(run: Run, userId: string): Promise<AccessTokenMetadata[]> {
  return (await run(LIST, [userId])).map(fromRow);
}

/** The token with this id (not its value). */
export async function findAccessToken(run: Run, id: string): Promise<AccessTokenMetadata | undefined> {
  const [row] = await run(FIND, [id]);
  return row && fromRow(row);
}

/** Ends a token for good, by its id. It is refused at the next introspection. Gives what it was, or undefined when there was none. */
export async function revokeAccessToken(run: Run, id: string): Promise<AccessTokenMetadata | undefined> {
  const [row] = await run(REVOKE, [id]);
  return row && fromRow(row);
}

function checkForm({ name, resources, expiresAt }: { name: string; resources: readonly string[]; expiresAt: Date }): void {
  const left = expiresAt.getTime() - Date.now();
  if (name.trim() === '' || name.length > 200) throw new Refused('invalid', 'name must have 1 to 200 characters');
  if (resources.length === 0 || resources.length > 20)
    throw new Refused('invalid', 'resources must name 1 to 20 APIs: a token is good for those alone');
  if (!(left > 0)) throw new Refused('invalid', 'expiresAt must be in the future');
  if (left > MOST_DAYS * DAY) throw new Refused('invalid', `expiresAt must be at most ${MOST_DAYS} days away`);
}

// Locked, so that a user who is being disabled gets no token that outlives it.
async function refuseInactive(run: Run, userId: string): Promise<void> {
  const [owner] = await run<{ state: string }>(OWNER, [userId]);
  if (!owner) throw new Refused('unknown', `there is no user ${userId}`);
  if (owner.state !== 'active') throw new Refused('conflict', `the user ${userId} is disabled: enable it before making it a token`);
}

async function refuseUnknown(run: Run, resources: readonly string[], scopes: readonly string[]): Promise<void> {
  const apis = await run<{ resource: string; scopes: string[] }>(APIS, [resources]);
  const missing = resources.filter((resource) => !apis.some((api) => api.resource === resource));
  if (missing.length > 0) throw new Refused('invalid', `no API has the resource ${missing.join(', ')}`);
  const known = new Set(apis.flatMap((api) => api.scopes));
  const wide = scopes.filter((scope) => !known.has(scope));
  if (wide.length > 0) throw new Refused('invalid', `none of these APIs knows the scope ${wide.join(', ')}`);
}

function fromRow(row: Row): AccessTokenMetadata {
  return {
    id: String(row.id),
    userId: String(row.user_id),
    name: String(row.name),
    prefix: String(row.prefix),
    resources: row.resources as string[],
    scopes: row.scopes as string[],
    createdBy: String(row.created_by),
    createdAt: row.created_at as Date,
    expiresAt: row.expires_at as Date,
    lastUsedAt: (row.last_used_at as Date | null) ?? undefined,
  };
}
