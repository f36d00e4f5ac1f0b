/** The guarded way on Node: introspection through the guard. Prints its port. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { env } from 'node:process';
import { node } from 'safeconduct/http';
import { protect } from 'safeconduct/protect';
import { generic } from 'safeconduct/providers';

const guard = protect({
  provider: generic({ issuer: env.ISSUER ?? '' }),
  audience: env.AUDIENCE ?? '',
  introspection: { clientId: 'bench-api', clientSecret: env.CLIENT_SECRET ?? '', tokens: 'all' },
});
const text = JSON.stringify({ message: 'Private route' });

const server = createServer(
  node(guard, (_identity, _request: IncomingMessage, response: ServerResponse) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': text.length }).end(text);
  }),
);
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
