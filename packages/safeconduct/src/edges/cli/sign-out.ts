import { wrapTokens } from '../../core/protocol/tokens.ts';
import type { Login } from '../../steps/login/login.ts';
import { revokeTokens } from '../../steps/login/sign-out.ts';
import { credentialOptions, type StorageOptions } from './sign-in.ts';
import { credentialsOf } from './stored-sign-in.ts';

/** What became of a stored sign-in. */
export interface SignOutOutcome {
  /** There was one, and it is deleted. */
  readonly signedOut: boolean;
  /** The provider has ended its tokens. When false, an access token goes on working until its time is over. */
  readonly revoked: boolean;
}

/** Revokes the stored tokens at the provider (RFC 7009) and deletes them here, whether or not the provider answers. */
export async function signOut(login: Login, options: StorageOptions): Promise<SignOutOutcome> {
  const credentials = credentialsOf(
    login,
    credentialOptions(options, () => {}),
  );
  return credentials.exclusively(async () => {
    const stored = await credentials.read();
    await credentials.remove();
    if (!stored) return { signedOut: false, revoked: false };
    const revoked = await revokeTokens(login, wrapTokens(stored)).catch(() => false);
    return { signedOut: true, revoked };
  });
}
