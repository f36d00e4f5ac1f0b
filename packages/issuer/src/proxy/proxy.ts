/**
 * The proxy: requests to a third party with the token of the person, which neither the application nor a model ever holds. The
 * caller shows a token of ours that is for this proxy and this connection only; what is passed on is what the connection lists.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Connection, ProxyPolicy } from '../connections/connection.ts';
import type { OutboundAgent } from '../connections/outbound-agent.ts';
import type { Connections } from '../connections/registry.ts';
import type { Vault, VaultToken } from '../connections/vault.ts';
import { connectUriOf, proxyAudience } from '../provider/exchange-names.ts';
import type { LiveToken } from '../provider/live-token.ts';
import type { SecurityEvent } from '../store/events.ts';
import { type Body, takeBody } from './body.ts';
import { createProxyEvents, mayChange, type Passed } from './events.ts';
import { type Answer, askThere, drop, type Passing, type ProxyLimits, passBack } from './pass-on.ts';
import { answerRefusal, ProxyRefused } from './refusal.ts';
import { destinationOf, PROXY_PATH, permittedBy, readTarget, type Target } from './target.ts';
import { createTurns, type TurnLimits, type Turns } from './turns.ts';

export interface ProxyOptions {
  /** `iss`. */
  readonly issuer: string;
  readonly connections: Pick<Connections, 'find'>;
  readonly vault: Pick<Vault, 'token'>;
  /** The way out. One of its own, so that no token refresh waits behind large answers. */
  readonly outbound: OutboundAgent;
  /** The token behind a value when it is good at this moment, as introspection has it. */
  readonly verify: (value: string) => Promise<LiveToken | undefined>;
  /** Writes to the audit log. */
  readonly record: (event: SecurityEvent) => Promise<void>;
  readonly log: ProxyLog;
  readonly limits?: Partial<ProxyLimits & TurnLimits> | undefined;
}

/** Where the proxy says what went wrong. */
export interface ProxyLog {
  warn(
    fields: { readonly route?: string; readonly client?: string | undefined; readonly reason?: string; readonly error?: unknown },
    message: string,
  ): void;
}

export interface Proxy {
  /** Whether a path is the proxy's. */
  readonly owns: (path: string) => boolean;
  readonly handler: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
}

const usual: ProxyLimits & TurnLimits = Object.freeze({
  request: 10 * 1024 * 1024,
  response: 50 * 1024 * 1024,
  headersTimeout: 30_000,
  overall: 120_000,
  perPerson: 16,
  altogether: 256,
});

interface Desk extends Omit<ProxyOptions, 'limits'> {
  readonly limits: ProxyLimits;
  readonly turns: Turns;
  readonly eventOf: (passed: Passed) => SecurityEvent | undefined;
}

export function createProxy({ limits, ...options }: ProxyOptions): Proxy {
  const all = { ...usual, ...limits };
  const desk: Desk = { ...options, limits: all, turns: createTurns(all), eventOf: createProxyEvents() };
  return Object.freeze({
    owns: (path: string) => path.startsWith(PROXY_PATH),
    handler: (request: IncomingMessage, response: ServerResponse) => answer(desk, request, response),
  });
}

async function answer(desk: Desk, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    await serve(desk, request, response);
  } catch (error) {
    if (!(error instanceof ProxyRefused) || response.headersSent) {
      if (!response.headersSent) throw error;
      desk.log.warn({ route: PROXY_PATH, error }, 'an answer of a third party broke off');
      response.destroy();
      return;
    }
    answerRefusal(response, error);
  }
}

async function serve(desk: Desk, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const target = readTarget(request.url ?? '');
  if (request.headers.upgrade !== undefined) throw new ProxyRefused('invalid_request', 'no other protocol is spoken here');
  const token = await verifiedToken(desk, request, target);
  const { connection, policy } = await passable(desk, target, token);
  const pattern = permittedBy(policy, request.method ?? '', target.path);
  const leave = desk.turns(token.subject);
  const end = endOf(request, response, desk.limits);
  try {
    const passage = { connection, policy, pattern, target, token };
    await passOn(desk, passage, { request, response, signal: end });
  } finally {
    leave();
  }
}

/** When all of it ends: with the time that there is, or when the caller is gone. */
function endOf(request: IncomingMessage, response: ServerResponse, { overall }: ProxyLimits): AbortSignal {
  const gone = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) gone.abort();
  });
  if (request.destroyed && !request.complete) gone.abort();
  return AbortSignal.any([gone.signal, AbortSignal.timeout(overall)]);
}

async function verifiedToken({ issuer, verify }: Desk, { headers }: IncomingMessage, { connection }: Target): Promise<LiveToken> {
  if (headers.authorization === undefined) throw new ProxyRefused('token_missing', 'this request needs a token for the proxy');
  const [, value = ''] = /^Bearer ([\w~+/.-]{1,16384}=*)$/i.exec(headers.authorization) ?? [];
  const token = value === '' ? undefined : await verify(value);
  const good = token?.kind === 'jwt' && token.audience.length === 1 && token.audience[0] === proxyAudience(issuer, connection);
  if (!good || token.client === undefined || token.bearer?.kind !== 'person')
    throw new ProxyRefused('invalid_token', 'the token is none for this connection, or it has ended: exchange for a new one');
  return token;
}

interface Passable {
  readonly connection: Connection;
  readonly policy: ProxyPolicy;
}

async function passable({ connections }: Desk, target: Target, { bearer }: LiveToken): Promise<Passable> {
  const connection = await connections.find(target.connection);
  if (!connection?.proxy || connection.disabled || !connection.accounts)
    throw new ProxyRefused('proxy_refused', 'nothing is passed on to this connection');
  if (bearer?.organization !== connection.organizationId)
    throw new ProxyRefused('proxy_refused', 'this connection belongs to another organization than the person');
  return { connection, policy: connection.proxy };
}

interface Passage extends Passable {
  readonly pattern: string;
  readonly target: Target;
  readonly token: LiveToken;
}

interface Exchanged {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly signal: AbortSignal;
}

async function passOn(desk: Desk, passage: Passage, { request, response, signal }: Exchanged): Promise<void> {
  const { outbound, limits } = desk;
  const destination = destinationOf(passage.policy, passage.target);
  const first = await tokenFor(desk, passage);
  const body = await takeBody(request, limits.request);
  const passing: Passing = { outbound, limits, request, destination, body, signal };
  const there = await answerThere(desk, passage, { passing, body, first });
  await note(desk, passage, { method: request.method ?? '', status: there.statusCode });
  await passBack(there, response, { limits, signal });
}

interface Asking {
  readonly passing: Passing;
  readonly body: Body;
  readonly first: VaultToken;
}

/** A token that the third party no longer takes is renewed once, and what can be sent again is. */
async function answerThere(desk: Desk, passage: Passage, { passing, body, first }: Asking): Promise<Answer> {
  const there = await askThere(passing, first.accessToken);
  if (there.statusCode !== 401) return there;
  await drop(there);
  const second = await tokenFor(desk, passage, first.accessToken);
  const again = body === null || Buffer.isBuffer(body);
  if (second.accessToken === first.accessToken || !again) throw unauthorized(desk, passage, second.accessToken !== first.accessToken);
  const last = await askThere(passing, second.accessToken);
  if (last.statusCode !== 401) return last;
  await drop(last);
  throw unauthorized(desk, passage, false);
}

// Its own 401 would say that the caller's token is bad.
function unauthorized({ issuer }: Desk, { connection, token }: Passage, renewed: boolean): ProxyRefused {
  if (renewed)
    return new ProxyRefused('upstream_unauthorized', 'the third party refused the token; it was renewed: send the request again');
  const members = { connect_uri: linkOf(issuer, { connection, token }) };
  return new ProxyRefused('upstream_unauthorized', 'the third party refuses the token: send the person to connect_uri', { members });
}

const linkOf = (issuer: string, { connection, token }: Pick<Passage, 'connection' | 'token'>): string =>
  connectUriOf(issuer, {
    connection: connection.id,
    client: token.client ?? '',
    scopes: token.scopes.length > 0 ? token.scopes : undefined,
  });

/** The person's token at the third party. `rejected`: one that was refused there just now. */
async function tokenFor({ issuer, vault }: Desk, { connection, token }: Passage, rejected?: string): Promise<VaultToken> {
  const { subject: userId, client: applicationId = '', scopes, extra } = token;
  const given = await vault.token({
    userId,
    connection,
    applicationId,
    ...(scopes.length > 0 && { scopes }),
    ...(typeof extra.account === 'string' && { account: extra.account }),
    ...(rejected !== undefined && { rejected }),
  });
  if (given.kind === 'token') return given;
  if (given.kind === 'unavailable')
    throw new ProxyRefused('temporarily_unavailable', 'the third party does not answer now: try again in a moment', given);
  const members = {
    reason: given.reason.replace('-', '_'),
    ...(given.missing && { missing_scope: given.missing.join(' ') }),
    connect_uri: linkOf(issuer, { connection, token }),
  };
  throw new ProxyRefused(
    'federated_connection_account_not_found',
    'the person has to connect, allow or reconnect: send them to connect_uri',
    {
      members,
    },
  );
}

/** What changes something there is written down before its answer goes back; what was read, beside it. */
async function note(
  desk: Desk,
  { connection, pattern, token }: Passage,
  { method, status }: { readonly method: string; readonly status: number },
) {
  const { subject: person, client: application, bearer } = token;
  const event = desk.eventOf({
    person,
    organization: bearer?.organization,
    application,
    connection: connection.id,
    method,
    pattern,
    status,
  });
  if (event === undefined) return;
  const written = desk
    .record(event)
    .catch((error: unknown) => desk.log.warn({ route: PROXY_PATH, client: application, error }, 'a proxied request was not written down'));
  if (mayChange(method)) await written;
}
