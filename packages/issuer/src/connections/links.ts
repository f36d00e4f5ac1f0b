/**
 * Who somebody is at a third party. Found by issuer and subject alone, within the organization whose connection vouches for
 * them: an e-mail links nothing, and what another organization's connection says counts for nothing here.
 */
import type { Row, Run, Statement } from '../store/database.ts';

/** Somebody at a third party. */
export interface ForeignIdentity {
  readonly issuer: string;
  readonly subject: string;
}

/** A way to sign in: a foreign identity and whose it is here. */
export interface LinkedIdentity extends ForeignIdentity {
  readonly organizationId: string;
  readonly userId: string;
  readonly connectionId: string;
  /** What the third party calls it, for people. */
  readonly name: string | undefined;
  readonly linkedAt: Date;
  readonly lastUsedAt: Date | undefined;
}

interface LinkRow extends Row {
  readonly organization_id: string;
  readonly issuer: string;
  readonly subject: string;
  readonly user_id: string;
  readonly connection_id: string;
  readonly name: string | null;
  readonly linked_at: Date;
  readonly last_used_at: Date | null;
}

const columns = 'l.organization_id, l.issuer, l.subject, l.user_id, l.connection_id, l.name, l.linked_at, l.last_used_at';
const FIND: Statement = {
  name: 'linked identity',
  text: `select ${columns} from issuer.linked_identity l where l.organization_id = $1 and l.issuer = $2 and l.subject = $3`,
};
const OF_USER: Statement = {
  name: 'linked identities of a user',
  text: `select ${columns} from issuer.linked_identity l where l.user_id = $1 order by l.linked_at, l.issuer, l.subject`,
};
const LINK: Statement = {
  name: 'link identity',
  text: `insert into issuer.linked_identity (organization_id, issuer, subject, user_id, connection_id, name)
    values ($1, $2, $3, $4, $5, $6) on conflict (organization_id, issuer, subject) do nothing returning user_id`,
};
const USED: Statement = {
  name: 'linked identity used',
  text: `update issuer.linked_identity set last_used_at = now(), name = $4 where organization_id = $1 and issuer = $2 and subject = $3`,
};
const LOCK_USER: Statement = { name: 'lock user', text: 'select organization_id from issuer.users where id = $1 for update' };
// What is left must let the person in again: a password, or an identity at a connection that signs people in.
const UNLINK: Statement = {
  name: 'unlink identity',
  text: `delete from issuer.linked_identity l where l.user_id = $1 and l.issuer = $2 and l.subject = $3
      and (exists (select from issuer.user_password p where p.user_id = $1)
        or exists (select from issuer.linked_identity o join issuer.connection c on c.id = o.connection_id
          where o.user_id = $1 and (o.issuer, o.subject) <> (l.issuer, l.subject) and c.sign_in and c.disabled_at is null))
    returning l.connection_id`,
};
const HAS: Statement = {
  name: 'user has linked identity',
  text: 'select connection_id from issuer.linked_identity where user_id = $1 and issuer = $2 and subject = $3',
};

/** The link of a foreign identity in an organization. */
export async function findLinked(
  run: Run,
  organizationId: string,
  { issuer, subject }: ForeignIdentity,
): Promise<LinkedIdentity | undefined> {
  const [row] = await run<LinkRow>(FIND, [organizationId, issuer, subject]);
  return row && toLinked(row);
}

/** Every way to sign in of a user but the password, the oldest first. */
export async function linksOf(run: Run, userId: string): Promise<LinkedIdentity[]> {
  return (await run<LinkRow>(OF_USER, [userId])).map(toLinked);
}

/** Links a foreign identity to a user. `same`: it was linked to this user before; `taken`: it is somebody else's. */
export async function link(run: Run, given: Omit<LinkedIdentity, 'linkedAt' | 'lastUsedAt'>): Promise<'linked' | 'same' | 'taken'> {
  const { organizationId, issuer, subject, userId, connectionId, name } = given;
  if ((await run(LINK, [organizationId, issuer, subject, userId, connectionId, name ?? null])).length > 0) return 'linked';
  return (await findLinked(run, organizationId, given))?.userId === userId ? 'same' : 'taken';
}

/** Notes that somebody signed in with it, and what the third party calls it now. */
export async function noteUse(run: Run, { organizationId, issuer, subject }: LinkedIdentity, name: string | undefined): Promise<void> {
  await run(USED, [organizationId, issuer, subject, name ?? null]);
}

/** What became of an attempt to unlink. */
export type Unlinked =
  | { readonly kind: 'unlinked'; readonly connectionId: string }
  | { readonly kind: 'last'; readonly connectionId: string }
  | { readonly kind: 'unknown' };

/** Takes a way to sign in from a user, unless it is the only one. Runs in a transaction: two at once must not take both. */
export async function unlink(run: Run, userId: string, { issuer, subject }: ForeignIdentity): Promise<Unlinked> {
  await run(LOCK_USER, [userId]);
  const [gone] = await run<{ connection_id: string }>(UNLINK, [userId, issuer, subject]);
  if (gone) return { kind: 'unlinked', connectionId: gone.connection_id };
  const [kept] = await run<{ connection_id: string }>(HAS, [userId, issuer, subject]);
  return kept ? { kind: 'last', connectionId: kept.connection_id } : { kind: 'unknown' };
}

function toLinked(row: LinkRow): LinkedIdentity {
  return {
    organizationId: row.organization_id,
    issuer: row.issuer,
    subject: row.subject,
    userId: row.user_id,
    connectionId: row.connection_id,
    name: row.name ?? undefined,
    linkedAt: new Date(row.linked_at),
    lastUsedAt: row.last_used_at === null ? undefined : new Date(row.last_used_at),
  };
}
