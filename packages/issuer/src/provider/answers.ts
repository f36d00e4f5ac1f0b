/** What happens to an answer between the engine and the wire: pages without scripts, headers, errors, the dialect's words. */
import { randomUUID } from 'node:crypto';
import type { KoaContextWithOIDC } from 'oidc-provider';
import type { AnswerFacts } from '../dialects/dialect.ts';
import type { RouteName } from '../dialects/facts.ts';
import { StoreUnavailable, sqlState } from '../store/unavailable.ts';
import { factsOfMade } from './access-token.ts';
import { factsOf, sharedClaims, withSubject } from './facts.ts';
import { redirectBack, signOut } from './logout.ts';
import { LostRace } from './unit.ts';
import { rewrites, type Voice } from './voice.ts';
import { wireOf } from './wire.ts';

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

export interface FinishOptions {
  readonly voice: Voice;
  /** Seconds. */
  readonly pollInterval: number;
}

/** Last touches that every answer gets. */
export function finish(ctx: Context, options: FinishOptions): void {
  const route = routeOf(ctx) ?? '';
  ctx.set('x-content-type-options', 'nosniff');
  if (ctx.get('origin') === 'null') ctx.remove('access-control-allow-origin');
  if (ctx.status === 200 && (route === 'discovery' || route === 'jwks')) ctx.set('cache-control', 'public, max-age=300');
  else if (!ctx.response.get('cache-control')) ctx.set('cache-control', 'no-store');
  // RFC 7517 has a type of its own, which vendors do not use.
  if (route === 'jwks' && rewrites(options.voice.dialect)) ctx.type = 'application/json';
  if (isObject(ctx.body) && /json$/.test(ctx.type)) translateBody(ctx, ctx.body, { ...options, route });
  else if (ctx.body === '' && ctx.status < 500 && options.voice.dialect.answer) translateAnswer(ctx, {}, { ...options, route });
}

type Translating = FinishOptions & { readonly route: string };
type Body = Readonly<Record<string, unknown>>;

function translateBody(ctx: Context, body: Body, options: Translating): void {
  const { route, voice, pollInterval } = options;
  const { dialect, place, origin } = voice;
  const write: Readonly<Record<string, () => Body>> = {
    discovery: () => dialect.discovery(body, (path) => new URL(path, origin).href, place),
    jwks: () => ({ ...body, keys: publishedKeys(body.keys, voice) }),
    device_authorization: () => ({ ...body, interval: pollInterval }),
    userinfo: () => userinfo(ctx, body, voice),
    token: () => withoutEmptyScope(ctx, body),
  };
  const written = ctx.status === 200 ? (write[route]?.() ?? body) : body;
  if (dialect.answer) translateAnswer(ctx, written, options);
  else if (written !== body) ctx.body = written;
}

/** A token for an API that was asked for nothing there still says what was granted (RFC 6749, 3.3 and 5.1). */
function withoutEmptyScope(ctx: Context, body: Body): Body {
  if (body.scope !== '') return body;
  const { scope: _empty, ...rest } = body;
  const granted = factsOfMade(ctx)?.scopes.join(' ');
  return granted ? { ...rest, scope: granted } : rest;
}

function publishedKeys(keys: unknown, { dialect, place }: Voice): unknown {
  const { key } = dialect.shapes;
  return key && Array.isArray(keys) ? keys.map((jwk) => key(jwk, place)) : keys;
}

function userinfo(ctx: Context, body: Body, voice: Voice): Body {
  if (!rewrites(voice.dialect)) return body;
  const { userinfo: shape = (claims: Body) => claims } = voice.dialect.shapes;
  const facts = factsOf(ctx, voice, { scopes: [...(ctx.oidc.entities.AccessToken?.scopes ?? [])] });
  return { ...shape(withSubject(body, voice, facts), facts), ...sharedClaims(facts) };
}

/** The engine's names of the endpoints that are called otherwise here. */
const routeNames: Readonly<Record<string, RouteName>> = {
  device_authorization: 'deviceAuthorization',
  pushed_authorization_request: 'pushedAuthorization',
  code_verification: 'deviceVerification',
  end_session: 'endSession',
};

function translateAnswer(ctx: Context, body: Body, { route, voice }: Translating): void {
  const said = wireOf(ctx.req);
  const name = said?.route ?? routeNames[route] ?? (route in voice.place.routes ? (route as RouteName) : 'unknown');
  const headers = Object.fromEntries(Object.entries(ctx.response.headers).map(([header, value]) => [header, String(value)]));
  const answer = voice.dialect.answer?.({ route: name, status: ctx.status, body, headers }, answerFacts(ctx, voice));
  if (!answer) return;
  const { status, body: written, headers: more = {} } = answer;
  const empty = Object.keys(written).length === 0 && ctx.body === '';
  ctx.status = status;
  ctx.set({ ...more });
  if (!empty) ctx.body = written;
}

/** What a dialect may know when it words an answer. */
export function answerFacts(ctx: Context, voice: Voice): AnswerFacts {
  const requestId = ctx.get('x-request-id') || randomUUID();
  const said = wireOf(ctx.req);
  const query = said?.query ?? new URLSearchParams(ctx.querystring);
  const header = (name: string) => ctx.get(name) || undefined;
  const client = ctx.oidc?.client;
  const session = client && ctx.oidc.session?.sidFor(client.clientId);
  const made = factsOfMade(ctx);
  return {
    ...(made ?? factsOf(ctx, voice, { session })),
    parameters: said?.parameters ?? query,
    query,
    header,
    requestId,
  };
}

function routeOf(ctx: Context): string | undefined {
  return (ctx as { oidc?: { route?: string } }).oidc?.route;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Buffer.isBuffer(value) && !('pipe' in value);
