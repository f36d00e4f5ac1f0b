import type { Server } from 'node:http';
import { createAdaptorServer } from '@hono/node-server';

/** The port is in use. The message names it and the setting. */
export class PortTaken extends Error {
  override readonly name = 'PortTaken';
}

export interface Listening {
  /** Takes no new request, lets those that run come to their end for at most `drain` milliseconds, then cuts the rest. */
  close(drain: number): Promise<void>;
}

export interface ListenOptions {
  readonly fetch: (request: Request) => Response | Promise<Response>;
  readonly host: string;
  readonly port: number;
  /** `localhost` in it means that browsers may try ::1 first: then that is served, too. */
  readonly url: string;
}

/** Serves on loopback, or where the settings say. */
export async function listen({ fetch, host, port, url }: ListenOptions): Promise<Listening> {
  const answer = (request: Request) => fetch(ofThePlatform(request));
  const serve = () =>
    createAdaptorServer({ fetch: answer, overrideGlobalObjects: false, serverOptions: { requestTimeout: 30_000 } }) as Server;
  const servers = [await bound(serve(), { host, port, url })];
  if (new URL(url).hostname === 'localhost' && host === '127.0.0.1') {
    // Where the machine has no IPv6, or somebody else holds that address, 127.0.0.1 has to do.
    const second = await bound(serve(), { host: '::1', port, url }).catch(() => undefined);
    if (second !== undefined) servers.push(second);
  }
  return { close: (drain) => Promise.all(servers.map((server) => closed(server, drain))).then(() => undefined) };
}

// What the adapter gives only looks like a Request. A limit on a body whose length nobody said makes a new one of it, which wants a real one.
function ofThePlatform(request: Request): Request {
  const { url, method, headers, signal, body } = request;
  if (body === null) return request;
  const init = { method, headers, signal, body, duplex: 'half' };
  return new Request(url, init);
}

interface Place {
  readonly host: string;
  readonly port: number;
  readonly url: string;
}

function bound(server: Server, place: Place): Promise<Server> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const reason = reasons[error.code ?? ''];
      reject(reason === undefined ? error : unavailable(reason, place));
    });
    server.listen(place.port, place.host, () => resolve(server));
  });
}

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is in use by another program',
  EACCES: 'may not be used by this account',
  EADDRNOTAVAIL: 'cannot be had: this machine has no such address (SHOP_HOST)',
};

/** Names the settings that move the shop: where its address was given, the port alone would not. */
function unavailable(reason: string, { host, port, url }: Place): PortTaken {
  const next = new URL(url);
  const named = next.port === String(port);
  next.port = String(port + 1);
  const settings = named ? `PORT=${port + 1} SHOP_URL=${next.origin}` : `PORT=${port + 1}`;
  return new PortTaken(
    `the shop cannot start: port ${port} on ${host} ${reason}. Stop that program, or choose another port: ${settings} npm start`,
  );
}

function closed(server: Server, drain: number): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), drain);
    server.close(() => {
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
  });
}
