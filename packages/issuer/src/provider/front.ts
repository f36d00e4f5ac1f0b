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
  const target = `${path}?${new URLSearchParams(await boundedText(request))}`;
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
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    size += (chunk as Buffer).length;
    if (size > MAX_BODY) throw new BodyTooLarge();
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString();
}

interface ChangedRequest {
  readonly url: string;
  readonly contentType?: string | undefined;
  readonly body?: string | undefined;
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
