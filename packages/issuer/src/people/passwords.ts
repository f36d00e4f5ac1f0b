/** Setting a person's password. Checking one is `sign-in.ts`, which counts wrong ones. */
import { createPasswordHasher, importable, type PasswordHasher } from '../secrets/password.ts';
import type { Run, Statement } from '../store/database.ts';
import type { Change } from '../store/upsert.ts';
import { assertStrong } from './password-policy.ts';

const CURRENT: Statement = {
  name: 'password to replace',
  text: `select p.hash, u.email, u.name, o.name as organization from issuer.users u join issuer.organization o on o.id = u.organization_id
    left join issuer.user_password p on p.user_id = u.id where u.id = $1`,
};
const SAVE: Statement = {
  name: 'save password',
  text: `insert into issuer.user_password (user_id, hash) values ($1, $2)
    on conflict (user_id) do update set hash = excluded.hash, changed_at = now()`,
};

/** A new password, or the PHC string of one that only its hash is known of. */
export type NewPassword = { readonly password: string } | { readonly hash: string };

export interface SetPasswordOptions {
  /** Default: one without pepper. */
  readonly hasher?: PasswordHasher;
}

/**
 * Sets a password unless it is this one already. Trust in browsers that signed in with the old one ends.
 *
 * Throws `WeakPassword` when the policy refuses it, and `TypeError` for a hash of a kind that is not accepted or for a user
 * who is not there.
 */
export async function setPassword(
  run: Run,
  userId: string,
  secret: NewPassword,
  { hasher = plainHasher() }: SetPasswordOptions = {},
): Promise<Change> {
  const [row] = await run<{ hash: string | null; email: string | null; name: string | null; organization: string }>(CURRENT, [userId]);
  if (row === undefined) throw new TypeError(`there is no user ${userId}: create it before setting a password`);
  if ('hash' in secret) {
    importable(secret.hash);
    if (row.hash === secret.hash) return 'same';
    await run(SAVE, [userId, secret.hash]);
  } else {
    assertStrong(secret.password, [row.email ?? '', row.name ?? '', row.organization]);
    if (row.hash !== null && (await hasher.check(secret.password, row.hash)).ok) return 'same';
    await run(SAVE, [userId, await hasher.hash(secret.password)]);
  }
  return row.hash === null ? 'created' : 'changed';
}

let plain: PasswordHasher | undefined;

// Not at import: whoever imports this file may not need it.
function plainHasher(): PasswordHasher {
  plain ??= createPasswordHasher();
  return plain;
}
