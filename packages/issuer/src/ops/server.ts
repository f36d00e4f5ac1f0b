/** Listening, and ending without dropping anybody. */
import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Handler } from './front.ts';

export interface Listening {
  /** Stops accepting, lets running requests finish for at most `drain` milliseconds, then ends the rest. */
  close(drain: number): Promise<void>;
}

export interface ListenOptions {
  readonly host: string;
  readonly port: number;
  /** Listens on [::1] as well, because browsers may take `localhost` to be either. */
  readonly alsoLoopback6: boolean;
  /** Key and certificate, as PEM: listens with https (TLS 1.2 or newer) instead of http. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Which origin it is, where it is not the issuer's own address. */
  readonly origin?: string | undefined;
}

/** A server and what is connected to it, so that it can be ended. */
interface Bound {
  readonly server: Server | TlsServer;
  readonly sockets: ReadonlySet<Socket>;
}

/** Listens with `handler`. Throws an error that says what to do when the port is taken. */
export async function listen(handler: Handler, options: ListenOptions): Promise<Listening> {
  const servers = [await bind(handler, options)];
  try {
    if (options.alsoLoopback6) servers.push(await bind(handler, { ...options, host: '::1' }));
  } catch (error) {
    // A machine without IPv6 is no problem; somebody else on the port is one.
    if (error instanceof PortTaken) {
      await end(servers, 0);
      throw error;
    }
  }
  return { close: (drain) => end(servers, drain) };
}

/** Another program listens on the port. */
export class PortTaken extends Error {
  override readonly name = 'PortTaken';
  constructor({ host, port, origin }: Pick<ListenOptions, 'host' | 'port' | 'origin'>) {
    // Two distances, so that who follows both pieces of advice does not want one port twice.
    const advice =
      origin === undefined
        ? `give the issuer another port, for example SAFECONDUCT_ISSUER=http://localhost:${beyond(port, 200)} (behind a proxy: SAFECONDUCT_PORT=${beyond(port, 200)})`
        : `give the origin ${origin} another port: add \`--port ${beyond(port, 100)}\` to the command (it is the first --dialect's), or declare it with another url or port`;
    super(`port ${port} on ${host} is taken by another program: stop it, or ${advice}`);
  }
}

const beyond = (port: number, by: number): number => (port + by > 65_535 ? port - by : port + by);

const limits = { maxHeaderSize: 32_768, requestTimeout: 15_000, headersTimeout: 10_000, keepAliveTimeout: 10_000 };

function bind(handler: Handler, { host, port, tls, origin }: ListenOptions): Promise<Bound> {
  const server = tls ? createTlsServer({ ...limits, ...tls, minVersion: 'TLSv1.2', handshakeTimeout: 10_000 }) : createServer(limits);
  server.on('request', (request, response) => void handler(request, response));
  const bound = { server, sockets: connected(server) };
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'EADDRINUSE' ? new PortTaken({ host, port, origin }) : explained(error, host, port)),
    );
    server.listen({ host, port }, () => resolve(bound));
  });
}

/** What is connected now, before its first request or handshake as well: of such connections the server itself knows nothing. */
function connected(server: Server | TlsServer): ReadonlySet<Socket> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return sockets;
}

function explained(error: NodeJS.ErrnoException, host: string, port: number): Error {
  if (error.code === 'EACCES')
    return new Error(`port ${port} needs more rights than this process has: choose one above 1023 with SAFECONDUCT_PORT`);
  return new Error(`the issuer cannot listen on ${host}:${port} (${error.code}): check SAFECONDUCT_HOST`, { cause: error });
}

async function end(bound: readonly Bound[], drain: number): Promise<void> {
  // A connection that was busy when the server stopped listening is idle later, and must not hold it open.
  const idle = setInterval(() => bound.forEach(({ server }) => void server.closeIdleConnections()), 50);
  const deadline = setTimeout(() => bound.forEach(drop), drain);
  await Promise.all(bound.map(({ server }) => new Promise((resolve) => server.close(resolve))));
  clearInterval(idle);
  clearTimeout(deadline);
}

function drop({ server, sockets }: Bound): void {
  server.closeAllConnections();
  for (const socket of sockets) socket.destroy();
}
