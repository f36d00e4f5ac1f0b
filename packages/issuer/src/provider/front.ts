/** What stands before the engine: our origin whatever the request says, our endpoints, and the dialect's translation. */
import { IncomingMessage } from 'node:http';
import type { Dialect } from '../dialects/dialect.ts';
import { MAX_BODY, MAX_URL } from './limits.ts';
import { INTROSPECTION, REVOCATION } from './own-endpoints.ts';

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
 * Where a browser that posted an authorization or sign-out request goes on by GET; undefined for any other request. The
 * session cookie is SameSite=Lax: it comes with the GET and not with a POST from another site.
 */
export async function continuedByGet(request: IncomingMessage, { routes }: Dialect): Promise<string | undefined> {
  const [path = ''] = (request.url ?? '').split('?', 1);
  if (request.method !== 'POST' || (path !== routes.authorization && path !== routes.endSession)) return undefined;
  if (!/^application\/x-www-form-urlencoded\b/i.test(request.headers['content-type'] ?? '')) return path;
  const form = new URLSearchParams(await boundedText(request));
  // It has no place in a body like this, and less in an address.
  form.delete('client_secret');
  const target = `${path}?${form}`;
  if (target.length > MAX_URL) throw new BodyTooLarge();
  return target;
}

/** Gives the request as the engine is to see it: the same one where nothing has to change. */
export async function translate(request: IncomingMessage, dialect: Dialect): Promise<IncomingMessage> {
  const [path = '', query = ''] = (request.url ?? '').split('?', 2);
  const grantType = ownGrantType(dialect, path);
  if (grantType === undefined && dialect.request === undefined) return request;
  if (request.method === 'OPTIONS') return grantType ? changed(request, { url: dialect.routes.token }) : request;
  const body = request.method === 'POST' ? await boundedText(request) : undefined;
  const contentType = request.headers['content-type'];
  const said = dialect.request?.({ method: request.method ?? '', path, query, contentType, body }) ?? {};
  return changed(request, {
    url: grantType && request.method === 'POST' ? dialect.routes.token : [path, said.query ?? query].filter(Boolean).join('?'),
    contentType: said.contentType ?? contentType,
    body: withGrantType(said.body ?? body, grantType),
  });
}

function ownGrantType({ routes }: Dialect, path: string): string | undefined {
  if (path === routes.introspection) return INTROSPECTION;
  return path === routes.revocation ? REVOCATION : undefined;
}

function withGrantType(body: string | undefined, grantType: string | undefined): string | undefined {
  if (body === undefined || grantType === undefined) return body;
  const form = new URLSearchParams(body);
  form.set('grant_type', grantType);
  return form.toString();
}

async function boundedText(request: IncomingMessage): Promise<string> {
  return (await boundedBytes(request)).toString();
}

/** A token request with its whole body, and the same request for somebody else to read. */
export interface TokenRequest {
  readonly body: Buffer;
  /** Gives the request as it came; with `more` appended to its form. */
  again(more?: string): IncomingMessage;
}

/** Reads a form that is posted to the token endpoint; undefined for any other request, which stays unread. */
export async function tokenRequest(request: IncomingMessage, { routes }: Dialect): Promise<TokenRequest | undefined> {
  const { url = '', headers } = request;
  if (request.method !== 'POST' || url !== routes.token || !/^application\/x-www-form-urlencoded\b/i.test(headers['content-type'] ?? ''))
    return undefined;
  const body = await boundedBytes(request);
  return { body, again: (more = '') => changed(request, { url, body: more ? Buffer.concat([body, Buffer.from(more)]) : body }) };
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

interface ChangedRequest {
  readonly url: string;
  readonly contentType?: string | undefined;
  readonly body?: string | Buffer | undefined;
}

/** A request like this one with another target or body. */
function changed(request: IncomingMessage, { url, contentType, body }: ChangedRequest): IncomingMessage {
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
  // Else the end of the copy would count as an aborted request and close the connection.
  copy.complete = true;
  return copy;
}
