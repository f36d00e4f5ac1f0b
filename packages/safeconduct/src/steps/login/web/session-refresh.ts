import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { SafeconductError } from '../../../core/identity/errors.ts';
import { refreshLogin } from '../refresh.ts';
import { revokeTokens } from '../sign-out.ts';
import type { SignedIn } from '../signed-in.ts';
import { sealSignedIn, unsealSignedIn } from './session-content.ts';
import type { WebWiring } from './wiring.ts';

/** Gives the sign-in of a session with an access token that still works for a while, refreshed if need be. */
export type FreshSignIn = (id: string) => Promise<SignedIn>;

const spareMs = 30_000;
// Shorter than the ten seconds in which a provider lets a lost refresh be repeated: whoever takes over from a crashed process is in time.
const leaseMs = 8_000;
const patienceMs = 20_000;
const lookAgainMs = 50;

/**
 * Refreshes one session once for all who ask, in this process and in others (through the store's lease), and writes the new
 * tokens down before anybody uses them. Throws `session_missing` when the session is over, here or at the provider.
 */
export function sessionRefresher(web: WebWiring): FreshSignIn {
  const running = new Map<string, Promise<SignedIn>>();
  return (id) => {
    const shared = running.get(id) ?? freshSignIn(web, id).finally(() => running.delete(id));
    running.set(id, shared);
    return shared;
  };
}

async function freshSignIn(web: WebWiring, id: string): Promise<SignedIn> {
  const { sessions, link } = web;
  const holder = randomUUID();
  for (let waited = 0; waited < patienceMs; waited += lookAgainMs) {
    const { signedIn } = await readOrThrow(web, id);
    if (isFresh(web, signedIn)) return signedIn;
    const now = link.clock();
    if (await sessions.lease(id, holder, now + leaseMs, now)) {
      return await refreshUnderLease(web, id).finally(() => sessions.release(id, holder));
    }
    await pause(lookAgainMs);
  }
  throw new SafeconductError('provider_unreachable', { message: 'another process holds this session and did not refresh it in time' });
}

async function refreshUnderLease(web: WebWiring, id: string): Promise<SignedIn> {
  // Whoever held the lease before may have refreshed since we looked.
  const { session, signedIn } = await readOrThrow(web, id);
  if (isFresh(web, signedIn)) return signedIn;
  const next = await refreshLogin(web.login, signedIn).catch((error: unknown) => endIfOver(web, id, error));
  if (await web.sessions.replace(id, session.version, sealSignedIn(web, id, next), web.link.clock())) return next;
  // Whoever took over from us after the lease ran out was first, perhaps with the very same tokens: theirs count.
  const theirs = await readIfLiving(web, id);
  if (theirs !== undefined) return theirs.signedIn;
  // Signed out while the answer was on its way: what just came must not live on.
  await revokeTokens(web.login, next.tokens).catch(() =>
    web.log({ level: 'warn', message: 'tokens of a signed-out session were not revoked' }),
  );
  throw new SafeconductError('session_missing', { message: 'the session ended while it was refreshed' });
}

async function endIfOver(web: WebWiring, id: string, error: unknown): Promise<never> {
  if (!(error instanceof SafeconductError) || error.code === 'provider_unreachable' || error.code === 'provider_invalid') throw error;
  await web.sessions.end(id, web.link.clock());
  web.log({ level: 'info', message: 'a session ended because the provider refused to refresh it', code: error.code });
  throw new SafeconductError('session_missing', { message: 'the session at the provider has ended', cause: error });
}

async function readOrThrow(web: WebWiring, id: string) {
  const found = await readIfLiving(web, id);
  if (found === undefined) throw new SafeconductError('session_missing');
  return found;
}

async function readIfLiving(web: WebWiring, id: string) {
  const session = await web.sessions.read(id, web.link.clock());
  const signedIn = session && unsealSignedIn(web, session);
  return session && signedIn && { session, signedIn };
}

function isFresh({ link }: WebWiring, { tokens }: SignedIn): boolean {
  return tokens.expiresAt.getTime() - spareMs > link.clock();
}
