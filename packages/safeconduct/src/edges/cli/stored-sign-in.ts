import { SafeconductError } from '../../core/identity/errors.ts';
import { revealTokens, type StoredTokens } from '../../core/protocol/tokens.ts';
import type { Login } from '../../steps/login/login.ts';
import { refreshLogin, resumeLogin } from '../../steps/login/refresh.ts';
import type { SignedIn } from '../../steps/login/signed-in.ts';
import { type CredentialOptions, type Credentials, openCredentials } from './credentials.ts';

/** How a stored sign-in may be used. */
export interface StoredUse {
  /** An access token that an API has refused: it is renewed although its time is not over. */
  readonly refused: string | undefined;
  /** Told in one sentence why a stored sign-in is not used. */
  readonly warn: (message: string) => void;
  readonly signal: AbortSignal | undefined;
}

const leewayMs = 30_000;

/** The stored sign-in of this issuer, client and API. */
export function credentialsOf(login: Login, options: CredentialOptions): Credentials {
  return openCredentials({ issuer: login.provider.issuer, client: login.clientId, resource: login.resource }, options);
}

/**
 * Gives the stored sign-in, renewed if it must be; undefined when there is none that can be used.
 *
 * Only one process refreshes at a time. Whoever had to wait looks again first, and mostly finds the work done. New
 * tokens are on the disk before anybody gets them, so that a crash cannot lose the one refresh token that counts.
 */
export async function useStored(login: Login, credentials: Credentials, use: StoredUse): Promise<SignedIn | undefined> {
  const stored = await credentials.read();
  if (!stored) return undefined;
  if (isFresh(stored, use)) return resumed(login, stored, use);
  if (stored.refreshToken === undefined) return undefined;
  return credentials.exclusively(() => renewed(login, credentials, use), use.signal);
}

function isFresh({ accessToken, expiresAt }: StoredTokens, { refused }: StoredUse): boolean {
  return accessToken !== refused && expiresAt - leewayMs > Date.now();
}

async function resumed(login: Login, stored: StoredTokens, { warn }: StoredUse): Promise<SignedIn | undefined> {
  try {
    return await resumeLogin(login, stored);
  } catch (error) {
    if (!(error instanceof SafeconductError) || error.code === 'provider_unreachable') throw error;
    return void warn('The stored sign-in no longer proves who you are: sign in again.');
  }
}

async function renewed(login: Login, credentials: Credentials, use: StoredUse): Promise<SignedIn | undefined> {
  const stored = await credentials.read();
  const signedIn = stored && (await resumed(login, stored, use));
  if (!signedIn || isFresh(stored, use)) return signedIn;
  try {
    const next = await refreshLogin(login, signedIn);
    await credentials.write(revealTokens(next.tokens));
    return next;
  } catch (error) {
    if (!(error instanceof SafeconductError) || error.code !== 'refresh_refused') throw error;
    await credentials.remove();
    return void use.warn('Your session has ended: sign in again.');
  }
}
