/** One server of the guard bench: a framework, and what stands before its one route. Prints its port. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { argv } from 'node:process';
import fastifyJwt from '@fastify/jwt';
import { getRequestListener } from '@hono/node-server';
import express, { type Request, type Response } from 'express';
import { auth } from 'express-oauth2-jwt-bearer';
import fastify, { type FastifyReply, type FastifyRequest } from 'fastify';
import buildGetJwks from 'get-jwks';
import { type Context, Hono } from 'hono';
import { jwk } from 'hono/jwk';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import * as http from 'safeconduct/http';
import { type Guard, protect } from 'safeconduct/protect';
import { generic } from 'safeconduct/providers';

const [variant = '', issuer = '', audience = ''] = argv.slice(2);
const [framework = '', guardName = ''] = variant.split(' + ');
const ours = (): Guard => protect({ provider: generic({ issuer, algorithms: ['RS256'], accessTokenTypes: ['at+jwt', 'jwt'] }), audience });
const message = 'Private route - You need to be authenticated to see this.';
const text = JSON.stringify({ message });

const plain = (_request: IncomingMessage, response: ServerResponse): void => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': text.length }).end(text);
};

function nodeServer(): void {
  const keys = createRemoteJWKSet(new URL(`${issuer}/jwks`));
  const options = { issuer, audience, algorithms: ['RS256'] };
  const handlers: Readonly<Record<string, () => (request: IncomingMessage, response: ServerResponse) => unknown>> = {
    '': () => plain,
    safeconduct: () => http.node(ours(), (_identity, request: IncomingMessage, response: ServerResponse) => plain(request, response)),
    jose: () => (request, response) =>
      jwtVerify((request.headers.authorization ?? '').slice(7), keys, options).then(
        () => plain(request, response),
        () => response.writeHead(401).end(),
      ),
  };
  announce(createServer(chosen(handlers)).listen(0, '127.0.0.1'));
}

function expressServer(): void {
  const app = express();
  const guards: Readonly<Record<string, () => unknown>> = {
    '': () => {},
    safeconduct: () => app.use(http.express(ours())),
    'safeconduct around the handler': () =>
      app.get(
        '/api/private',
        http.express(ours(), (_identity, _request: Request, response: Response) => response.json({ message })),
      ),
    'express-oauth2-jwt-bearer': () => app.use(auth({ issuerBaseURL: issuer, audience })),
  };
  chosen(guards);
  app.get('/api/private', (_request, response) => void response.json({ message }));
  announce(app.listen(0, '127.0.0.1'));
}

async function fastifyServer(): Promise<void> {
  const app = fastify();
  const guards: Readonly<Record<string, () => unknown>> = {
    '': () => {},
    safeconduct: () => app.addHook('onRequest', http.fastify(ours())),
    'safeconduct around the handler': () =>
      app.get(
        '/api/private',
        http.fastify(ours(), (_identity, _request: FastifyRequest, reply: FastifyReply) => reply.send({ message })),
      ),
    '@fastify/jwt + get-jwks': () => {
      const jwks = buildGetJwks({ issuersWhitelist: [`${issuer}/`, issuer], providerDiscovery: false, jwksPath: '/jwks' });
      const secret = (_request: unknown, token: { header: { kid: string; alg: string } }) =>
        jwks.getPublicKey({ kid: token.header.kid, alg: token.header.alg, domain: issuer });
      const verify = { allowedIss: issuer, allowedAud: audience, algorithms: ['RS256' as const] };
      app.register(fastifyJwt, { decode: { complete: true }, secret: secret as never, verify });
      app.addHook('onRequest', (request) => request.jwtVerify());
    },
  };
  chosen(guards);
  if (!variant.endsWith('handler')) app.get('/api/private', (_request, reply) => reply.send({ message }));
  await app.listen({ port: 0, host: '127.0.0.1' });
  announce(app.server);
}

function honoServer(): void {
  const app = new Hono();
  const guards: Readonly<Record<string, () => unknown>> = {
    '': () => {},
    safeconduct: () => app.use(http.hono(ours())),
    'safeconduct around the handler': () =>
      app.get(
        '/api/private',
        http.hono(ours(), (_identity, context: Context) => context.json({ message })),
      ),
    'hono/jwk': () => app.use(jwk({ jwks_uri: `${issuer}/jwks`, alg: ['RS256'], verification: { iss: issuer, aud: audience } })),
  };
  chosen(guards);
  app.get('/api/private', (context) => context.json({ message }));
  announce(createServer(getRequestListener(app.fetch)).listen(0, '127.0.0.1'));
}

function chosen<Result>(guards: Readonly<Record<string, () => Result>>): Result {
  const name = variant.slice(framework.length + 3);
  const guard = guards[name];
  if (guard === undefined) throw new Error(`there is no ${guardName} for ${framework}`);
  return guard();
}

function announce(server: {
  address(): AddressInfo | string | null;
  listening: boolean;
  once(event: 'listening', tell: () => void): unknown;
}): void {
  const tell = (): void => console.log((server.address() as AddressInfo).port);
  if (server.listening) tell();
  else server.once('listening', tell);
}

const servers: Readonly<Record<string, () => void | Promise<void>>> = {
  node: nodeServer,
  Express: expressServer,
  Fastify: fastifyServer,
  Hono: honoServer,
};
process.once('SIGINT', () => process.exit(0));
await servers[framework]?.();
