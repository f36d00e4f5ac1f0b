/** People and service users: who they are, and the end of everything they may do. */
import { isDeepStrictEqual } from 'node:util';
import { leaveOrganization } from '../orgs/grants.ts';
import type { Row, Run, Statement, Store } from '../store/database.ts';
import { recordEvent } from '../store/events.ts';
import { Refused } from '../store/refused.ts';
import { sqlState } from '../store/unavailable.ts';
import type { Change } from '../store/upsert.ts';

/** Somebody who can be the subject of a token. `id` is `sub`. */
export interface User {
  readonly id: string;
  readonly kind: 'person' | 'service';
  readonly organizationId: string;
  readonly email?: string | undefined;
  readonly emailVerified: boolean;
  readonly name?: string | undefined;
  readonly givenName?: string | undefined;
  readonly familyName?: string | undefined;
  /** BCP 47 tag, such as `en-GB`. */
  readonly locale?: string | undefined;
  readonly state: 'active' | 'disabled';
  /** Further standard claims (OpenID Connect Core 5.1), in the spelling of the wire. Default: none. */
  readonly claims?: Readonly<object> | undefined;
  /** Default: none. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  /** `sub` by dialect, where it is not what the dialect makes of the id. Default: none. */
  readonly subjects?: Readonly<Record<string, string>> | undefined;
}

/** Columns of a user, as `row_to_json` or a plain select gives them. */
export interface UserRow extends Row {
  readonly id: string;
  readonly kind: string;
  readonly organization_id: string;
  readonly email: string | null;
  readonly email_verified: boolean;
  readonly name: string | null;
  readonly given_name: string | null;
  readonly family_name: string | null;
  readonly locale: string | null;
  readonly state: string;
  readonly claims: Readonly<object>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly subjects: Readonly<Record<string, string>>;
}

export const userColumns = `u.id, u.kind, u.organization_id, u.email, u.email_verified, u.name, u.given_name, u.family_name, u.locale,
  u.state, u.claims, u.metadata, u.subjects`;
const FIND: Statement = { name: 'user', text: `select ${userColumns} from issuer.users u where u.id = $1` };
const FIND_BY_EMAIL: Statement = { name: 'user by email', text: `select ${userColumns} from issuer.users u where u.email_key = $1` };
const SAVE: Statement = {
  name: 'save user',
  text: `insert into issuer.users (id, kind, organization_id, email, email_key, email_verified, name, given_name, family_name, locale, state,
      claims, metadata, subjects, disabled_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, case when $11 = 'disabled' then now() end)
    on conflict (id) do update set kind = excluded.kind, organization_id = excluded.organization_id, email = excluded.email,
      email_key = excluded.email_key, email_verified = excluded.email_verified, name = excluded.name, given_name = excluded.given_name,
      family_name = excluded.family_name, locale = excluded.locale, state = excluded.state, claims = excluded.claims,
      metadata = excluded.metadata, subjects = excluded.subjects, updated_at = now(),
      disabled_at = case when excluded.state = 'disabled' then coalesce(users.disabled_at, now()) end`,
};
const DISABLE: Statement = {
  name: 'disable user',
  text: `update issuer.users set state = 'disabled', disabled_at = now(), updated_at = now() where id = $1 and state = 'active' returning organization_id`,
};
const END_ACCESS: Statement = {
  name: 'end access',
  text: 'update issuer.artifact set revoked_at = now() where account_id = $1 and revoked_at is null',
};
const END_TOKENS: Statement = {
  name: 'end access tokens',
  text: `with ended as (update issuer.users set access_ended_at = now() where id = $1)
    delete from issuer.personal_access_token where user_id = $1`,
};

/** Finds a user by `sub`. */
export async function findUser(store: Pick<Store, 'run'>, id: string): Promise<User | undefined> {
  const [row] = await store.run<UserRow>(FIND, [id]);
  return row && toUser(row);
}

/** Finds a user by e-mail, whatever its letter case. */
export async function findUserByEmail(store: Pick<Store, 'run'>, email: string): Promise<User | undefined> {
  const [row] = await store.run<UserRow>(FIND_BY_EMAIL, [emailKey(email)]);
  return row && toUser(row);
}

/**
 * Creates a user or makes it as declared. In the same transaction, disabling one ends its sessions, grants and tokens, and one
 * who moves to another organization loses the roles in the one before.
 */
export async function upsertUser(run: Run, user: User): Promise<Change> {
  const [row] = await run<UserRow>(FIND, [user.id]);
  const before = row && toUser(row);
  if (before && same(before, user)) return 'same';
  await save(run, user);
  if (before && before.organizationId !== user.organizationId)
    await leaveOrganization(run, { organizationId: before.organizationId, userId: user.id });
  if (before?.state === 'active' && user.state === 'disabled') {
    await endAccess(run, user.id);
    await recordEvent(run, {
      type: 'user.disabled',
      outcome: 'ok',
      actor: 'configuration',
      target: user.id,
      organization: user.organizationId,
    });
  }
  return before ? 'changed' : 'created';
}

/**
 * Disables a user and ends, in one transaction, its sessions, grants, refresh tokens and personal access tokens. `by` is the id
 * of who did it. Gives false when there is no such user or it was disabled before.
 */
export async function disableUser(store: Store, id: string, by: string): Promise<boolean> {
  return store.transaction(async (run) => {
    const organization = await endUser(run, id);
    if (organization === undefined) return false;
    await recordEvent(run, { type: 'user.disabled', outcome: 'ok', actor: by, target: id, organization });
    return true;
  });
}

/**
 * What `disableUser` does, in the transaction of a caller who records the event. Gives the user's organization, or undefined
 * when there is no such user or it was disabled before.
 */
export async function endUser(run: Run, id: string): Promise<string | undefined> {
  const [row] = await run<{ organization_id: string }>(DISABLE, [id]);
  if (row !== undefined) await endAccess(run, id);
  return row?.organization_id;
}

/** Ends every sign-in of a user: sessions, grants and what was issued under them. Personal access tokens stay. */
export async function endSignIns(run: Run, id: string): Promise<void> {
  await run(END_ACCESS, [id]);
}

async function endAccess(run: Run, id: string): Promise<void> {
  await run(END_ACCESS, [id]);
  await run(END_TOKENS, [id]);
}

async function save(run: Run, user: User): Promise<void> {
  const { id, kind, organizationId, email, emailVerified, name, givenName, familyName, locale, state, claims, metadata, subjects } = user;
  const key = email === undefined ? undefined : emailKey(email);
  const optional = [name, givenName, familyName, locale].map((value) => value ?? null);
  const kept = [claims, metadata, subjects].map((value) => JSON.stringify(value ?? {}));
  try {
    await run(SAVE, [id, kind, organizationId, email ?? null, key ?? null, emailVerified, ...optional, state, ...kept]);
  } catch (error) {
    if (sqlState(error) !== '23505') throw error;
    throw new Refused('conflict', `user ${id} cannot have its e-mail: another user has it already. Give one of them another e-mail`);
  }
}

/** How e-mails are compared: NFC, without spaces around, in lower case. */
export function emailKey(email: string): string {
  return email.normalize('NFC').trim().toLowerCase();
}

export function toUser(row: UserRow): User {
  return {
    id: row.id,
    kind: row.kind === 'service' ? 'service' : 'person',
    organizationId: row.organization_id,
    email: row.email ?? undefined,
    emailVerified: row.email_verified,
    name: row.name ?? undefined,
    givenName: row.given_name ?? undefined,
    familyName: row.family_name ?? undefined,
    locale: row.locale ?? undefined,
    // Anything but active is closed.
    state: row.state === 'active' ? 'active' : 'disabled',
    claims: row.claims,
    metadata: row.metadata,
    subjects: row.subjects,
  };
}

const compared = ['kind', 'organizationId', 'email', 'emailVerified', 'name', 'givenName', 'familyName', 'locale', 'state'] as const;

const objects = ['claims', 'metadata', 'subjects'] as const;

function same(one: User, other: User): boolean {
  return (
    compared.every((property) => one[property] === other[property]) &&
    objects.every((property) => isDeepStrictEqual({ ...one[property] }, { ...other[property] }))
  );
}
