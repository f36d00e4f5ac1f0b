import { SafeconductError } from '../../core/identity/errors.ts';
import { finishLogin } from '../../steps/login/finish.ts';
import { type Login, wiringOf } from '../../steps/login/login.ts';
import type { SignedIn } from '../../steps/login/signed-in.ts';
import { startLogin } from '../../steps/login/start.ts';
import type { LoginTransaction } from '../../steps/login/transaction.ts';
import { failurePage, successPage } from './callback-page.ts';
import { type Arrival, openLoopback } from './loopback.ts';
import { assertBrowsable } from './open-browser.ts';
import { pastedArrival } from './paste.ts';
import type { SignInStep } from './telling.ts';

/** What a sign-in with somebody present needs. */
export interface PresentPerson {
  readonly open: (url: URL) => Promise<boolean>;
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly tell: (step: SignInStep) => void;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** Sends a browser to the provider and waits on loopback until it is back: RFC 8252. */
export async function signInByBrowser(login: Login, person: PresentPerson): Promise<SignedIn> {
  const listener = await openLoopback(login.redirectUri);
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(tooLate(person.timeoutMs)), person.timeoutMs);
  const signal = AbortSignal.any([patience.signal, ...(person.signal ? [person.signal] : [])]);
  try {
    const { url, transaction } = await startLogin(login, { redirectUri: listener.redirectUri });
    assertBrowsable(url);
    const opened = await person.open(url);
    const until = new Date(Date.now() + person.timeoutMs);
    const pasteable = person.input.isTTY === true;
    person.tell({ kind: 'browser', url, opened, until, pasteable });
    const ways = [listener.arrival(transaction.state, signal), ...(pasteable ? [paste(login, transaction, person, signal)] : [])];
    return await finish(login, await Promise.race(ways), transaction);
  } finally {
    clearTimeout(timer);
    patience.abort(new Error('the sign-in is over'));
    await listener.close();
  }
}

function tooLate(timeoutMs: number): SafeconductError {
  const minutes = Math.max(1, Math.round(timeoutMs / 60_000));
  return new SafeconductError('login_timeout', {
    message: `No authorization code received within ${minutes} ${minutes === 1 ? 'minute' : 'minutes'}: begin again when you are ready`,
  });
}

async function paste(
  login: Login,
  { redirectUri, state }: LoginTransaction,
  { input, tell }: PresentPerson,
  signal: AbortSignal,
): Promise<Arrival> {
  const { authorization_response_iss_parameter_supported: issuerIsNamed = false } = await wiringOf(login).link.metadata();
  const refuse = (message: string) => tell({ kind: 'notice', message });
  return pastedArrival({ input, redirectUri, state, issuerIsNamed, signal, refuse });
}

/** Redeems the code first, so that the page in the browser tells the truth. */
async function finish(login: Login, { url, answer }: Arrival, transaction: LoginTransaction): Promise<SignedIn> {
  try {
    const signedIn = await finishLogin(login, url, transaction);
    await answer(successPage);
    return signedIn;
  } catch (error) {
    await answer(failurePage(error instanceof SafeconductError ? error.message : undefined));
    throw error;
  }
}
