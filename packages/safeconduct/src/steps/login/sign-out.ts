import type { Claims } from '../../core/identity/claims.ts';
import { subjectAtProvider } from '../../core/identity/identity.ts';
import { revoke } from '../../core/protocol/client.ts';
import { endSessionUrl } from '../../core/protocol/front-channel.ts';
import type { Secret } from '../../core/protocol/secret.ts';
import type { Tokens } from '../../core/protocol/tokens.ts';
import { readUserinfo } from '../../core/protocol/userinfo.ts';
import { type Login, wiringOf } from './login.ts';
import type { SignedIn } from './signed-in.ts';

/** What a sign-out tells the provider. */
export interface SignOutRequest {
  /** Tells the provider whose session it is, so that it need not ask. */
  readonly idToken?: Secret | undefined;
  /** Comes back to the post-logout redirect URI. */
  readonly state?: string | undefined;
}

/** Where to send the browser to end the session at the provider, or undefined if the provider has no such page. */
export function signOutUrl(login: Login, { idToken, state }: SignOutRequest = {}): Promise<URL | undefined> {
  return endSessionUrl(wiringOf(login), { idToken, state, postLogoutRedirectUri: login.postLogoutRedirectUri });
}

/**
 * Revokes the refresh token, then the access token (RFC 7009). Gives false when the provider revoked neither because it cannot.
 * Throws `provider_unreachable` when nobody knows whether they still work.
 */
export async function revokeTokens(
  login: Login,
  { refreshToken, accessToken }: Pick<Tokens, 'refreshToken' | 'accessToken'>,
): Promise<boolean> {
  const client = wiringOf(login);
  const refreshDone = refreshToken !== undefined && (await revoke(client, refreshToken, 'refresh_token'));
  const accessDone = await revoke(client, accessToken, 'access_token');
  return refreshDone || accessDone;
}

/** Asks the provider's userinfo about the signed-in person. An answer about anybody else is refused with `provider_invalid`. */
export function fetchUserinfo(login: Login, { identity, tokens }: Pick<SignedIn, 'identity' | 'tokens'>): Promise<Claims> {
  return readUserinfo(wiringOf(login), tokens.accessToken, subjectAtProvider(identity));
}
