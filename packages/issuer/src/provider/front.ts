/** What stands before the engine: our origin whatever the request says, our endpoints, and the dialect's translation. */
import { IncomingMessage } from 'node:http';
import type { Place, Routes } from '../dialects/facts.ts';
import { MAX_BODY, MAX_URL } from './limits.ts';
import { INTROSPECTION, REVOCATION } from './own-endpoints.ts';
import { rememberWire, wireOf } from './wire.ts';

/**
 * Replaces what a request says about its origin by what is configured: the engine builds its URLs of it. `clientAddress` is
 * the caller as the server knows it, behind trusted proxies only; what the request itself claims is dropped.
 */
export function pinOrigin(request: IncomingMessage, origin: URL, clientAddress: string | undefined = request.socket.remoteAddress): void {
  request.headers.host = origin.host;
  request.headers['x-forwarded-proto'] = origin.protocol.slice(0, -1);
  delete request.headers['x-forwarded-host'];
  if (clientAddress === undefined) delete request.headers['x-forwarded-for'];
  else request.headers['x-forwarded-for'] = clientAddress;
}

/** A body was longer than `MAX_BODY`, or than a URL may be where it becomes one. Answer 413. */
export class BodyTooLarge extends Error {
  override readonly name = 'BodyTooLarge';
  readonly status = 413;
  constructor() {
    super('the request is too large');
  }
}

/**
 * Where a browser that posted an authorization or sign-out request goes on by GET; any other request as it came. The
 * session cookie is SameSite=Lax: it comes with the GET and not with a POST from another site.
 */
export async function continuedByGet(request: IncomingMessage, place: Place): Promise<string | IncomingMessage> {
  const [path = ''] = (request.url ?? '').split('?', 1);
  if (request.method !== 'POST' || !begins(place, path)) return request;
  if (!/^application\/x-www-form-urlencoded\b/i.test(request.headers['content-type'] ?? '')) return path;
  const { form, copy } = await readForm(request);
  // A token is no hint who signs out: what is meant by it, the dialect says. It has no place in an address.
  if (form.has('refresh_token')) return copy;
  form.delete('client_secret');
  const target = `${path}?${form}`;
  if (target.length > MAX_URL) throw new BodyTooLarge();
  return target;
}

function begins(place: Place, path: string): boolean {
  const { routes, aliases = {} } = place;
  const route = path === routes.authorization ? 'authorization' : path === routes.endSession ? 'endSession' : aliases[path];
  return route === 'authorization' || route === 'endSession';
}

/** Gives the request as the engine is to see it, in a dialect that speaks as the engine does: the same one where nothing has to change. */
export async function translate(request: IncomingMessage, { routes }: Place): Promise<IncomingMessage> {
  const [path = '', query = ''] = (request.url ?? '').split('?', 2);
  const grantType = ownGrantType(routes, path);
  if (grantType === undefined) return request;
  if (request.method === 'OPTIONS') return changed(request, { url: routes.token });
  const body = request.method === 'POST' ? await boundedText(request) : undefined;
  return changed(request, {
    url: request.method === 'POST' ? routes.token : [path, query].filter(Boolean).join('?'),
    contentType: request.headers['content-type'],
    body: withGrantType(body, grantType),
  });
}

const DISCOVERY = '/.well-known/openid-configuration';

export function engineTarget({ routes }: Place, route: keyof Routes, query: string): string {
  const path = route === 'discovery' ? DISCOVERY : ownGrantType(routes, String(routes[route])) ? routes.token : String(routes[route]);
  return query === '' ? path : `${path}?${query}`;
}

export interface Spoken {
  readonly place: Place;
  readonly route: keyof Routes;
  readonly parameters: URLSearchParams;
  readonly posted: boolean;
}

/** The request with other parameters, as the engine reads them. */
export function asTheEngineReads(request: IncomingMessage, { place, route, parameters, posted }: Spoken): IncomingMessage {
  if (!posted) return changed(request, { url: engineTarget(place, route, parameters.toString()) });
  const body = withGrantType(parameters.toString(), ownGrantType(place.routes, String(place.routes[route])));
  return changed(request, { url: engineTarget(place, route, ''), contentType: 'application/x-www-form-urlencoded', body });
}

function ownGrantType({ introspection, revocation }: Routes, path: string): string | undefined {
  if (path === introspection) return INTROSPECTION;
  return path === revocation ? REVOCATION : undefined;
}

function withGrantType(body: string | undefined, grantType: string | undefined): string | undefined {
  if (body === undefined || grantType === undefined) return body;
  const form = new URLSearchParams(body);
  form.set('grant_type', grantType);
  return form.toString();
}

export async function boundedText(request: IncomingMessage): Promise<string> {
  return (await boundedBytes(request)).toString();
}

/** A token request with its whole body, and the same request for somebody else to read. */
export interface TokenRequest {
  readonly body: Buffer;
  /** Gives the request as it came; with `more` appended to its form. */
  again(more?: string): IncomingMessage;
}

/** Reads a form that is posted to the token endpoint; undefined for any other request, which stays unread. */
export async function tokenRequest(request: IncomingMessage, { routes }: Place): Promise<TokenRequest | undefined> {
  const { url = '', headers } = request;
  if (request.method !== 'POST' || url !== routes.token || !/^application\/x-www-form-urlencoded\b/i.test(headers['content-type'] ?? ''))
    return undefined;
  const body = await boundedBytes(request);
  return { body, again: (more = '') => changed(request, { url, body: more ? Buffer.concat([body, Buffer.from(more)]) : body }) };
}

/** Reads a form, and gives the same request for somebody else to read. */
export async function readForm(request: IncomingMessage): Promise<{ readonly form: URLSearchParams; readonly copy: IncomingMessage }> {
  const body = await boundedBytes(request);
  return { form: new URLSearchParams(body.toString()), copy: changed(request, { url: request.url ?? '', body }) };
}

/** By events: an iterator over a request costs more than the rest of a short answer. */
function boundedBytes(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const take = (chunk: Buffer) => {
      size += chunk.length;
      chunks.push(chunk);
      if (size <= MAX_BODY) return;
      request.off('data', take).pause();
      reject(new BodyTooLarge());
    };
    request.on('data', take);
    request.once('end', () => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
    // The one event that always comes. An error is costly to make: only for a request that was cut off before its end.
    request.once('close', () => request.readableEnded || reject(new Error('the request was cut off')));
  });
}

export interface ChangedRequest {
  readonly url: string;
  readonly contentType?: string | undefined;
  readonly body?: string | Buffer | undefined;
}

/** A request like this one with another target or body. */
export function changed(request: IncomingMessage, { url, contentType, body }: ChangedRequest): IncomingMessage {
  const copy = new IncomingMessage(request.socket);
  const { method, httpVersion, httpVersionMajor, httpVersionMinor, rawHeaders } = request;
  Object.assign(copy, { method, httpVersion, httpVersionMajor, httpVersionMinor, rawHeaders, url });
  const { 'transfer-encoding': _chunked, 'content-length': _length, ...headers } = request.headers;
  Object.assign(copy.headers, headers, contentType !== undefined && { 'content-type': contentType });
  if (body !== undefined) {
    copy.headers['content-length'] = String(Buffer.byteLength(body));
    copy.push(body);
  }
  copy.push(null);
  rememberWire(copy, wireOf(request));
  // Else the end of the copy would count as an aborted request and close the connection.
  copy.complete = true;
  return copy;
}
