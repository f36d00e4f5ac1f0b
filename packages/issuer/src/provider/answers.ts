/** What happens to an answer between the engine and the wire: pages without scripts, headers, errors, the dialect's words. */
import type { KoaContextWithOIDC } from 'oidc-provider';
import type { Dialect } from '../dialects/dialect.ts';
import { StoreUnavailable, sqlState } from '../store/unavailable.ts';
import { redirectBack, signOut } from './logout.ts';
import { LostRace } from './unit.ts';

type Context = KoaContextWithOIDC;

/** The engine joins some steps of a sign-out by pages that send a form by script. Here the step is taken at once. */
export async function skipScriptedPages(ctx: Context): Promise<void> {
  const route = routeOf(ctx);
  if (ctx.status !== 200 || ctx.type !== 'text/html') return;
  if (route === 'end_session' && !ctx.oidc.session?.accountId) return redirectBack(ctx);
  if (route === 'resume' || route === 'device_resume') return switchAccount(ctx);
}

/** Somebody else signed in than the browser's session says: that session ends, and the sign-in goes on in a new one. */
async function switchAccount(ctx: Context): Promise<void> {
  const { state } = ctx.oidc.session ?? {};
  if (typeof state?.postLogoutRedirectUri !== 'string' || ctx.oidc.entities.AuthorizationCode) return;
  await signOut(ctx);
  redirectBack(ctx);
}

/** SQLSTATE class of values that the database cannot hold, such as a text with NUL. */
const DATA_EXCEPTION = '22';

/** Answers for a request that could not be committed or whose storage was away. `drawn`: the engine's page already says so. */
export function answerFailure(ctx: Context, error: unknown, { drawn = false } = {}): void {
  const lost = error instanceof LostRace;
  const odd = sqlState(error)?.startsWith(DATA_EXCEPTION) ?? false;
  ctx.remove('location');
  ctx.status = lost || odd ? 400 : error instanceof StoreUnavailable ? 503 : 500;
  if (ctx.status === 503) ctx.set('retry-after', '2');
  if (drawn && ctx.type === 'text/html') return;
  if (lost) ctx.body = { error: 'invalid_request', error_description: 'this was used at the same moment by another request' };
  else if (odd) ctx.body = { error: 'invalid_request', error_description: 'the request has characters that are not text' };
  else if (ctx.status === 503) ctx.body = { error: 'temporarily_unavailable', error_description: 'try again in a moment' };
  else ctx.body = { error: 'server_error', error_description: 'something went wrong here, not with your request' };
}

/** Last touches that every answer gets. */
export function finish(ctx: Context, { dialect, pollInterval }: { dialect: Dialect; pollInterval: number }): void {
  const route = routeOf(ctx) ?? '';
  ctx.set('x-content-type-options', 'nosniff');
  if (ctx.get('origin') === 'null') ctx.remove('access-control-allow-origin');
  if (ctx.status === 200 && (route === 'discovery' || route === 'jwks')) ctx.set('cache-control', 'public, max-age=300');
  else if (!ctx.response.get('cache-control')) ctx.set('cache-control', 'no-store');
  if (isObject(ctx.body) && ctx.type.endsWith('json')) translateBody(ctx, { route, dialect, pollInterval });
}

function translateBody(ctx: Context, { route, dialect, pollInterval }: { route: string; dialect: Dialect; pollInterval: number }): void {
  let body = ctx.body as Readonly<Record<string, unknown>>;
  if (ctx.status === 200 && route === 'discovery') body = dialect.discovery(body, (path) => new URL(path, ctx.oidc.issuer).href);
  if (ctx.status === 200 && route === 'device_authorization') body = { ...body, interval: pollInterval };
  const { status } = ctx;
  const answer = dialect.answer?.({ route, status, body }) ?? { status, body };
  ctx.body = answer.body;
  ctx.status = answer.status;
}

function routeOf(ctx: Context): string | undefined {
  return (ctx as { oidc?: { route?: string } }).oidc?.route;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Buffer.isBuffer(value) && !('pipe' in value);
