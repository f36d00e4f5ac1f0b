/** Who is signed in at our own pages. The session is the engine's; whoever has none signs in as everywhere else and comes back. */
import { createHash, randomBytes } from 'node:crypto';
import { ACCOUNT_PAGES, SIGNED_IN_PATH } from '../people/account-application.ts';
import { atomically, unit } from '../provider/unit.ts';
import { type Desk, type FlowContext, Refusal } from './desk.ts';
import { nameOf } from './interaction.ts';
import { readNote, writeNote } from './signed-note.ts';

/** Somebody whose session this browser holds. */
export interface SignedInPerson {
  readonly userId: string;
  /** Names the session for as long as it lasts. It is no cookie. */
  readonly sessionUid: string;
  readonly organizationId: string;
  /** As pages name the person. */
  readonly name: string;
  readonly email: string | undefined;
  /** When the person proved who they are last. */
  readonly signedInAt: Date;
}

/** The person whose session this browser holds. Undefined when it holds none, it has ended, or the person is disabled. */
export function personAt({ provider, store }: Pick<Desk, 'provider' | 'store'>, c: FlowContext): Promise<SignedInPerson | undefined> {
  return atomically(store, async () => {
    const session = await provider.Session.get(provider.createContext(c.env.incoming, c.env.outgoing));
    if (session.accountId === undefined) return undefined;
    const account = await unit().account(session.accountId);
    if (account?.kind !== 'person') return undefined;
    return {
      userId: account.id,
      sessionUid: session.uid,
      organizationId: account.organization,
      name: nameOf(account),
      email: account.email ?? undefined,
      signedInAt: new Date((session.authTime() ?? 0) * 1000),
    };
  });
}

/** Where to go after the sign-in, and how to sign in. */
export interface RequirePersonOptions {
  /** Path and query of a page of ours. */
  readonly backTo: string;
  /** Organization whose ways to sign in are offered. Default: that of the issuer's only one. */
  readonly organizationId?: string | undefined;
  /** Whoever is signed in proves it again. */
  readonly again?: boolean;
}

// A person may have to look for a password; who needs longer begins anew.
const PATIENCE = 3600;
const PURPOSE = 'sign-in for our own pages';

/** Begins a sign-in that comes back to a page of ours. */
export function requirePerson({ provider, issuer, key }: Desk, c: FlowContext, options: RequirePersonOptions): Response {
  const { backTo, organizationId, again = false } = options;
  if (!isOurs(issuer, backTo)) throw new TypeError(`${backTo} is no path of ours`);
  const state = writeNote({ backTo, organizationId }, { key, purpose: PURPOSE, seconds: PATIENCE });
  const asked = new URLSearchParams({
    client_id: ACCOUNT_PAGES,
    response_type: 'code',
    redirect_uri: `${issuer}${SIGNED_IN_PATH}`,
    scope: 'openid',
    state,
    // Nobody knows the verifier: the code is good for nothing.
    code_challenge: createHash('sha256').update(randomBytes(32)).digest('base64url'),
    code_challenge_method: 'S256',
    ...(again && { prompt: 'login' }),
  });
  c.header('cache-control', 'no-store');
  return c.redirect(`${provider.pathFor('authorization')}?${asked}`, 303);
}

/** What `requirePerson` noted in the `state` of a request that it began. */
export function askedForOurPages({ key }: Pick<Desk, 'key'>, state: unknown): { backTo?: string; organizationId?: string } {
  const note = typeof state === 'string' ? readNote(state, { key, purpose: PURPOSE }) : undefined;
  return {
    ...(note?.backTo !== undefined && { backTo: note.backTo }),
    ...(note?.organizationId !== undefined && { organizationId: note.organizationId }),
  };
}

/** Takes the browser that comes back from a sign-in to the page that needed it. Without a session it stops there. */
export async function returnSignedIn(desk: Desk, c: FlowContext): Promise<Response> {
  const { backTo } = askedForOurPages(desk, c.req.query('state'));
  if (backTo === undefined || !isOurs(desk.issuer, backTo)) throw new Refusal(400, { code: 'session_not_found' });
  if (c.req.query('error') !== undefined || (await personAt(desk, c)) === undefined) throw new Refusal(400, { code: 'not_signed_in' });
  c.header('cache-control', 'no-store');
  return c.redirect(backTo, 303);
}

/** Whether a path stays here, however a browser may read it. */
function isOurs(issuer: string, path: string): boolean {
  if (!/^\/(account|connect)(?:[/?]|$)/.test(path) || /[\\\p{Cc}]/u.test(path)) return false;
  return URL.parse(path, issuer)?.origin === issuer && !path.startsWith(SIGNED_IN_PATH);
}
