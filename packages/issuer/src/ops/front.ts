/** What stands before every route: the origin is ours whatever the Host header says, and no input is unbounded. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { BodyTooLarge, pinOrigin } from '../provider/front.ts';
import { MAX_BODY, MAX_URL } from '../provider/limits.ts';
import { PROXY_PATH } from '../proxy/target.ts';
import { StoreUnavailable } from '../store/unavailable.ts';
import type { Log } from './log.ts';

/** Answers a request. */
export type Handler = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

export interface FrontOptions {
  /** `iss`. */
  readonly issuer: string;
  readonly log: Log;
  readonly clientAddress: (request: IncomingMessage) => string;
  /** The pattern of a path for the log, such as `/interaction/:uid`. */
  readonly routeOf: (path: string) => string;
}

/** Puts the checks, the pinned origin, the request id and the access log around a handler. */
export function createFront(handler: Handler, { issuer, log, clientAddress, routeOf }: FrontOptions): Handler {
  const origin = new URL(issuer);
  return async (request, response) => {
    const requestId = randomUUID();
    const started = performance.now();
    // Taken now: a router may rewrite request.url.
    const route = routeOf((request.url ?? '').split('?', 1)[0] ?? '');
    response.setHeader('x-request-id', requestId);
    response.once('close', () => {
      const ms = Math.round(performance.now() - started);
      log.info({ requestId, method: request.method, route, status: response.statusCode, ms }, 'request');
    });
    const refusal = refusalOf(request);
    if (refusal) return refuse(request, response, refusal);
    pinOrigin(request, origin, clientAddress(request));
    delete request.headers.forwarded;
    request.headers['x-request-id'] = requestId;
    try {
      await handler(request, response);
    } catch (error) {
      if (error instanceof BodyTooLarge && !response.headersSent) return refuse(request, response, TOO_LARGE);
      log.error({ requestId, error }, 'a request failed');
      fail(response, error);
    }
  };
}

interface Refusal {
  readonly status: number;
  readonly message: string;
}

function refusalOf(request: IncomingMessage): Refusal | undefined {
  for (const check of [checkMethod, checkLength, checkPath, checkBody]) {
    const refusal = check(request);
    if (refusal) return refusal;
  }
  return undefined;
}

const everywhere = ['GET', 'HEAD', 'POST', 'OPTIONS'];
const withChanges = [...everywhere, 'PUT', 'PATCH', 'DELETE'];
const changing = ['/admin/', '/me/', PROXY_PATH];

function checkMethod(request: IncomingMessage): Refusal | undefined {
  return methodsOf(request).includes(request.method ?? '') ? undefined : { status: 405, message: 'This method is not served here.' };
}

function methodsOf({ url = '' }: IncomingMessage): readonly string[] {
  return changing.some((start) => url.startsWith(start)) ? withChanges : everywhere;
}

function checkLength({ url = '' }: IncomingMessage): Refusal | undefined {
  return url.length > MAX_URL ? { status: 414, message: `The address is longer than ${MAX_URL} characters.` } : undefined;
}

// A path that two programs read differently is how checks are walked around.
function checkPath({ url = '' }: IncomingMessage): Refusal | undefined {
  const path = url.split('?', 1)[0] ?? '';
  const odd = !path.startsWith('/') || /\/\/|\\|#|[^!-~]|%(?:2e|2f|5c|00|25)|\/\.\.?(?:\/|$)/i.test(path);
  return odd ? { status: 400, message: 'This address is not in plain form.' } : undefined;
}

function checkBody({ headers, url = '' }: IncomingMessage): Refusal | undefined {
  // The proxy has a limit of its own.
  if (url.startsWith(PROXY_PATH)) return undefined;
  return Number(headers['content-length'] ?? 0) > MAX_BODY ? TOO_LARGE : undefined;
}

const TOO_LARGE: Refusal = { status: 413, message: `The body is larger than ${MAX_BODY} bytes.` };

function refuse(request: IncomingMessage, response: ServerResponse, { status, message }: Refusal): void {
  // The body was not read: the connection cannot serve another request.
  response.writeHead(status, { ...plainHeaders, connection: 'close', ...(status === 405 && { allow: methodsOf(request).join(', ') }) });
  response.end(`${message}\n`);
  request.resume();
}

/** Answers for a handler that threw. The reason is in the log only. */
function fail(response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const away = error instanceof StoreUnavailable;
  response.writeHead(away ? 503 : 500, { ...plainHeaders, ...(away && { 'retry-after': '2' }) });
  response.end(away ? 'The issuer cannot reach its database. Try again in a moment.\n' : 'Something went wrong here. Try again.\n');
}

export const plainHeaders = Object.freeze({
  'content-type': 'text/plain; charset=utf-8',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
});
