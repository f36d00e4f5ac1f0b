/** The admin API: each entry of the table behind our own guard, which asks this issuer about every token. */
import { type Context, Hono } from 'hono';
import { type AdapterOptions, hono, identityOf, resourceMetadata } from 'safeconduct/http';
import { type GuardOptions, protect } from 'safeconduct/protect';
import { safeconduct } from 'safeconduct/providers';
import { deriveKey, type MasterKey, type Seal } from '../secrets/seal.ts';
import type { Run, Store } from '../store/database.ts';
import { recordEvent } from '../store/events.ts';
import { ADMIN_API, adminAudience, adminSecret } from './built-in.ts';
import type { Answer, Call, Desk } from './call.ts';
import { type Caller, callerOf, reachOf, rolesFor } from './caller.ts';
import { createCursors } from './cursor.ts';
import { documentOf } from './document.ts';
import { handlers } from './handlers/all.ts';
import { type Input, readInput } from './input.ts';
import { answerOf, CallRefused, refusalBehind } from './problem.ts';
import { permissions } from './routes/permissions.ts';
import type { AdminRoute } from './routes/route.ts';
import { ADMIN_PATH, routes } from './routes/table.ts';
import { withinReach } from './tenant.ts';

export interface AdminOptions {
  /** `iss`. */
  readonly issuer: string;
  /** Where else it is reached. */
  readonly origins: readonly string[];
  readonly store: Store;
  readonly seal: Seal;
  /** The newest first. */
  readonly masterKeys: readonly MasterKey[];
  readonly vault: Desk['vault'];
  /** Reaches this issuer itself, past any proxy. */
  readonly fetch: NonNullable<GuardOptions['fetch']>;
  readonly log: AdminLog;
}

export interface AdminLog {
  info(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** What the server knows of a request, and the request itself cannot claim. */
export interface Origin {
  readonly requestId: string | undefined;
  readonly ip: string | undefined;
}

/** The admin API as a fetch handler. */
export interface Admin {
  /** Whether a path is one of the admin API's. */
  readonly owns: (path: string) => boolean;
  readonly fetch: (request: Request, origin: Origin) => Response | Promise<Response>;
}

/** Wires the admin API. What is built in must be there (`ensureBuiltIn`). */
export function createAdmin(options: AdminOptions): Admin {
  const { issuer, log } = options;
  const metadata = resourceMetadata({
    resource: adminAudience(issuer),
    authorizationServers: [issuer],
    scopes: Object.keys(permissions),
    name: 'Administration of this issuer',
  });
  const wiring: Wiring = { options, desk: deskOf(options), guard: guardOf(options), metadata: metadata.url };
  const document = documentOf(issuer);
  const app: App = new Hono();
  app.get(metadata.path, metadata.fetch);
  app.get(`${ADMIN_PATH}/openapi.json`, (context) => context.json(document, 200, { 'cache-control': 'public, max-age=300' }));
  for (const route of routes) addRoute(app, route, wiring);
  for (const path of new Set(routes.map(pathOf))) app.all(path, () => wrongMethod(path));
  app.notFound(() => answerOf(new CallRefused('unknown', `the admin API has no such path: ${ADMIN_PATH}/openapi.json lists them`)));
  app.onError((error, { env: { requestId } }) => answerOf(refused(error, { log, requestId })));
  return Object.freeze({
    owns: (path: string) => path === metadata.path || path.startsWith(`${ADMIN_PATH}/`),
    async fetch(request: Request, origin: Origin) {
      const response = await app.fetch(request, origin);
      if (origin.requestId !== undefined) response.headers.set('x-request-id', origin.requestId);
      return response;
    },
  });
}

interface Wiring {
  readonly options: AdminOptions;
  readonly desk: Desk;
  readonly guard: ReturnType<typeof protect>;
  readonly metadata: string;
}

function deskOf({ issuer, origins, seal, masterKeys, vault }: AdminOptions): Desk {
  const { key } = newest(masterKeys);
  return { issuer, origins, seal, vault, cursors: createCursors(deriveKey(key, 'cursors')) };
}

function guardOf({ issuer, masterKeys, fetch }: AdminOptions): Wiring['guard'] {
  const clientSecret = adminSecret(newest(masterKeys)).reveal();
  // Nothing is remembered: a role that was taken away, or a token that was revoked, counts at the next call.
  const introspection = { clientId: ADMIN_API, clientSecret, tokens: 'all', maxAgeSeconds: 0 } as const;
  return protect({ provider: safeconduct({ issuer }), audience: adminAudience(issuer), introspection, fetch });
}

function newest([first]: readonly MasterKey[]): MasterKey {
  if (first === undefined) throw new TypeError('there is no master key');
  return first;
}

/** The path of an entry as the router writes it, such as `/admin/v1/people/:person`. */
export function pathOf({ path }: AdminRoute): string {
  return `${ADMIN_PATH}${path.replace(/\{(\w+)\}/g, ':$1')}`;
}

type App = Hono<{ Bindings: Origin }>;

function addRoute(app: App, route: AdminRoute, wiring: Wiring): void {
  const scopes = [route.permission];
  const roles = rolesFor(route);
  const require = roles.length === 0 ? { scopes } : { anyOf: roles.map((role) => ({ scopes, roles: [role] })) };
  const {
    guard,
    metadata: resourceMetadata,
    options: { log },
  } = wiring;
  // The id under which the server logs the request, so that its two lines and the answer name the same one.
  const tell = ({ requestId }: Origin): NonNullable<AdapterOptions['log']> => {
    return ({ level, ...event }) => log[level === 'error' ? 'error' : 'info']({ ...event, ...(requestId && { requestId }) }, 'refused');
  };
  app.on(
    route.method,
    pathOf(route),
    (context, next) => hono(guard, { require, realm: 'admin', resourceMetadata, log: tell(context.env) })(context, next),
    (context) => answer(context, route, wiring),
  );
}

async function answer(context: Context<{ Bindings: Origin }>, route: AdminRoute, { options, desk }: Wiring): Promise<Response> {
  const caller = callerOf(identityOf(context));
  const input = await readInput(route, context.req.raw, context.req.param());
  const work = (run: Run) => handle(run, { route, input, caller, origin: context.env, desk });
  const alone = route.method === 'GET' || route.steps === 'several';
  const found = alone ? await work(options.store.run) : await options.store.transaction(work);
  const headers = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };
  if (route.answer === undefined) return new Response(null, { status: route.status, headers });
  return Response.json(found, { status: route.status, headers });
}

interface Handled {
  readonly route: AdminRoute;
  readonly input: Input;
  readonly caller: Caller;
  readonly origin: Origin;
  readonly desk: Desk;
}

async function handle(run: Run, { route, input, caller, origin, desk }: Handled): Promise<unknown> {
  const reach = reachOf(caller, route);
  const named = { ...input.body, ...input.params };
  const organization = await withinReach(run, route, { caller, reach, named, inPath: (name) => name in input.params });
  // What people do with their own belongs to their organization's log.
  const about = route.tenant === 'self' ? caller.organization : organization;
  // The vault writes its events itself, beside what they tell of.
  let told = route.method === 'GET' || route.steps === 'several';
  const by = { actor: caller.id, client: caller.client, ...origin };
  const call: Call = {
    ...input,
    body: input.body as never,
    caller,
    by,
    reach,
    organization: organization ?? '',
    run,
    desk,
    unchanged: () => {
      told = true;
    },
    record: async (happened) => {
      told = true;
      await recordEvent(run, { organization: about, ...happened, outcome: 'ok', ...by });
    },
  };
  // The input was checked against the entry of the same id, so that it is what this handler takes.
  const found = await (handlers as unknown as Readonly<Record<string, (call: Call) => Promise<Answer>>>)[route.id]?.(call);
  if (!told) throw new TypeError(`${route.id} changed something and recorded no event`);
  // What the table does not name never leaves, whatever a statement selected.
  return route.answer?.parse(found);
}

function wrongMethod(path: string): Response {
  const allowed = routes.filter((route) => pathOf(route) === path).map(({ method }) => method);
  const response = answerOf(new CallRefused('method', `this path takes ${allowed.join(', ')}`));
  response.headers.set('allow', allowed.join(', '));
  return response;
}

function refused(error: unknown, { log, requestId }: { log: AdminLog; requestId: string | undefined }): CallRefused {
  const refusal = refusalBehind(error);
  if (refusal.status === 500) log.error({ requestId, error }, 'a call of the admin API failed');
  return refusal;
}
