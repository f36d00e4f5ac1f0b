/** Signing out: at once with a valid hint, else after a question. What was bound to the session ends with it. */
import type { KoaContextWithOIDC, Provider } from 'oidc-provider';
import { artifactId } from './artifact.ts';
import type { Screens } from './screens.ts';
import { unit } from './unit.ts';

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

/** Signs out at once when the application proved whom it means; asks otherwise (OpenID Connect RP-Initiated Logout, 2). */
export async function signOutOrAsk(ctx: KoaContextWithOIDC, { form, screens }: { form: string; screens: Screens }): Promise<void> {
  if (!hintNamesThisSession(ctx)) return screens.signOut(ctx, form);
  await signOut(ctx);
  redirectBack(ctx);
}

function hintNamesThisSession({ oidc: { entities, session, client } }: KoaContextWithOIDC): boolean {
  const claims = entities.IdTokenHint?.payload as { sub?: unknown; sid?: unknown } | undefined;
  if (!claims || !session?.accountId || !client) return false;
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
