import { createHash } from 'node:crypto';
import { type ErrorCode, SafeconductError } from '../identity/errors.ts';
import { type Fetch, isLoopback, isOutage, isSafeUrl } from './fetch.ts';
import type { Secret } from './secret.ts';
import { readJson } from './tokens.ts';

/** An account at a third party that a person connected. Holds no token. */
export interface ConnectedAccount {
  /** The provider's own id of it, such as `cac_…`. */
  readonly id: string;
  /** The name of its connection. */
  readonly connection: string;
  /** What the third party granted. */
  readonly scopes: readonly string[];
  readonly connectedAt: Date;
  /** When the person has to connect it again, where that is known. */
  readonly expiresAt?: Date;
}

/** The API of a provider where one person's accounts are connected, listed and disconnected. */
export interface AccountsApi {
  readonly url: string;
  readonly token: Secret;
  /** Bounded. */
  readonly fetch: Fetch;
}

/** A request to connect an account. */
export interface ConnectRequest {
  readonly connection: string;
  readonly redirectUri: string;
  readonly state: string;
  readonly verifier: string;
  readonly scopes: readonly string[];
}

/** A connecting that the provider has begun. */
export interface BegunConnecting {
  /** Where to send the browser. */
  readonly url: URL;
  /** Ties the end to this beginning. A secret. */
  readonly session: string;
  readonly lifetimeMs: number;
}

/** What proves that we began it. */
export interface CompleteRequest {
  readonly session: string;
  readonly code: string;
  readonly redirectUri: string;
  readonly verifier: string;
}

type Json = Readonly<Record<string, unknown>>;

/** Begins to connect an account. Throws `connection_refused`, `identity_ended`, `vault_unavailable` or `provider_invalid`. */
export async function beginConnecting(api: AccountsApi, request: ConnectRequest): Promise<BegunConnecting> {
  const { connection, redirectUri, state, verifier, scopes } = request;
  const answer = await ask(api, {
    path: '/connect',
    refusal: 'connection_refused',
    body: {
      connection,
      redirect_uri: redirectUri,
      state,
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
      ...(scopes.length > 0 && { scopes }),
    },
  });
  const { auth_session: session, expires_in: seconds } = answer;
  if (typeof session !== 'string' || typeof seconds !== 'number' || !(seconds > 0)) throw invalid('without auth_session or expires_in');
  return { url: connectUrl(answer, api), session, lifetimeMs: Math.min(seconds, 3_600) * 1000 };
}

// The browser is sent there: never to a plain address because of an answer, unless both are on this machine.
function connectUrl({ connect_uri: address, connect_params: parameters = {} }: Json, api: AccountsApi): URL {
  const url = typeof address === 'string' && URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || !isSafeUrl(url) || (url.protocol === 'http:' && !isLoopback(new URL(api.url))))
    throw invalid('with a connect_uri that is no https URL');
  if (typeof parameters !== 'object' || parameters === null) throw invalid('with connect_params that are no object');
  for (const [name, value] of Object.entries(parameters)) if (typeof value === 'string') url.searchParams.set(name, value);
  return url;
}

/** Finishes it with the code that the browser brought. Throws `link_invalid` when it was finished before, is too old or not ours. */
export async function completeConnecting(api: AccountsApi, request: CompleteRequest): Promise<ConnectedAccount> {
  const { session, code, redirectUri, verifier } = request;
  const body = { auth_session: session, connect_code: code, redirect_uri: redirectUri, code_verifier: verifier };
  return readAccount(await ask(api, { path: '/complete', refusal: 'link_invalid', body }));
}

const mostPages = 20;

/** Lists the person's accounts, of one connection or of all. */
export async function listAccounts(api: AccountsApi, connection?: string): Promise<readonly ConnectedAccount[]> {
  const accounts: ConnectedAccount[] = [];
  let from: unknown;
  for (let page = 0; page < mostPages; page++) {
    const query = new URLSearchParams({ ...(connection !== undefined && { connection }), ...(typeof from === 'string' && { from }) });
    const answer = await ask(api, { path: `/accounts${query.size > 0 ? `?${query}` : ''}`, refusal: 'connection_refused' });
    if (!Array.isArray(answer.accounts)) throw invalid('without accounts');
    accounts.push(...answer.accounts.map(readAccount));
    from = answer.next;
    if (typeof from !== 'string' || from === '') break;
  }
  return accounts;
}

/** Disconnects an account. False when the person has no such account. */
export async function deleteAccount(api: AccountsApi, id: string): Promise<boolean> {
  const response = await send(api, { method: 'DELETE', path: `/accounts/${encodeURIComponent(id)}` });
  if (response.ok) return true;
  if (response.status === 404) return false;
  throw await failureOf(response, 'connection_refused');
}

interface Question {
  readonly path: string;
  readonly body?: Json;
  /** The code of a refusal that is about what was asked. */
  readonly refusal: ErrorCode;
}

async function ask(api: AccountsApi, { path, body, refusal }: Question): Promise<Json> {
  const response = await send(api, { method: body === undefined ? 'GET' : 'POST', path, body });
  if (!response.ok) throw await failureOf(response, refusal);
  const answer = await readJson(response);
  if (answer === undefined) throw invalid('with something that is no JSON object');
  return answer;
}

function send(api: AccountsApi, { method, path, body }: { method: string; path: string; body?: Json | undefined }): Promise<Response> {
  return api.fetch(api.url + path, {
    method,
    headers: {
      accept: 'application/json',
      authorization: `Bearer ${api.token.reveal()}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
}

// RFC 9457. The texts come from the provider: they are cut and cleaned before anybody prints them.
async function failureOf(response: Response, refusal: ErrorCode): Promise<SafeconductError> {
  const { title, detail } = (await readJson(response)) ?? {};
  const said = [title, detail].filter((text) => typeof text === 'string').join(': ');
  const reason = said.replace(/[^\x20-\x7e]/g, ' ').slice(0, 200);
  const message = `the accounts API answered ${response.status}${reason === '' ? '' : ` ${reason}`}`;
  return new SafeconductError(codeOf(response, refusal), { message, cause: { status: response.status } });
}

function codeOf(response: Response, refusal: ErrorCode): ErrorCode {
  if (isOutage(response)) return 'vault_unavailable';
  if (response.status === 401) return 'identity_ended';
  return response.status === 403 ? 'connection_refused' : refusal;
}

function readAccount(value: unknown): ConnectedAccount {
  const { id, connection, scopes = [], created_at: created, expires_at: expires } = (value ?? {}) as Json;
  const connectedAt = timeOf(created);
  const expiresAt = timeOf(expires);
  const sound = typeof id === 'string' && typeof connection === 'string' && Array.isArray(scopes) && connectedAt !== undefined;
  if (!sound) throw invalid('with an account that has no id, connection, scopes or created_at');
  return Object.freeze({
    id,
    connection,
    scopes: Object.freeze(scopes.filter((scope) => typeof scope === 'string')),
    connectedAt,
    ...(expiresAt && { expiresAt }),
  });
}

function timeOf(value: unknown): Date | undefined {
  const time = typeof value === 'string' ? new Date(value) : undefined;
  return time === undefined || Number.isNaN(time.getTime()) ? undefined : time;
}

function invalid(what: string): SafeconductError {
  return new SafeconductError('provider_invalid', { message: `the accounts API answered ${what}` });
}
