import { createHash, randomBytes } from 'node:crypto';
import { SafeconductError } from '../../../core/identity/errors.ts';
import { type Identity, subjectAtProvider } from '../../../core/identity/identity.ts';
import type { SignedIn } from '../signed-in.ts';
import type { LoginTransaction } from '../transaction.ts';
import { readCookies, setCookie } from './cookies.ts';
import { sealSignedIn, unsealSignedIn } from './session-content.ts';
import type { FreshSignIn } from './session-refresh.ts';
import type { StoredSession } from './session-store.ts';
import type { WebWiring } from './wiring.ts';

/** A signed-in browser, as seen by one request. */
export interface WebSession {
  /** Names the session in logs and in stores of your own. It is no secret: the cookie cannot be made from it. */
  readonly id: string;
  readonly identity: Identity;
  /** An access token that works for at least half a minute. Refreshes if need be; throws `session_missing` when the session is over. */
  accessToken(): Promise<string>;
}

// Often enough that nobody is signed out while they work, seldom enough that reading a page is one read.
const touchEveryMs = 60_000;

/** Gives a finished sign-in a new session, whatever this browser had before, and the cookie that names it. */
export async function openSession(web: WebWiring, request: Request, signedIn: SignedIn, transaction: LoginTransaction): Promise<string> {
  const { sessions, link, lifetimeMs, idleMs } = web;
  const secret = randomBytes(32).toString('base64url');
  const id = idOf(secret);
  const now = link.clock();
  const { issuer, session: providerSession } = signedIn.identity;
  const before = presentedId(web, request);
  if (before !== undefined) await sessions.end(before, now);
  await sessions.create(
    {
      id,
      issuer,
      subject: subjectAtProvider(signedIn.identity),
      providerSession,
      content: sealSignedIn(web, id, signedIn),
      version: 1,
      startedAt: transaction.createdAt,
      idleUntil: now + idleMs,
      endsAt: now + lifetimeMs,
    },
    now,
  );
  return setCookie(web.sessionCookie, secret, lifetimeMs / 1000, web.scope);
}

/** Who this browser is signed in as, asked of the provider again when the access token has ended. */
export async function readSession(web: WebWiring, fresh: FreshSignIn, request: Pick<Request, 'headers'>): Promise<WebSession | undefined> {
  const found = await findSession(web, request);
  if (found === undefined) return undefined;
  const { session, signedIn } = found;
  const { id } = session;
  await keepAwake(web, session);
  const now = web.link.clock();
  const current = signedIn.identity.expiresAt.getTime() > now ? signedIn : await fresh(id).catch(absentIfOver);
  if (current === undefined) return undefined;
  return Object.freeze({ id, identity: current.identity, accessToken: () => accessToken(web, fresh, id, current) });
}

async function accessToken(web: WebWiring, fresh: FreshSignIn, id: string, signedIn: SignedIn): Promise<string> {
  if (signedIn.tokens.refreshToken !== undefined) return (await fresh(id)).tokens.accessToken.reveal();
  if (signedIn.tokens.expiresAt.getTime() > web.link.clock()) return signedIn.tokens.accessToken.reveal();
  throw new SafeconductError('session_missing', {
    message: 'the access token has ended and there is no refresh token: ask for offline_access',
  });
}

/** The living session of this browser with its tokens. */
export async function findSession(web: WebWiring, request: Pick<Request, 'headers'>) {
  const id = presentedId(web, request);
  const session = id === undefined ? undefined : await web.sessions.read(id, web.link.clock());
  const signedIn = session && unsealSignedIn(web, session);
  return session && signedIn && { session, signedIn };
}

async function keepAwake({ sessions, link, idleMs }: WebWiring, { id, idleUntil }: StoredSession): Promise<void> {
  const now = link.clock();
  if (now + idleMs - idleUntil >= Math.min(touchEveryMs, idleMs / 2)) await sessions.touch(id, now + idleMs, now);
}

function absentIfOver(error: unknown): undefined {
  if (error instanceof SafeconductError && error.code === 'session_missing') return undefined;
  throw error;
}

function presentedId(web: WebWiring, request: Pick<Request, 'headers'>): string | undefined {
  const secret = readCookies(request).get(web.sessionCookie);
  return secret !== undefined && /^[A-Za-z0-9_-]{43}$/.test(secret) ? idOf(secret) : undefined;
}

function idOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url');
}
