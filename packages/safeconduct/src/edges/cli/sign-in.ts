import { SafeconductError } from '../../core/identity/errors.ts';
import { revealTokens, type Tokens } from '../../core/protocol/tokens.ts';
import type { Login } from '../../steps/login/login.ts';
import type { SignedIn } from '../../steps/login/signed-in.ts';
import { type PresentPerson, signInByBrowser } from './browser-sign-in.ts';
import { type CredentialOptions, type Credentials, credentialDirectory } from './credentials.ts';
import { signInByDevice, signInByDeviceIfOffered } from './device-sign-in.ts';
import { openKeyring } from './keyring.ts';
import { openBrowser } from './open-browser.ts';
import { credentialsOf, useStored } from './stored-sign-in.ts';
import { type Environment, whyNoBrowser } from './surroundings.ts';
import { linesOf, type SignInStep } from './telling.ts';

/** Where a command line program keeps its sign-in. */
export interface StorageOptions {
  /** Pass the environment of the process: it says where this machine keeps such things, and whether a browser can come back to it. */
  readonly environment: Environment;
  /** Default: the state directory of the user, such as `~/.local/state/safeconduct/credentials`. */
  readonly directory?: string;
  /** False keeps the system's keyring out of it: the tokens then stand in the file of mode 0600 as they are. Default true. */
  readonly keyring?: boolean;
}

/** How a command line program signs somebody in. */
export interface SignInOptions extends StorageOptions {
  /** True takes the device grant, false the browser. Default: what works where the program runs. */
  readonly device?: boolean;
  /** False throws `session_missing` where somebody would have to do something. Default true. */
  readonly interactive?: boolean;
  /** An API has refused these tokens: renew them although their time is not over. */
  readonly refused?: Tokens;
  /** Shows what to do. Default: lines on standard error. */
  readonly tell?: (step: SignInStep) => void;
  /** Opens the address and says whether something was started. Default: the system's browser. */
  readonly open?: (url: URL) => Promise<boolean>;
  /** Where the address can be pasted, if it is a terminal. Default: standard input. */
  readonly input?: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  /** How long to wait for the browser. Default 300,000 (5 minutes). */
  readonly timeoutMs?: number;
  /** Ends the sign-in with `login_denied`. */
  readonly signal?: AbortSignal;
}

const fiveMinutes = 5 * 60_000;

function showLines(step: SignInStep): void {
  process.stderr.write(
    `${linesOf(step)
      .map(({ text }) => text)
      .join('\n')}\n`,
  );
}

/** The settings of the store that both directions share. */
export function credentialOptions(
  { environment, directory, keyring = true }: StorageOptions,
  warn: (message: string) => void,
): CredentialOptions {
  return {
    directory: directory ?? credentialDirectory(environment),
    openKeyring: keyring ? openKeyring : async () => undefined,
    warn,
  };
}

/**
 * Signs somebody in at a terminal. The stored sign-in is used if there is one, renewed if it must be. Otherwise a browser
 * opens and comes back to this machine; in an SSH session, a container and the like the device grant takes its place.
 * Call it again whenever a token is needed: the same person is not asked twice.
 *
 * Throws `login_denied` (refused, cancelled, or given up: "No authorization code received"), `login_timeout`,
 * `session_missing`, `credentials_unsafe`, `credentials_busy`, and whatever `finishLogin` throws.
 */
export async function signIn(login: Login, options: SignInOptions): Promise<SignedIn> {
  const { tell = showLines, interactive = true, signal, refused } = options;
  const warn = (message: string) => tell({ kind: 'notice', message });
  const credentials = credentialsOf(login, { ...credentialOptions(options, warn), scopes: login.scopes });
  try {
    signal?.throwIfAborted();
    const stored = await useStored(login, credentials, { refused: refused?.accessToken.reveal(), warn, signal });
    if (stored) return stored;
    if (!interactive) throw new SafeconductError('session_missing', { message: 'Nobody is signed in on this machine: sign in first' });
    const signedIn = await signInAnew(login, { ...options, tell });
    await keep(credentials, signedIn, warn);
    return signedIn;
  } catch (error) {
    throw signal?.aborted && !(error instanceof SafeconductError) ? cancelled(error) : error;
  }
}

function cancelled(cause: unknown): SafeconductError {
  return new SafeconductError('login_denied', { message: 'No authorization code received: the sign-in was cancelled', cause });
}

async function signInAnew(login: Login, options: SignInOptions & Pick<PresentPerson, 'tell'>): Promise<SignedIn> {
  const { environment, device, tell, input = process.stdin, timeoutMs = fiveMinutes, signal } = options;
  const open = options.open ?? ((url) => openBrowser(url, environment));
  const person: PresentPerson = { open, input, tell, timeoutMs, signal };
  if (device === true) return signInByDevice(login, person);
  const because = device === false ? undefined : whyNoBrowser(environment);
  const signedIn = because === undefined ? undefined : await signInByDeviceIfOffered(login, person, because);
  return signedIn ?? signInByBrowser(login, person);
}

/** A full disk must not undo a sign-in that worked; a store that others can read still ends it. */
async function keep(credentials: Credentials, { tokens }: SignedIn, warn: (message: string) => void): Promise<void> {
  try {
    await credentials.exclusively(() => credentials.write(revealTokens(tokens)));
  } catch (error) {
    if (error instanceof SafeconductError) throw error;
    warn('The sign-in could not be stored: you will be asked again next time.');
  }
}
