import { SafeconductError } from '../../../core/identity/errors.ts';
import { assertMinted, type Identity, subjectAtProvider } from '../../../core/identity/identity.ts';
import { finishLogin } from '../finish.ts';
import { type Login, wiringOf } from '../login.ts';
import { startLogin } from '../start.ts';
import { cookieName } from './cookies.ts';
import { createSeal } from './seal.ts';
import { sessionRefresher } from './session-refresh.ts';
import type { SessionStore } from './session-store.ts';
import { openSession, readSession, type WebSession } from './sessions.ts';
import { receiveBackChannelLogout, signOut } from './sign-out.ts';
import { forgetTransaction, keepTransaction, takeTransaction } from './transaction-cookie.ts';
import { type LoginEvent, redirect, type WebWiring, withCookies } from './wiring.ts';

/** How a web application keeps people signed in. */
export interface WebLoginOptions {
  readonly login: Login;
  readonly sessions: SessionStore;
  /** Seals cookies and stored tokens: at least 32 random characters. Of several the first seals and all unseal, so that it can be rotated. */
  readonly secret: string | readonly string[];
  /** Default `safeconduct-session`; gets the `__Host-` prefix on https. */
  readonly cookieName?: string;
  /** A session ends when nobody came for so long. Default 86,400 (a day). */
  readonly idleSeconds?: number;
  /** A session ends after so long in any case. Default 604,800 (a week). */
  readonly lifetimeSeconds?: number;
  /** Where to go after sign-out if the provider has no sign-out page. Default `/`. */
  readonly afterSignOut?: string;
  /** Answers a sign-in or sign-out that failed. Default: a plain sentence with the error's status. */
  readonly failed?: (error: SafeconductError, request: Request) => Response | Promise<Response>;
  /** Told what an operator may want to know, without secrets. */
  readonly log?: (event: LoginEvent) => void;
}

/** Sign-in, session and sign-out of a web application, as functions from `Request` to `Response`. */
export interface WebLogin {
  /** GET: sends the browser to the provider. `?returnTo=/path` says where to go afterwards. */
  begin(request: Request): Promise<Response>;
  /** GET at the redirect URI: finishes the sign-in, opens a session and goes to `returnTo`. */
  finish(request: Request): Promise<Response>;
  /** POST from a page of the same origin: ends the session here, its tokens, and then the session at the provider. */
  signOut(request: Request): Promise<Response>;
  /** POST from the provider: ends the sessions that a logout token names. */
  receiveBackChannelLogout(request: Request): Promise<Response>;
  /** Who this browser is signed in as. Answer with `Cache-Control: private, no-store`, or use `withSession`, which does. */
  sessionOf(request: Pick<Request, 'headers'>): Promise<WebSession | undefined>;
  /** Runs `answer` with the session and makes its response private and uncacheable. */
  withSession(request: Request, answer: (session: WebSession | undefined) => Response | Promise<Response>): Promise<Response>;
  /** True if the session behind an identity was signed out after its token was issued: give it to `protect` as `isEnded`. */
  isEnded(identity: Identity): Promise<boolean>;
}

/** Wires a web login. Throws a `TypeError` for a secret that is too short or a cookie name that is none. */
export function createWebLogin(options: WebLoginOptions): WebLogin {
  const web = wire(options);
  const fresh = sessionRefresher(web);
  const sessionOf: WebLogin['sessionOf'] = (request) => readSession(web, fresh, request);
  return Object.freeze({
    begin: (request: Request) => answered(web, request, () => begin(web, request)),
    finish: (request: Request) => finish(web, request),
    signOut: (request: Request) => answered(web, request, () => signOut(web, request)),
    receiveBackChannelLogout: (request: Request) => answered(web, request, () => receiveBackChannelLogout(web, request)),
    sessionOf,
    withSession: async (request: Request, answer: (session: WebSession | undefined) => Response | Promise<Response>) =>
      withCookies(await answer(await sessionOf(request))),
    isEnded: (identity: Identity) => isEnded(web, identity),
  });
}

function wire(options: WebLoginOptions): WebWiring {
  const { login, sessions, secret, cookieName: name = 'safeconduct-session', idleSeconds = 86_400, lifetimeSeconds = 604_800 } = options;
  const { link } = wiringOf(login);
  const { origin, protocol } = new URL(login.redirectUri);
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(name)) throw new TypeError(`cookieName "${name}" must be letters, digits, - and _`);
  if (!(idleSeconds > 0 && lifetimeSeconds > 0)) throw new TypeError('idleSeconds and lifetimeSeconds must be positive');
  const scope = { secure: protocol === 'https:' };
  return Object.freeze({
    login,
    link,
    sessions,
    seal: createSeal(typeof secret === 'string' ? [secret] : secret),
    scope,
    sessionCookie: cookieName(name, scope),
    transactionCookie: `${cookieName(name, scope)}-login-`,
    origin,
    idleMs: idleSeconds * 1000,
    lifetimeMs: lifetimeSeconds * 1000,
    afterSignOut: options.afterSignOut ?? '/',
    failed: options.failed ?? plainly,
    log: options.log ?? (() => undefined),
  });
}

async function begin(web: WebWiring, request: Request): Promise<Response> {
  if (request.method !== 'GET') return new Response('Sign in with GET.\n', { status: 405, headers: { allow: 'GET' } });
  const returnTo = new URL(request.url).searchParams.get('returnTo') ?? '/';
  const { url, transaction } = await startLogin(web.login, { returnTo });
  return redirect(url, keepTransaction(web, request, transaction));
}

async function finish(web: WebWiring, request: Request): Promise<Response> {
  const { search, searchParams } = new URL(request.url);
  const state = searchParams.get('state') ?? '';
  const response = await answered(web, request, async () => {
    if (request.method !== 'GET') throw new SafeconductError('login_transaction_missing', { message: 'the answer must come by GET' });
    const transaction = await takeTransaction(web, request, state);
    // Behind a proxy the request names another host: the address that was registered is the one that counts.
    const signedIn = await finishLogin(web.login, new URL(transaction.redirectUri.split('?')[0] + search), transaction);
    const cookie = await openSession(web, request, signedIn, transaction);
    await sweep(web);
    return redirect(signedIn.returnTo, [cookie]);
  });
  return withCookies(response, state === '' ? [] : [forgetTransaction(web, state)]);
}

async function answered(web: WebWiring, request: Request, work: () => Promise<Response>): Promise<Response> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof SafeconductError)) throw error;
    web.log({ level: 'warn', message: error.message, code: error.code });
    return withCookies(await web.failed(error, request));
  }
}

async function sweep({ sessions, link, log }: WebWiring): Promise<void> {
  try {
    await sessions.sweep(link.clock());
  } catch {
    log({ level: 'warn', message: 'sessions that are over could not be swept' });
  }
}

// A token says in whole seconds when it was issued; one of the very second of the sign-out counts as older.
function isEnded({ sessions }: WebWiring, identity: Identity): Promise<boolean> {
  assertMinted(identity);
  const { issuer, session, claims } = identity;
  const issuedAt = typeof claims.iat === 'number' ? claims.iat * 1000 : 0;
  return sessions.wasEnded({ issuer, subject: subjectAtProvider(identity), session }, issuedAt);
}

function plainly(error: SafeconductError): Response {
  const headers = { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' };
  return new Response(`${error.publicMessage}\nGo back and sign in again.\n`, { status: error.status, headers });
}
