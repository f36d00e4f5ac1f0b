/**
 * Speaks with third parties: sends people there, takes them back, exchanges codes, refreshes and revokes. The protocol is
 * oauth4webapi's over the guarded fetch; what is peculiar about a vendor is data (`presets.ts`).
 */
import { timingSafeEqual } from 'node:crypto';
import * as oauth from 'oauth4webapi';
import type { Connection } from './connection.ts';
import { OutboundFailed, type OutboundFetch, type OutboundInit } from './outbound-fetch.ts';
import { type Upstream, UpstreamFailed, UpstreamRefused, type UpstreamRequest, type UpstreamTokens } from './third-party.ts';
import { accountOfIdToken, accountOfProfile } from './upstream-account.ts';
import { isAboutAnother, verifiedIdToken } from './upstream-id-token.ts';
import { createMetadata, endpointOf, isRecord, type Metadata } from './upstream-metadata.ts';
import { authorizationUrl, scopesAsked } from './upstream-parameters.ts';
import { revokeTokens } from './upstream-revocation.ts';
import { printable, readTokenAnswer, type TokenAnswer, tokensOf } from './upstream-tokens.ts';

export interface UpstreamOptions {
  readonly fetch: OutboundFetch;
  /** Milliseconds since 1970. */
  readonly clock?: (() => number) | undefined;
}

interface Desk {
  readonly fetch: OutboundFetch;
  readonly clock: () => number;
  readonly metadataOf: (connection: Connection) => Promise<Metadata>;
  /** By `jwks_uri`: what the library remembers, and the last document that came. */
  readonly keys: Map<string, RememberedKeys>;
}

interface RememberedKeys {
  readonly cache: oauth.JWKSCacheInput;
  document?: string;
}

/** A code that is exchanged late is lost, and a claim on a refresh token lasts 8 seconds. */
const OVERALL_MS = 5_000;
const MAX_KEYS = 512 * 1024;

export function createUpstream({ fetch, clock = Date.now }: UpstreamOptions): Upstream {
  const desk: Desk = { fetch, clock, metadataOf: createMetadata({ fetch, clock }), keys: new Map() };
  return Object.freeze({
    begin: async (connection: Connection, request: UpstreamRequest) =>
      authorizationUrl(connection, endpointOf(await desk.metadataOf(connection), 'authorization_endpoint'), request),
    finish: (connection: Connection, callback: URL, request: UpstreamRequest) =>
      told(() => finish(desk, { connection, callback, request })),
    refresh: (connection: Connection, refreshToken: string, expected?: { readonly account: string }) =>
      told(() => refresh(desk, { connection, refreshToken, account: expected?.account })),
    revoke: (connection: Connection, tokens: Pick<UpstreamTokens, 'accessToken' | 'refreshToken'>) =>
      told(async () => {
        const metadata = await desk.metadataOf(connection);
        return revokeTokens({ connection, metadata, tokens, fetch: within(desk, deadline()), clientAuthentication: proofOf(connection) });
      }),
  });
}

interface Finishing {
  readonly connection: Connection;
  readonly callback: URL;
  readonly request: UpstreamRequest;
}

async function finish(desk: Desk, { connection, callback, request }: Finishing): ReturnType<Upstream['finish']> {
  const signal = deadline();
  const metadata = await desk.metadataOf(connection);
  const parameters = checkedAnswer(callback.searchParams, { connection, metadata, state: request.state });
  const options = grantOptions(desk, signal);
  const { redirectUri, codeVerifier } = request;
  const response = await oauth.authorizationCodeGrantRequest(
    metadata,
    clientOf(desk, connection),
    proofOf(connection),
    parameters,
    redirectUri,
    codeVerifier,
    options,
  );
  const answer = await readTokenAnswer(response, connection);
  const tokens = tokensOf(answer, connection, { asked: scopesAsked(connection, request), now: desk.clock() });
  const source = { connection, metadata, fetch: within(desk, signal), accessToken: answer.accessToken, signal };
  if (connection.issuer === undefined) return { tokens, account: await accountOfProfile(source, answer.members) };
  const claims = await idTokenOf(desk, { answer, metadata, connection, nonce: request.nonce });
  return { tokens, account: await accountOfIdToken(source, claims) };
}

interface Answered {
  readonly connection: Connection;
  readonly metadata: Metadata;
  readonly state: string;
}

/** State, then issuer, then error, then the code. Nothing is sent before all of them were looked at: RFC 9207, RFC 9700 section 4.4. */
function checkedAnswer(given: URLSearchParams, { connection, metadata, state }: Answered): URLSearchParams {
  for (const name of ['state', 'iss', 'code', 'error'])
    if (given.getAll(name).length > 1) throw foreign(`the answer of ${connection.id} has ${name} more than once`);
  if (!sameText(given.get('state') ?? '', state)) throw foreign(`the answer of ${connection.id} belongs to another request`);
  checkResponseIssuer(given.get('iss'), connection, metadata);
  const error = given.get('error');
  if (error !== null) throw denied(connection, error, given.get('error_description') ?? '');
  if (!given.get('code')) throw foreign(`the answer of ${connection.id} has no code`);
  // What was looked at here is enough for the library's own looking.
  const parameters = new URLSearchParams({ code: given.get('code') ?? '', state });
  return oauth.validateAuthResponse({ issuer: metadata.issuer }, { client_id: connection.clientId }, parameters, state);
}

// Without an issuer that we know there is nothing to compare: each connection has a redirect URI of its own against mix-ups.
function checkResponseIssuer(iss: string | null, connection: Connection, metadata: Metadata): void {
  if (connection.issuer === undefined) return;
  if (iss === null && metadata.authorization_response_iss_parameter_supported !== true) return;
  const [head = '', tail] = metadata.issuer.split('{tenantid}');
  const right = tail === undefined ? iss === metadata.issuer : /^[0-9a-f-]{36}$/.test(middle(iss ?? '', head, tail));
  if (!right) throw foreign(`the answer of ${connection.id} comes from another issuer, or from one that does not say who it is`);
}

const middle = (text: string, head: string, tail: string): string =>
  text.startsWith(head) && text.endsWith(tail) ? text.slice(head.length, text.length - tail.length) : '';

// Both come from whoever wrote the address.
function denied({ id }: Connection, error: string, description: string): UpstreamRefused {
  const code = /^[\w.-]{1,100}$/.test(error) ? error : 'access_denied';
  return new UpstreamRefused(code, `${id} answered ${code}${description === '' ? '' : `: ${printable(description)}`}`);
}

interface IdTokenAnswer {
  readonly answer: TokenAnswer;
  readonly metadata: Metadata;
  readonly connection: Connection;
  readonly nonce: string;
}

function idTokenOf(desk: Desk, { answer, metadata, connection, nonce }: IdTokenAnswer): Promise<oauth.IDToken> {
  const { accessToken, idToken } = answer;
  if (idToken === undefined) throw foreign(`the token endpoint of ${connection.id} gave no ID token though openid was asked for`);
  const keys = rememberedKeys(desk, metadata.jwks_uri ?? '');
  return verifiedIdToken(idToken, {
    metadata,
    client: clientOf(desk, connection),
    nonce,
    accessToken,
    keys: { [oauth.jwksCache]: keys.cache, [oauth.customFetch]: keyFetch(desk, keys), [oauth.allowInsecureRequests]: true },
    keysKnown: () => ('jwks' in keys.cache ? keys.cache.jwks.keys : []),
    now: desk.clock(),
  });
}

function rememberedKeys({ keys }: Desk, place: string): RememberedKeys {
  const known = keys.get(place) ?? { cache: {} };
  const [oldest] = keys.keys();
  if (!keys.has(place) && keys.size >= 500 && oldest !== undefined) keys.delete(oldest);
  keys.set(place, known);
  return known;
}

/** Keys that were published go on being used while the third party gives none. */
function keyFetch({ fetch }: Desk, keys: RememberedKeys) {
  return async (url: string, init: OutboundInit): Promise<Response> => {
    const response = await fetch(url, { ...init, maxBytes: MAX_KEYS }).catch((error: unknown) => {
      const reason = error instanceof OutboundFailed ? `: ${error.message}` : '';
      if (keys.document === undefined)
        throw new UpstreamFailed(`the keys of the third party cannot be read${reason}`, { sent: true, cause: error });
      return undefined;
    });
    const text = response?.status === 200 ? await response.text() : '';
    if (isKeySet(text)) keys.document = text;
    if (keys.document === undefined) throw new UpstreamFailed('the third party publishes no keys', { sent: true });
    return new Response(keys.document, { headers: { 'content-type': 'application/json' } });
  };
}

function isKeySet(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) && Array.isArray(value.keys) && value.keys.every(isRecord);
  } catch {
    return false;
  }
}

interface Refreshing {
  readonly connection: Connection;
  readonly refreshToken: string;
  readonly account: string | undefined;
}

async function refresh(desk: Desk, { connection, refreshToken, account }: Refreshing): Promise<UpstreamTokens> {
  const signal = deadline();
  const metadata = await desk.metadataOf(connection);
  const proof = proofOf(connection);
  const response = await oauth.refreshTokenGrantRequest(
    metadata,
    clientOf(desk, connection),
    proof,
    refreshToken,
    grantOptions(desk, signal),
  );
  const answer = await readTokenAnswer(response, connection);
  const other =
    account !== undefined && connection.issuer !== undefined && answer.idToken !== undefined && isAboutAnother(answer.idToken, account);
  if (other) throw foreign(`${connection.id} refreshed a token of somebody else`);
  return tokensOf(answer, connection, { asked: connection.scopes, now: desk.clock() });
}

// Which addresses may be reached is the guarded fetch's part, http in development included.
function grantOptions(desk: Desk, signal: AbortSignal) {
  return {
    headers: { accept: 'application/json' },
    [oauth.customFetch]: within(desk, signal),
    [oauth.allowInsecureRequests]: true,
  };
}

const deadline = (): AbortSignal => AbortSignal.timeout(OVERALL_MS);

function within({ fetch }: Desk, signal: AbortSignal): OutboundFetch {
  const bounded = (url: string | URL, init: OutboundInit = {}) => fetch(url, { ...init, signal, timeout: OVERALL_MS });
  return Object.assign(bounded, { close: fetch.close });
}

function clientOf({ clock }: Desk, { clientId }: Connection): oauth.Client {
  return { client_id: clientId, [oauth.clockSkew]: (clock() - Date.now()) / 1000, [oauth.clockTolerance]: 30 };
}

function proofOf({ id, clientId, authMethod, clientSecret }: Connection): oauth.ClientAuth {
  if (authMethod === 'none') return oauth.None();
  if (clientSecret === undefined) throw new UpstreamFailed(`the connection ${id} has no client secret: set one`, { sent: false });
  if (authMethod === 'client_secret_post') return oauth.ClientSecretPost(clientSecret.reveal());
  // As a form encodes: the library also encodes `-` and `.`, which servers that forget to decode do not understand.
  const pair = [clientId, clientSecret.reveal()].map((text) => new URLSearchParams({ '': text }).toString().slice(1)).join(':');
  return (_metadata, _client, _body, headers) => headers.set('authorization', `Basic ${Buffer.from(pair).toString('base64')}`);
}

function sameText(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}

const foreign = (message: string) => new UpstreamFailed(message, { sent: true, reason: 'untrusted' });

/** One kind of error for callers, and no answer of a third party hanging on to it. */
async function told<Value>(work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof UpstreamFailed || error instanceof UpstreamRefused) throw error;
    if (error instanceof OutboundFailed) throw new UpstreamFailed(error.message, { sent: error.sent, cause: error });
    throw error;
  }
}
