/** The API by which applications connect accounts for people: each call behind our own guard, which asks this issuer about the token. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import { type AdapterOptions, hono, identityOf, resourceMetadata } from 'safeconduct/http';
import type { Identity } from 'safeconduct/identity';
import { type GuardOptions, protect } from 'safeconduct/protect';
import { safeconduct } from 'safeconduct/providers';
import { ME_API, type MeScope, meAudience, meScopes, meSecret } from '../connections/me-api.ts';
import type { Connections } from '../connections/registry.ts';
import { createTickets } from '../connections/tickets.ts';
import type { Vault } from '../connections/vault.ts';
import type { MasterKey, Seal } from '../secrets/seal.ts';
import type { Store } from '../store/database.ts';
import { accounts, type Call, complete, connect, connections, type Desk, type MeCaller, type Origin, remove } from './handlers.ts';
import { answerProblem, MeProblem, problemBehind, problemOf } from './problem.ts';
import { ME_PATH, type MeRoute, meRoutes } from './routes.ts';

export interface MeOptions {
  /** `iss`. */
  readonly issuer: string;
  readonly store: Store;
  readonly seal: Seal;
  /** The newest first. */
  readonly masterKeys: readonly MasterKey[];
  readonly connections: Connections;
  readonly vault: Vault;
  /** Reaches this issuer itself, past any proxy. */
  readonly fetch: NonNullable<GuardOptions['fetch']>;
  readonly log: MeLog;
}

export interface MeLog {
  info(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface Me {
  /** Whether a path is one of this API's. */
  readonly owns: (path: string) => boolean;
  readonly handler: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
}

/** Wires it. What is built in must be there (`ensureBuiltIn`). */
export function createMe(options: MeOptions): Me {
  const { issuer, store, seal, log } = options;
  const metadata = resourceMetadata({
    resource: meAudience(issuer),
    authorizationServers: [issuer],
    scopes: Object.keys(meScopes),
    name: 'Your connected accounts',
  });
  const desk: Desk = { issuer, store, connections: options.connections, vault: options.vault, tickets: createTickets({ store, seal }) };
  const wiring: Wiring = { desk, guard: guardOf(options), metadata: metadata.url, log };
  const app: App = new Hono();
  app.get(metadata.path, metadata.fetch);
  for (const route of meRoutes) addRoute(app, route, wiring);
  for (const path of new Set(meRoutes.map(pathOf))) app.all(path, () => wrongMethod(path));
  app.notFound(() => answerProblem(new MeProblem('unknown', 'this API has no such path')));
  app.onError((error, { env: { requestId } }) => answer(error, { log, requestId }));
  const handler = getRequestListener((request, { incoming }) => app.fetch(request, originOf(incoming as IncomingMessage)), {
    overrideGlobalObjects: false,
  });
  return Object.freeze({ owns: (path: string) => path === metadata.path || path.startsWith('/me/'), handler });
}

interface Wiring {
  readonly desk: Desk;
  readonly guard: ReturnType<typeof protect>;
  readonly metadata: string;
  readonly log: MeLog;
}

type App = Hono<{ Bindings: Origin }>;

function guardOf({ issuer, masterKeys: [newest], fetch }: MeOptions): Wiring['guard'] {
  if (newest === undefined) throw new TypeError('there is no master key');
  // Nothing is remembered: a token that was revoked, or a person who was disabled, counts at the next call.
  const introspection = { clientId: ME_API, clientSecret: meSecret(newest).reveal(), tokens: 'all', maxAgeSeconds: 0 } as const;
  return protect({ provider: safeconduct({ issuer }), audience: meAudience(issuer), introspection, fetch });
}

const pathOf = ({ path }: MeRoute): string => `${ME_PATH}${path.replace(/\{(\w+)\}/g, ':$1')}`;

const work: Readonly<Record<MeRoute['id'], (call: Call, account: string) => Promise<object | undefined>>> = {
  connect,
  complete,
  accounts,
  connections,
  remove,
};

function addRoute(app: App, route: MeRoute, { guard, metadata, desk, log }: Wiring): void {
  const scopes: readonly MeScope[] = [route.scope];
  const options = ({ requestId }: Origin): AdapterOptions => ({
    require: { scopes },
    realm: 'me',
    resourceMetadata: metadata,
    format: ({ status, description }) => problemOf(status, description),
    log: ({ level, ...event }) => log[level === 'error' ? 'error' : 'info']({ ...event, ...(requestId && { requestId }) }, 'refused'),
  });
  app.on(
    route.method,
    pathOf(route),
    async (context, next) => asProblem(await hono(guard, options(context.env))(context, next)),
    async (context: Context<{ Bindings: Origin }>) => {
      const call: Call = { desk, caller: callerOf(identityOf(context)), request: context.req.raw, origin: context.env };
      const found = await work[route.id](call, context.req.param('account') ?? '');
      const headers = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };
      return found === undefined
        ? new Response(null, { status: route.status, headers })
        : Response.json(found, { status: route.status, headers });
    },
  );
}

// The guard writes JSON of any form; here all that says no is of one form.
function asProblem(refusal: Response | undefined): Response | undefined {
  refusal?.headers.set('content-type', 'application/problem+json');
  return refusal;
}

/** A person, through an application: a program on its own has no accounts to connect, and a token that no application got asks for nobody. */
function callerOf({ subject, kind, organization, claims }: Identity): MeCaller {
  const clientId = claims.client_id;
  if (kind !== 'person' || organization === undefined || typeof clientId !== 'string' || clientId === subject)
    throw new MeProblem('forbidden', 'this needs a token that an application got for a person who signed in to it');
  return { userId: subject, organizationId: organization, clientId };
}

function wrongMethod(path: string): Response {
  const allowed = meRoutes.filter((route) => pathOf(route) === path).map(({ method }) => method);
  const response = answerProblem(new MeProblem('method', `this path takes ${allowed.join(', ')}`));
  response.headers.set('allow', allowed.join(', '));
  return response;
}

function answer(error: unknown, { log, requestId }: { readonly log: MeLog; readonly requestId: string | undefined }): Response {
  const problem = problemBehind(error);
  if (problem.status === 500) log.error({ requestId, error }, 'a call about connected accounts failed');
  return answerProblem(problem);
}

// The front wrote these two, in place of whatever the caller said. The web request has the caller's own words still.
function originOf({ headers }: IncomingMessage): Origin {
  return { requestId: headers['x-request-id']?.toString(), ip: headers['x-forwarded-for']?.toString() };
}
