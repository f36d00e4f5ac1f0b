/** A guarded server on node:http, and bytes sent to it as they are. */
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { node } from 'safeconduct/http';
import type { World } from './world.fixtures.test.ts';

export interface GuardedServer {
  /** Sends bytes on a connection of their own and gives everything that came back until the server hung up. */
  send(bytes: string): Promise<string>;
  close(): Promise<void>;
}

/** Starts it. It answers 200 with the subject, the identity headers that reached the handler, and the target. */
export async function startGuardedServer(world: World): Promise<GuardedServer> {
  const server = createServer(
    node(world.guard(), ({ subject }, request, response) => {
      request.resume();
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ subject, names: Object.keys(request.headers), target: request.url }));
    }),
  );
  server.keepAliveTimeout = 200; // a connection that nothing more comes on is hung up soon
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    send: (bytes) => exchange(port, bytes),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function exchange(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' }, () => socket.write(Buffer.from(bytes, 'latin1')));
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(text));
  });
}

/** The statuses of the answers in what came back. */
export const statusesOf = (text: string): number[] => [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
