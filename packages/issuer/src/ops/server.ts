/** Listening, and ending without dropping anybody. */
import { createServer, type Server } from 'node:http';
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
}

/** Listens with `handler`. Throws an error that says what to do when the port is taken. */
export async function listen(handler: Handler, { host, port, alsoLoopback6 }: ListenOptions): Promise<Listening> {
  const servers = [await bind(handler, host, port)];
  try {
    if (alsoLoopback6) servers.push(await bind(handler, '::1', port));
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
  constructor(host: string, port: number) {
    super(
      `port ${port} on ${host} is taken by another program: stop it, or give the issuer another port, ` +
        `for example SAFECONDUCT_ISSUER=http://localhost:${port + 1} (behind a proxy: SAFECONDUCT_PORT=${port + 1})`,
    );
  }
}

function bind(handler: Handler, host: string, port: number): Promise<Server> {
  const server = createServer({ maxHeaderSize: 32_768, requestTimeout: 15_000, headersTimeout: 10_000, keepAliveTimeout: 10_000 });
  server.on('request', (request, response) => void handler(request, response));
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'EADDRINUSE' ? new PortTaken(host, port) : explained(error, host, port)),
    );
    server.listen({ host, port }, () => resolve(server));
  });
}

function explained(error: NodeJS.ErrnoException, host: string, port: number): Error {
  if (error.code === 'EACCES')
    return new Error(`port ${port} needs more rights than this process has: choose one above 1023 with SAFECONDUCT_PORT`);
  return new Error(`the issuer cannot listen on ${host}:${port} (${error.code}): check SAFECONDUCT_HOST`, { cause: error });
}

async function end(servers: readonly Server[], drain: number): Promise<void> {
  // A connection that was busy when the server stopped listening is idle later, and must not hold it open.
  const idle = setInterval(() => closeConnections(servers, 'idle'), 50);
  const deadline = setTimeout(() => closeConnections(servers, 'all'), drain);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  clearInterval(idle);
  clearTimeout(deadline);
}

function closeConnections(servers: readonly Server[], which: 'idle' | 'all'): void {
  for (const server of servers) which === 'idle' ? server.closeIdleConnections() : server.closeAllConnections();
}
