import { SafeconductError } from '../../../core/identity/errors.ts';
import { type LogoutNotice, verifyLogoutToken } from '../../../core/protocol/logout-token.ts';
import { revokeTokens, signOutUrl } from '../sign-out.ts';
import type { SignedIn } from '../signed-in.ts';
import { setCookie } from './cookies.ts';
import { findSession } from './sessions.ts';
import { redirect, type WebWiring, withCookies } from './wiring.ts';

/** Ends the session here first, then its tokens, then sends the browser to end it at the provider. */
export async function signOut(web: WebWiring, request: Request): Promise<Response> {
  if (request.method !== 'POST') return new Response('Sign out with POST.\n', { status: 405, headers: { allow: 'POST' } });
  checkSameOrigin(web, request);
  const found = await findSession(web, request);
  const forget = [setCookie(web.sessionCookie, '', 0, web.scope)];
  if (found === undefined) return redirect(web.afterSignOut, forget);
  const { session, signedIn } = found;
  const now = web.link.clock();
  await web.sessions.end(session.id, now);
  const { issuer, providerSession } = session;
  if (providerSession !== undefined) await web.sessions.endAtProvider({ issuer, session: providerSession }, now);
  return redirect(await endAtProvider(web, signedIn), forget);
}

// The session here is over already: a provider that is down must not keep anybody signed in, nor the page from appearing.
async function endAtProvider(web: WebWiring, { tokens }: SignedIn): Promise<URL | string> {
  try {
    await revokeTokens(web.login, tokens);
  } catch (error) {
    web.log({ level: 'warn', message: 'tokens were not revoked at sign-out', code: codeOf(error) });
  }
  try {
    return (await signOutUrl(web.login, { idToken: tokens.idToken })) ?? web.afterSignOut;
  } catch (error) {
    web.log({ level: 'warn', message: 'the session at the provider was not ended', code: codeOf(error) });
    return web.afterSignOut;
  }
}

/**
 * Refuses a form that another site made the browser send. `Sec-Fetch-Site` says where a POST comes from and no page can set it;
 * browsers without it say it in `Origin`. Who says neither is no browser that could have a session.
 */
function checkSameOrigin({ origin }: WebWiring, request: Request): void {
  const site = request.headers.get('sec-fetch-site');
  const from = request.headers.get('origin');
  // A page that sends no referrer sends `Origin: null` even to itself: Fetch standard, "append a request Origin header".
  const same = site === null ? from === origin : site === 'same-origin' && (from === null || from === 'null' || from === origin);
  if (!same) throw new SafeconductError('cross_site_request');
}

const longestForm = 32_768;

/** Receives a logout token from the provider and ends what it names: OpenID Connect Back-Channel Logout section 2.5 to 2.8. */
export async function receiveBackChannelLogout(web: WebWiring, request: Request): Promise<Response> {
  const refused = (description: string): Response =>
    Response.json({ error: 'invalid_request', error_description: description }, { status: 400, headers: { 'cache-control': 'no-store' } });
  const token = await readLogoutToken(request);
  if (token === undefined) return refused('send one logout_token as a form');
  const notice = await verifyLogoutToken(token, web.link, web.login.clientId);
  if (typeof notice === 'string') {
    web.log({ level: 'warn', message: `logout token refused: ${notice}` });
    return refused('the logout token is not valid here');
  }
  if (!(await endNamed(web, notice))) return refused('the logout token was used before');
  return withCookies(new Response(null, { status: 200 }));
}

// A token that comes again did its work, unless the store failed in the middle: then the provider's second try must do it.
async function endNamed({ sessions, link }: WebWiring, { issuer, subject, session, tokenId, issuedAtMs }: LogoutNotice): Promise<boolean> {
  const now = link.clock();
  const named = session === undefined ? { issuer, subject } : { issuer, session };
  const isFirst = await sessions.useOnce(`logout ${issuer} ${tokenId}`, now + 24 * 60 * 60_000, now);
  if (!isFirst && (await sessions.wasEnded(named, issuedAtMs - link.leewaySeconds * 1000))) return false;
  await sessions.endAtProvider(named, now);
  return true;
}

async function readLogoutToken(request: Request): Promise<string | undefined> {
  const isForm = request.headers.get('content-type')?.toLowerCase().startsWith('application/x-www-form-urlencoded') ?? false;
  if (request.method !== 'POST' || !isForm) return undefined;
  const text = await readBounded(request);
  const tokens = text === undefined ? [] : new URLSearchParams(text).getAll('logout_token');
  return tokens.length === 1 ? tokens[0] : undefined;
}

async function readBounded({ body }: Request): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.byteLength;
    if (size > longestForm) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function codeOf(error: unknown): string {
  return error instanceof SafeconductError ? error.code : 'unknown';
}
