import { timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SafeconductError } from '../../core/identity/errors.ts';
import { type CallbackPage, callbackHeaders, failurePage, renderCallbackPage } from './callback-page.ts';

/** A browser that came back with an answer to this sign-in. It waits until it is told how that went. */
export interface Arrival {
  /** The registered redirect URI with the query the browser brought. */
  readonly url: URL;
  answer(page: CallbackPage): Promise<void>;
}

/** A listener on this machine that waits for a browser to come back. */
export interface Loopback {
  /** The redirect URI of this sign-in: the registered text, with the port that was free. */
  readonly redirectUri: string;
  /**
   * Resolves with the first request that answers the sign-in with this `state`. Anything else gets 400 and the wait
   * goes on. Rejects with the reason of `signal`.
   */
  arrival(state: string, signal: AbortSignal): Promise<Arrival>;
  close(): Promise<void>;
}

interface Address {
  readonly host: string;
  readonly port: number | undefined;
  readonly path: string;
}

const pattern = /^http:\/\/(127\.0\.0\.1|\[::1\]|localhost)(?::(\d{1,5}))?(\/[^?#\s]*)?$/;

/** Takes a registered redirect URI apart. Throws a `TypeError` when it is none of this machine. */
function loopbackAddress(registered: string): Address {
  const match = pattern.exec(registered);
  if (!match?.[1]) {
    throw new TypeError(
      `a command line program needs a loopback redirect URI such as http://127.0.0.1/callback, not ${registered}: register one for this application`,
    );
  }
  return { host: match[1], port: match[2] === undefined ? undefined : Number(match[2]), path: match[3] ?? '' };
}

const interfacesOf = (host: string): readonly string[] => (host === 'localhost' ? ['127.0.0.1', '::1'] : [host.replace(/^\[|\]$/g, '')]);

async function listen(server: Server, port: number, host: string): Promise<number> {
  server.listen({ port, host, exclusive: true });
  await once(server, 'listening');
  return (server.address() as AddressInfo).port; // a TCP server's address is never a text
}

const isCode = (error: unknown, code: string): boolean => error instanceof Error && 'code' in error && error.code === code;

/** Listens on every interface of the address with one port. Only a second interface may be missing. */
async function listenAll(address: Address, handler: (request: IncomingMessage, response: ServerResponse) => void) {
  const servers: Server[] = [];
  let port = address.port ?? 0;
  for (const host of interfacesOf(address.host)) {
    const server = createServer({ requestTimeout: 10_000, headersTimeout: 10_000, keepAlive: false }, handler);
    try {
      port = await listen(server, port, host);
      servers.push(server);
    } catch (error) {
      if (servers.length > 0 && isCode(error, 'EADDRNOTAVAIL')) continue;
      await Promise.all(servers.map(close));
      if (!isCode(error, 'EADDRINUSE')) throw error;
      const message = `Port ${port} of this computer is taken, and the sign-in comes back to it: end the program that uses it, then try again`;
      throw new SafeconductError('callback_unavailable', { message, cause: error });
    }
  }
  return { servers, port };
}

async function close(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}

function respond(response: ServerResponse, page: CallbackPage): Promise<void> {
  response.writeHead(page.status, callbackHeaders);
  return new Promise((resolve) => {
    response.once('close', resolve);
    response.end(renderCallbackPage(page));
  });
}

function sameText(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** True when `query` answers the sign-in with this state: exactly one state, and a code or an error beside it. */
export function answersSignIn(query: URLSearchParams, state: string): boolean {
  const states = query.getAll('state');
  return states.length === 1 && sameText(states[0] ?? '', state) && (query.has('code') || query.has('error'));
}

/** The URL a request asks for, if it is the callback: GET, our own Host, the registered path and nothing beside it. */
function callbackUrl(request: IncomingMessage, redirectUri: string): URL | undefined {
  const registered = new URL(redirectUri);
  if (request.method !== 'GET' || request.headers.host?.toLowerCase() !== registered.host) return undefined;
  const [path, query = ''] = splitOnce(request.url ?? '', '?');
  return path === registered.pathname ? new URL(`${redirectUri}?${query}`) : undefined;
}

function splitOnce(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

/**
 * Opens the listener for a registered redirect URI: on 127.0.0.1, [::1] or (for `localhost`) both, never on another
 * interface; on a free port, or on the registered one where it names one (RFC 8252 sections 7.3 and 8.3).
 */
export async function openLoopback(registered: string): Promise<Loopback> {
  const address = loopbackAddress(registered);
  let waiting: { readonly state: string; readonly resolve: (arrival: Arrival) => void } | undefined;
  const { servers, port } = await listenAll(address, (request, response) => {
    const url = callbackUrl(request, redirectUri);
    if (!url || !waiting || !answersSignIn(url.searchParams, waiting.state)) return void respond(response, failurePage());
    waiting.resolve({ url, answer: (page) => respond(response, page) });
    waiting = undefined;
  });
  const redirectUri = address.port === undefined ? `http://${address.host}:${port}${address.path}` : registered;
  return {
    redirectUri,
    arrival: (state, signal) =>
      new Promise<Arrival>((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason);
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
        waiting = { state, resolve };
      }),
    close: async () => {
      await Promise.all(servers.map(close));
    },
  };
}
