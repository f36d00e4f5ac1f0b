/** Somebody who signs in for the first time through a third party becomes a user. */
import type { Run } from '../store/database.ts';
import { newId } from '../store/ids.ts';
import { findUserByEmail, type User, upsertUser } from './users.ts';

/** What a third party says of somebody. */
export interface Newcomer {
  readonly organizationId: string;
  readonly name: string | undefined;
  /** Only one that the third party has verified: it becomes theirs here. */
  readonly verifiedEmail: string | undefined;
}

/**
 * Makes a person without a password. `email-taken`: somebody has that e-mail here, and it is not for us to say that they are
 * the same. Runs in a transaction.
 */
export async function signUp(run: Run, { organizationId, name, verifiedEmail: email }: Newcomer): Promise<User | 'email-taken'> {
  if (email !== undefined && (await findUserByEmail({ run }, email))) return 'email-taken';
  const user: User = {
    id: newId('usr'),
    kind: 'person',
    organizationId,
    email,
    emailVerified: email !== undefined,
    name,
    state: 'active',
  };
  await upsertUser(run, user);
  return user;
}
