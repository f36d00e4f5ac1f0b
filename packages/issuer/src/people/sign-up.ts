/** Somebody who signs in for the first time through a third party becomes a user. */
import type { Run, Statement } from '../store/database.ts';
import { newId } from '../store/ids.ts';
import { findUserByEmail, type User, upsertUser } from './users.ts';

/** What a third party says of somebody. */
export interface Newcomer {
  readonly organizationId: string;
  readonly name: string | undefined;
  /** Only one that the third party has verified: it becomes theirs here. */
  readonly verifiedEmail: string | undefined;
  /** The connection, and who it says that somebody is. Dialects may call people by it. */
  readonly cameWith: { readonly connection: string; readonly subject: string };
}

const CAME_WITH: Statement = { name: 'came with', text: 'update issuer.users set came_with = $2::jsonb where id = $1' };

/**
 * Makes a person without a password. `email-taken`: somebody has that e-mail here, and it is not for us to say that they are
 * the same. Runs in a transaction.
 */
export async function signUp(run: Run, newcomer: Newcomer): Promise<User | 'email-taken'> {
  const { organizationId, name, verifiedEmail: email, cameWith } = newcomer;
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
  await run(CAME_WITH, [user.id, JSON.stringify(cameWith)]);
  return user;
}
