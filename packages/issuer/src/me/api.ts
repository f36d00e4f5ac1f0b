/** The API by which applications connect accounts for people: each call behind a door that knows who calls. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import { resourceMetadata } from 'safeconduct/http';
import { meAudience, meScopes } from '../connections/me-api.ts';
import type { Connections } from '../connections/registry.ts';
import { createTickets } from '../connections/tickets.ts';
import type { Vault } from '../connections/vault.ts';
import type { Seal } from '../secrets/seal.ts';
import type { Store } from '../store/database.ts';
import { noteReaders, preflight, tellReaders } from './cors.ts';
import { type Door, type DoorLog, type GuardedDoorOptions, guardedDoor, type MeContext, type MeEnv } from './doors.ts';
import { accounts, type Call, complete, connect, connections, type Desk, type Origin, remove } from './handlers.ts';
import { answerProblem, MeProblem, problemBehind } from './problem.ts';
import { ME_PATH, type MeRoute, meRoutes } from './routes.ts';

/** What the API works with, wherever it is served. */
export interface MeParts {
  readonly store: Store;
  readonly seal: Seal;
  readonly connections: Connections;
  readonly vault: Vault;
  readonly log: DoorLog;
}

export interface MeOptions extends MeParts, Pick<GuardedDoorOptions, 'masterKeys' | 'fetch'> {
  /** `iss` of the main issuer: people connect accounts there. */
  readonly issuer: string;
}

/** Where the API is served, and whose tokens it takes. */
export interface MePlace {
  readonly origin: string;
  /** `iss` of its tokens. */
  readonly issuer: string;
  /** The main issuer. */
  readonly home: string;
  readonly door: (common: Pick<GuardedDoorOptions, 'metadata' | 'log'>) => Door;
}

export interface Me {
  /** Whether a path is one of this API's. */
  readonly owns: (path: string) => boolean;
  readonly handler: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
}

/** Wires it at the main issuer. What is built in must be there (`ensureBuiltIn`). */
export function createMe(options: MeOptions): Me {
  const { issuer } = options;
  return serveMe(options, { origin: issuer, issuer, home: issuer, door: (common) => guardedDoor({ ...options, ...common }) });
}

/** Wires it at any place of this issuer. */
export function serveMe({ store, seal, log, ...rest }: MeParts, { origin, issuer, home, door: doorFor }: MePlace): Me {
  const metadata = resourceMetadata({
    resource: meAudience(origin),
    authorizationServers: [issuer],
    scopes: Object.keys(meScopes),
    name: 'Your connected accounts',
  });
  const desk: Desk = { issuer: home, store, connections: rest.connections, vault: rest.vault, tickets: createTickets({ store, seal }) };
  const door = doorFor({ metadata: metadata.url, log });
  const app: App = new Hono();
  app.get(metadata.path, metadata.fetch);
  app.use(`${ME_PATH}/*`, tellReaders);
  for (const route of meRoutes) addRoute(app, route, { desk, door });
  for (const path of new Set(meRoutes.map(pathOf))) app.all(path, (context) => anyMethod(context, path));
  app.notFound(() => answerProblem(new MeProblem('unknown', 'this API has no such path')));
  app.onError((error, { env: { requestId } }) => answer(error, { log, requestId }));
  const handler = getRequestListener((request, { incoming }) => app.fetch(request, originOf(incoming as IncomingMessage)), {
    overrideGlobalObjects: false,
  });
  return Object.freeze({ owns: (path: string) => path === metadata.path || path.startsWith('/me/'), handler });
}

interface Wiring {
  readonly desk: Desk;
  readonly door: Door;
}

type App = Hono<MeEnv>;

const pathOf = ({ path }: MeRoute): string => `${ME_PATH}${path.replace(/\{(\w+)\}/g, ':$1')}`;

const work: Readonly<Record<MeRoute['id'], (call: Call, account: string) => Promise<object | undefined>>> = {
  connect,
  complete,
  accounts,
  connections,
  remove,
};

function addRoute(app: App, route: MeRoute, { desk, door }: Wiring): void {
  app.on(route.method, pathOf(route), async (context: MeContext) => {
    const caller = await door(context, route);
    if (caller instanceof Response) return caller;
    await noteReaders(context, desk.store, caller);
    const call: Call = { desk, caller, request: context.req.raw, origin: context.env };
    const found = await work[route.id](call, context.req.param('account') ?? '');
    const headers = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };
    return found === undefined
      ? new Response(null, { status: route.status, headers })
      : Response.json(found, { status: route.status, headers });
  });
}

function anyMethod(context: MeContext, path: string): Response {
  const allowed = meRoutes.filter((route) => pathOf(route) === path).map(({ method }) => method);
  return (context.req.method === 'OPTIONS' ? preflight(context, allowed) : undefined) ?? wrongMethod(allowed);
}

function wrongMethod(allowed: readonly string[]): Response {
  const response = answerProblem(new MeProblem('method', `this path takes ${allowed.join(', ')}`));
  response.headers.set('allow', allowed.join(', '));
  return response;
}

function answer(error: unknown, { log, requestId }: { readonly log: DoorLog; readonly requestId: string | undefined }): Response {
  const problem = problemBehind(error);
  if (problem.status === 500) log.error({ requestId, error }, 'a call about connected accounts failed');
  return answerProblem(problem);
}

// The front wrote these two, in place of whatever the caller said. The web request has the caller's own words still.
function originOf({ headers }: IncomingMessage): Origin {
  return { requestId: headers['x-request-id']?.toString(), ip: headers['x-forwarded-for']?.toString() };
}
