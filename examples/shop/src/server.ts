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
  const serve = () => createAdaptorServer({ fetch, overrideGlobalObjects: false, serverOptions: { requestTimeout: 30_000 } }) as Server;
  const servers = [await bound(serve(), host, port)];
  if (new URL(url).hostname === 'localhost' && host === '127.0.0.1') {
    // Where the machine has no IPv6, or somebody else holds that address, 127.0.0.1 has to do.
    const second = await bound(serve(), '::1', port).catch(() => undefined);
    if (second !== undefined) servers.push(second);
  }
  return { close: (drain) => Promise.all(servers.map((server) => closed(server, drain))).then(() => undefined) };
}

function bound(server: Server, host: string, port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(error.code === 'EADDRINUSE' || error.code === 'EACCES' ? taken(error.code, host, port) : error);
    });
    server.listen(port, host, () => resolve(server));
  });
}

function taken(code: string, host: string, port: number): PortTaken {
  const what = code === 'EACCES' ? 'may not be used by this account' : 'is in use by another program';
  return new PortTaken(
    `the shop cannot start: port ${port} on ${host} ${what}. Stop that program, or choose another port: PORT=${port + 1} npm start`,
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
