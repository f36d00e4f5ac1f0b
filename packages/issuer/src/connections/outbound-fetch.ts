/**
 * Asks other servers: third parties, and applications that are told of a sign-out. Guarded against being led elsewhere (SSRF):
 * https only, checked addresses only (`outbound-agent.ts`), no redirect followed, no encoding undone, little time, small answers.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import { createOutboundAgent, type OutboundAgent, type OutboundOptions, OutboundRefused } from './outbound-agent.ts';

/** What may be said about a request: the part of `RequestInit` that is understood, and its bounds. */
export interface OutboundInit {
  readonly method?: string | undefined;
  readonly headers?: RequestInit['headers'] | undefined;
  /** A form or a text. Anything else is a TypeError. */
  readonly body?: unknown;
  readonly signal?: AbortSignal | null | undefined;
  /** Milliseconds until the whole answer is there. Default 2,500. */
  readonly timeout?: number | undefined;
  /** Of the answer's body. Default 65,536. */
  readonly maxBytes?: number | undefined;
}

/** Like `fetch`. Rejects with an `OutboundFailed` when there is no whole answer, and when the answer is a redirect. */
export interface OutboundFetch {
  (url: string | URL, init?: OutboundInit): Promise<Response>;
  /** Ends what is under way. */
  close(): Promise<void>;
}

/** No answer that can be used. The message names origin and path, never a query, a header or a body. */
export class OutboundFailed extends Error {
  override readonly name = 'OutboundFailed';
  /** Whether the request may have reached the other side. */
  readonly sent: boolean;
  constructor(message: string, { sent, ...options }: { readonly sent: boolean } & ErrorOptions) {
    super(message, options);
    this.sent = sent;
  }
}

const TIMEOUT_MS = 2_500;
const MAX_BYTES = 65_536;

export function createOutboundFetch(options: Omit<OutboundOptions, 'keepAlive'>): OutboundFetch {
  // A refresh token whose fate is unknown costs a person the account: a connection more costs nothing beside it.
  const outbound = createOutboundAgent({ ...options, keepAlive: false });
  const fetch = (url: string | URL, init: OutboundInit = {}) => ask(outbound, url, init);
  return Object.freeze(Object.assign(fetch, { close: outbound.close }));
}

async function ask(outbound: OutboundAgent, given: string | URL, init: OutboundInit): Promise<Response> {
  const url = checked(outbound, given);
  const signal = AbortSignal.any([AbortSignal.timeout(init.timeout ?? TIMEOUT_MS), ...(init.signal ? [init.signal] : [])]);
  const exchange = new Exchange(url, init.maxBytes ?? MAX_BYTES);
  const abort = () => exchange.fail('did not answer in time', signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  try {
    outbound.agent.dispatch(dispatchOptions(url, init), exchange);
    return await exchange.answer;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

function checked(outbound: OutboundAgent, url: string | URL): URL {
  try {
    return outbound.check(url);
  } catch (cause) {
    throw new OutboundFailed(cause instanceof OutboundRefused ? cause.message : 'the address cannot be read', { sent: false, cause });
  }
}

function dispatchOptions(url: URL, init: OutboundInit): Dispatcher.DispatchOptions {
  const { text, type } = bodyOf(init.body);
  const headers = new Headers(init.headers);
  if (type !== undefined && !headers.has('content-type')) headers.set('content-type', type);
  if (!headers.has('user-agent')) headers.set('user-agent', 'safeconduct');
  // What nobody asked for is not undone: a small answer cannot become a large one.
  headers.set('accept-encoding', 'identity');
  return {
    origin: url.origin,
    path: url.pathname + url.search,
    method: init.method ?? 'GET',
    headers: Object.fromEntries(headers),
    ...(text !== undefined && { body: text }),
  };
}

function bodyOf(body: unknown): { readonly text?: string; readonly type?: string } {
  if (body === undefined || body === null) return {};
  if (body instanceof URLSearchParams) return { text: body.toString(), type: 'application/x-www-form-urlencoded;charset=UTF-8' };
  if (typeof body === 'string') return { text: body, type: 'text/plain;charset=UTF-8' };
  throw new TypeError('the body of an outbound request is a form or a text');
}

/** One request and its answer, as undici tells of them. */
class Exchange implements Dispatcher.DispatchHandler {
  readonly answer: Promise<Response>;
  readonly #settle: { readonly resolve: (response: Response) => void; readonly reject: (error: Error) => void };
  readonly #place: string;
  readonly #maxBytes: number;
  readonly #chunks: Buffer[] = [];
  #controller: Dispatcher.DispatchController | undefined;
  #failure: OutboundFailed | undefined;
  #size = 0;
  #status = 0;
  #headers: IncomingHttpHeaders = {};

  constructor(url: URL, maxBytes: number) {
    const { promise, resolve, reject } = Promise.withResolvers<Response>();
    this.answer = promise;
    this.#settle = { resolve, reject };
    this.#place = url.origin + url.pathname;
    this.#maxBytes = maxBytes;
  }

  /** Ends it. Before it had a connection nothing is sent any more. */
  fail(what: string, cause?: unknown): void {
    this.#failure ??= new OutboundFailed(`${this.#place} ${what}`, { sent: this.#controller !== undefined, cause });
    this.#settle.reject(this.#failure);
    this.#controller?.abort(this.#failure);
  }

  // A connection is there, and the request goes into it next.
  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#failure) {
      controller.abort(this.#failure);
      return;
    }
    this.#controller = controller;
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200) return;
    this.#status = status;
    this.#headers = headers;
    if (status >= 300 && status < 400) this.fail('answered with a redirect, which is not followed');
    else if (!['identity', ''].includes(String(headers['content-encoding'] ?? '').toLowerCase()))
      this.fail('answered in an encoding that nobody asked for');
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#size += chunk.byteLength;
    if (this.#size > this.#maxBytes) this.fail(`answered with more than ${this.#maxBytes} bytes`);
    else this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    this.#settle.resolve(responseOf(this.#status, this.#headers, Buffer.concat(this.#chunks)));
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.fail(error instanceof OutboundRefused ? `is not asked: ${error.message}` : `gave no whole answer${codeOf(error)}`, error);
  }
}

const codeOf = (error: Error): string => ('code' in error && typeof error.code === 'string' ? ` (${error.code})` : '');

function responseOf(status: number, headers: IncomingHttpHeaders, body: Buffer): Response {
  const pairs = Object.entries(headers).flatMap(([name, value]) => [value ?? []].flat().map((one): [string, string] => [name, one]));
  return new Response([204, 205].includes(status) ? null : new Uint8Array(body), { status, headers: pairs });
}
