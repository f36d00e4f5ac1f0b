import { type Environment, type SignInOptions, signIn, signOut } from 'safeconduct/cli';
import { SafeconductError } from 'safeconduct/identity';
import { createLogin, type Login, type SignedIn } from 'safeconduct/login';
import { safeconduct } from 'safeconduct/providers';
import { type AccessTokenSource, ChatRefused } from './chat-api.ts';
import type { ChatOptions } from './options.ts';
import { plainLine } from './plain-text.ts';

/** The person at this terminal. */
export interface Account {
  /** Signs in, or finds that somebody is. */
  signIn(signal: AbortSignal): Promise<SignedIn>;
  /** Tokens for the API, renewed when they must be. Throws `ChatRefused` when that cannot be. */
  readonly accessToken: AccessTokenSource;
  /** Ends it here and at the issuer. */
  signOut(): ReturnType<typeof signOut>;
}

const scopes = ['openid', 'profile', 'email', 'offline_access', 'orders:read', 'orders:write', 'profile:read'];

/** Creates the account of the application `shop-terminal`. Its access tokens are for the shop's API alone. */
export function createAccount(
  options: ChatOptions,
  { environment, tell }: { environment: Environment } & Required<Pick<SignInOptions, 'tell'>>,
): Account {
  const login: Login = createLogin({
    provider: safeconduct({ issuer: options.issuer }),
    clientId: 'shop-terminal',
    redirectUri: 'http://127.0.0.1/callback',
    scopes,
    resource: options.api,
  });
  const storage = { environment, keyring: options.keyring };
  let current: SignedIn | undefined;
  const enter = (how: Partial<SignInOptions>) =>
    signIn(login, { ...storage, tell, ...(options.device !== undefined && { device: options.device }), ...how });

  const renew = async (refused: string | undefined, signal: AbortSignal): Promise<SignedIn> => {
    const isRefused = current && current.tokens.accessToken.reveal() === refused;
    const next = await enter({ signal, ...(isRefused && current && { refused: current.tokens }) });
    if (current && next.identity.subject !== current.identity.subject) {
      throw new ChatRefused('Somebody else has signed in on this machine since. What was said so far is not theirs: start anew.');
    }
    return next;
  };

  return {
    signIn: async (signal) => {
      current = await enter({ signal });
      return current;
    },
    accessToken: async ({ refused, signal }) => {
      try {
        current = await renew(refused, signal);
        return current.tokens.accessToken.reveal();
      } catch (error) {
        if (!(error instanceof SafeconductError) || signal.aborted) throw error;
        throw new ChatRefused(`Your sign-in could not be renewed: ${error.message}.`, { cause: error });
      }
    },
    signOut: () => signOut(login, storage),
  };
}

/** What to call the person: the name, else the e-mail address, else the subject. */
export function nameOf({ identity }: SignedIn): string {
  const { name, email } = identity.claims;
  const known = [name, email].find((value) => typeof value === 'string' && value !== '');
  return plainLine(String(known ?? identity.subject), 60);
}
