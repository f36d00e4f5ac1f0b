/** Finds ports that nobody listens on. */
import { randomInt } from 'node:crypto';
import { createServer, type Server } from 'node:net';

/** Below those that the system gives to connections by itself, and may give away before they are used here. */
const [FIRST, LAST] = [31_000, 32_767];

/** Holds all of them open until each is known, so that none is given twice. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, listening));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

async function listening(): Promise<Server> {
  for (let tried = 0; tried < 100; tried++) {
    const server = await at(randomInt(FIRST, LAST + 1));
    if (server) return server;
  }
  throw new Error(`no free port from ${FIRST} to ${LAST}: stop some of the programs that listen there`);
}

/** Undefined: another program listens there. */
function at(port: number): Promise<Server | undefined> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => (error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error)));
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}
