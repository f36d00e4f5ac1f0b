/** Listening on this machine, and ending. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Handler = (request: IncomingMessage, response: ServerResponse) => unknown;

/** The port cannot be had. The message names it and the setting. */
export class PortTaken extends Error {
  override readonly name = 'PortTaken';
}

export interface Listening {
  readonly port: number;
  close(): Promise<void>;
}

/** Listens on 127.0.0.1; on ::1 as well where its address says `localhost`, which may be either. */
export async function listen(handler: Handler, { port, url }: { port: number; url: string | undefined }): Promise<Listening> {
  const first = await bound(handler, { host: '127.0.0.1', port });
  const servers = [first];
  const { port: given } = first.address() as AddressInfo; // it listens on a port
  if (url !== undefined && new URL(url).hostname === 'localhost') {
    // Where the machine has no IPv6, or somebody else holds that address, 127.0.0.1 has to do.
    const second = await bound(handler, { host: '::1', port: given }).catch(() => undefined);
    if (second !== undefined) servers.push(second);
  }
  return { port: given, close: () => Promise.all(servers.map(closed)).then(() => undefined) };
}

function bound(handler: Handler, { host, port }: { host: string; port: number }): Promise<Server> {
  const server = createServer({ requestTimeout: 15_000 }, (request, response) => void handler(request, response));
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(error.code === 'EADDRINUSE' ? taken(host, port) : error));
    server.listen(port, host, () => resolve(server));
  });
}

function taken(host: string, port: number): PortTaken {
  const setting = `CALENDAR_URL=http://localhost:${port + 1}`;
  return new PortTaken(
    `the calendar cannot start: port ${port} on ${host} is in use by another program. Stop that program, or choose another port: ${setting} npm start`,
  );
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), 1_000);
    server.close(() => {
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
  });
}
