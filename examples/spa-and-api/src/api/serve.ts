import { once } from 'node:events';
import type { Server } from 'node:http';
import { createAdaptorServer } from '@hono/node-server';
import { type Places, portOf, SettingsError } from '../places.ts';
import { type ApiOptions, createApi } from './api.ts';
import { createTrust } from './trust.ts';

export interface RunningApi {
  /** Takes no new request and cuts the connections that idle. */
  close(): Promise<void>;
}

/** Serves the API where the settings say, and tells the terminal why a request was refused. */
export function startApi(places: Places): Promise<RunningApi> {
  const { api, spa } = places;
  return serveApi({ trust: createTrust(places), spa, log: (event) => console.warn(JSON.stringify(event)) }, portOf(api));
}

/** Serves the API on loopback. `localhost` is served on both of its addresses, because browsers try either first. */
export async function serveApi(options: ApiOptions, port: number): Promise<RunningApi> {
  const { fetch } = createApi(options);
  const serve = () => createAdaptorServer({ fetch, overrideGlobalObjects: false }) as Server;
  const servers = [await bound(serve(), { host: '127.0.0.1', port })];
  // Where the machine has no IPv6, 127.0.0.1 has to do.
  const second = await bound(serve(), { host: '::1', port }).catch(() => undefined);
  if (second !== undefined) servers.push(second);
  return { close: () => Promise.all(servers.map(closed)).then(() => undefined) };
}

async function bound(server: Server, { host, port }: { host: string; port: number }): Promise<Server> {
  server.listen(port, host);
  try {
    await once(server, 'listening');
    return server;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') throw new SettingsError(`port ${port} is in use: set API_URL to another address`);
    throw error;
  }
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
