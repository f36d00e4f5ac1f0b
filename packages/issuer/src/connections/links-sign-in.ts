/** Who signs in when a third party says who somebody is. Only the link of that issuer and subject counts; no e-mail does. */
import { signUp } from '../people/sign-up.ts';
import { findUser, type User } from '../people/users.ts';
import type { Run, Store } from '../store/database.ts';
import { recordEvent } from '../store/events.ts';
import { Refused } from '../store/refused.ts';
import { conflicted, sqlState } from '../store/unavailable.ts';
import type { Connection } from './connection.ts';
import { findLinked, link, noteUse } from './links.ts';
import type { UpstreamAccount } from './third-party.ts';

/** Why nobody is signed in. */
export type NotAdmitted =
  /** Nobody here is linked to it, and the connection makes no new users. */
  | 'unknown'
  /** The user that it is linked to may not sign in. */
  | 'closed'
  /** A newcomer has an e-mail that somebody here has. */
  | 'email-taken';

export type Admission =
  | { readonly kind: 'ok'; readonly user: User; readonly isNew: boolean }
  | { readonly kind: NotAdmitted; readonly userId?: string };

/** What the audit log keeps about the request. */
export interface Circumstances {
  readonly ip: string;
  readonly requestId: string | undefined;
}

/** Finds whose sign-in this is, or makes a new user where the connection allows it. */
export async function signInThrough(
  store: Store,
  connection: Connection,
  { account, circumstances }: { readonly account: UpstreamAccount; readonly circumstances: Circumstances },
): Promise<Admission> {
  const once = () => store.transaction((run) => admit(run, connection, { account, circumstances }));
  try {
    return await once();
  } catch (error) {
    // Somebody took the e-mail, or signed up with the same account in another tab, between our look and our write.
    if (error instanceof Lost || error instanceof Refused || conflicted(error) || sqlState(error) === '23505') return once();
    throw error;
  }
}

async function admit(
  run: Run,
  connection: Connection,
  { account, circumstances }: { readonly account: UpstreamAccount; readonly circumstances: Circumstances },
): Promise<Admission> {
  const { organizationId } = connection;
  const linked = await findLinked(run, organizationId, account);
  if (!linked) return connection.signUp ? admitNewcomer(run, connection, { account, circumstances }) : { kind: 'unknown' };
  const user = await findUser({ run }, linked.userId);
  // Somebody who moved to another organization is no longer this connection's to vouch for.
  const open = user?.state === 'active' && user.kind === 'person' && user.organizationId === organizationId;
  if (!open) return { kind: 'closed', userId: linked.userId };
  await noteUse(run, linked, account.name);
  return { kind: 'ok', user, isNew: false };
}

async function admitNewcomer(
  run: Run,
  { id, organizationId }: Connection,
  { account, circumstances }: { readonly account: UpstreamAccount; readonly circumstances: Circumstances },
): Promise<Admission> {
  const verifiedEmail = account.emailVerified ? account.email : undefined;
  const cameWith = { connection: id, subject: account.subject };
  const user = await signUp(run, { organizationId, name: account.fullName, verifiedEmail, cameWith });
  if (user === 'email-taken') {
    // It may be this very person's, who has just signed up in another tab.
    if (await findLinked(run, organizationId, account)) throw new Lost();
    return { kind: 'email-taken' };
  }
  const { issuer, subject, name } = account;
  if ((await link(run, { organizationId, issuer, subject, userId: user.id, connectionId: id, name })) !== 'linked') throw new Lost();
  const common = { outcome: 'ok', actor: user.id, target: user.id, organization: organizationId, ...circumstances } as const;
  await recordEvent(run, { ...common, type: 'user.signed_up', details: { connection: id } });
  await recordEvent(run, { ...common, type: 'identity.linked', details: { connection: id } });
  return { kind: 'ok', user, isNew: true };
}

/** Another request linked the same account first. Looking again finds it. */
class Lost extends Error {
  override readonly name = 'Lost';
}
