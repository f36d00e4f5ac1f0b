/** Signing out: at once with a valid hint, else after a question. What was bound to the session ends with it. */
import type { KoaContextWithOIDC, Provider } from 'oidc-provider';
import { artifactId } from './artifact.ts';
import { isLenient, noteLeniency } from './lenient.ts';
import type { Screens } from './screens.ts';
import { unit } from './unit.ts';
import type { Voice } from './voice.ts';
import { wireOf } from './wire.ts';

/** How long the end of a session is remembered, in seconds: longer than anything that could be bound to it lives. */
const REMEMBERED = 90 * 86_400;

/** Ends a session for good: a late write cannot bring it back, and every grant bound to it is no longer alive. */
export function endSession(uid: string): void {
  unit().write({ id: artifactId('SessionEnd', uid), kind: 'SessionEnd', payload: {}, ttl: REMEMBERED });
}

/** When the person said yes to the engine's question, the engine ends the browser's session; what was bound to it ends here. */
export function endWhenConfirmed(provider: Provider): void {
  provider.on('end_session.success', ({ oidc: { session, params, client } }) => {
    if (!session?.accountId || !params?.logout) return;
    unit().record({ type: 'session.ended', outcome: 'ok', actor: session.accountId, client: client?.clientId });
    endSession(session.uid);
  });
}

export interface SignOutOptions {
  /** The engine's form, with its hidden fields. */
  readonly form: string;
  readonly screens: Screens;
  readonly voice: Voice;
}

/** Signs out at once when the application proved whom it means; asks otherwise (OpenID Connect RP-Initiated Logout, 2). */
export async function signOutOrAsk(ctx: KoaContextWithOIDC, { form, screens, voice }: SignOutOptions): Promise<void> {
  if (!hintNamesThisSession(ctx) && !(await endsUnasked(ctx, voice))) return screens.signOut(ctx, form);
  await signOut(ctx);
  redirectBack(ctx);
}

/** A dialect's own way out asks nobody, as long as every application that would be signed out of takes that. */
async function endsUnasked(ctx: KoaContextWithOIDC, voice: Voice): Promise<boolean> {
  if (!wireOf(ctx.req)?.lenient.includes('unasked_logout') || !voice.dialect.policy.lenient.includes('unasked_logout')) return false;
  const { client, session, provider } = ctx.oidc;
  // Whoever sends a browser here chooses which application it names, and whether it names one.
  const signedIn = await Promise.all(Object.keys(session?.authorizations ?? {}).map((id) => provider.Client.find(id)));
  if ([client, ...signedIn].some((one) => one && !isLenient('unasked_logout', one, voice))) return false;
  noteLeniency('unasked_logout', ctx);
  return true;
}

function hintNamesThisSession({ req, oidc: { entities, session, client, params } }: KoaContextWithOIDC): boolean {
  const inDialect = wireOf(req) !== undefined;
  const claims = entities.IdTokenHint?.payload as { sub?: unknown; sid?: unknown } | undefined;
  if (!session?.accountId || !client) return false;
  // Vendors' clients have no more than the session's name at this application, which nobody else but its APIs knows.
  if (inDialect && params?.logout_hint !== undefined && params.logout_hint === session.sidFor(client.clientId)) return true;
  if (!claims) return false;
  return claims.sub === session.accountId && (claims.sid === undefined || claims.sid === session.sidFor(client.clientId));
}

/** Ends the browser's session and tells every application that was signed in to with it. */
export async function signOut(ctx: KoaContextWithOIDC): Promise<void> {
  const { session, provider } = ctx.oidc;
  if (!session) return;
  for (const clientId of Object.keys(session.authorizations ?? {})) {
    const client = await provider.Client.find(clientId);
    if (client?.backchannelLogoutUri && session.accountId) {
      unit().notify({ clientId, accountId: session.accountId, sid: session.sidFor(clientId) });
    }
  }
  if (session.accountId)
    unit().record({ type: 'session.ended', outcome: 'ok', actor: session.accountId, client: ctx.oidc.client?.clientId });
  endSession(session.uid);
  await session.destroy();
  ctx.cookies.set(provider.cookieName('session'), null, { path: '/', httpOnly: true, sameSite: 'lax', overwrite: true, signed: true });
}

/** Sends the browser where the application asked, if that was registered; else to our own page. */
export function redirectBack(ctx: KoaContextWithOIDC): void {
  const { postLogoutRedirectUri, state } = (ctx.oidc.session?.state ?? {}) as { postLogoutRedirectUri?: string; state?: string };
  const target = new URL(postLogoutRedirectUri ?? ctx.oidc.urlFor('end_session_success'));
  if (postLogoutRedirectUri !== undefined && state !== undefined) target.searchParams.set('state', state);
  ctx.body = '';
  ctx.status = 303;
  ctx.redirect(target.href);
}
