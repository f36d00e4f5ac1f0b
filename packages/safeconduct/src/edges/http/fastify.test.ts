import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import Fastify from 'fastify';
import type { Guard } from '../../steps/protect/protect.ts';
import { describeAdapter, type GuardedRoutes, metadata, serve, world } from './adapter.fixtures.test.ts';
import { findIdentity, identityOf } from './admission.ts';
import { fastify } from './fastify.ts';

describeAdapter('fastify', async (guard, routes) => {
  const api = contract(guard, routes);
  await api.ready();
  return api.server;
});

function contract(guard: Guard, routes: GuardedRoutes) {
  const api = Fastify();
  api.get('/me', { onRequest: fastify(guard, routes.me) }, (request) => Promise.resolve(identityOf(request).subject));
  api.get('/support', { preHandler: fastify(guard, routes.support) }, () => assert.fail('reached'));
  api.register(async (plugin) => {
    plugin.addHook('onRequest', fastify(guard, routes.optional));
    plugin.get('/optional', async (request) => findIdentity(request.raw)?.subject ?? 'nobody');
  });
  api.get('/headers', { onRequest: fastify(guard, routes.headers) }, async (request) => request.headers);
  api.get('/boom', { onRequest: fastify(guard, routes.boom) }, () => {
    throw new Error('mine');
  });
  api.get('/formatted', { onRequest: fastify(guard, routes.formatted) }, () => assert.fail('reached'));
  api.get('/open', async (request) => identityOf(request).subject);
  api.setErrorHandler((error: Error & { code?: string }, _request, reply) => reply.code(500).send(error.code ?? error.message));
  return api;
}

describe('fastify', () => {
  it('gives the caller to a handler that it wraps, typed', async () => {
    const api = Fastify();
    api.get(
      '/orders/:number',
      fastify(world.guard, (identity, request: Fastify.FastifyRequest<{ Params: { number: string } }>) => {
        const subject: string = identity.subject;
        return [subject, request.params.number];
      }),
    );
    fastify(
      world.guard,
      // @ts-expect-error a handler behind an optional guard may have no caller
      (identity) => identity.subject,
      { optional: true },
    );
    const authorization = `Bearer ${world.token}`;
    assert.deepEqual((await api.inject({ url: '/orders/7', headers: { authorization } })).json(), ['ada', '7']);
    assert.equal((await api.inject('/orders/7')).statusCode, 401);
  });

  it('guards a plugin and what is below it, and nothing beside it', async () => {
    const api = Fastify();
    api.register(
      async (plugin) => {
        plugin.addHook('onRequest', fastify(world.guard));
        plugin.setNotFoundHandler((_request, reply) => reply.code(404).send('none here'));
        plugin.register(async (below) => void below.get('/deep', async (request) => identityOf(request).subject), { prefix: '/below' });
      },
      { prefix: '/api' },
    );
    api.get('/beside', async () => 'open');
    assert.equal((await api.inject('/api/below/deep')).statusCode, 401);
    assert.equal((await api.inject('/beside')).body, 'open');
    assert.equal((await api.inject('/api/elsewhere')).statusCode, 401);
    const authorization = `Bearer ${world.token}`;
    assert.equal((await api.inject({ url: '/api/below/deep', headers: { authorization } })).body, 'ada');
  });

  it('R-099 cannot be gone round by another spelling of the path, however Fastify is told to read paths', async () => {
    const routerOptions = { ignoreTrailingSlash: true, ignoreDuplicateSlashes: true, caseSensitive: false, useSemicolonDelimiter: true };
    for (const options of [{}, { routerOptions }]) {
      const api = Fastify(options);
      api.register(
        async (plugin) => {
          plugin.addHook('onRequest', fastify(world.guard));
          plugin.get('/secret', async () => 'secret');
        },
        { prefix: '/api' },
      );
      const paths = [
        '/api/secret',
        '/API/secret',
        '/api//secret',
        '//api/secret',
        '/%61pi/secret',
        '/api/%73ecret',
        '/api/secret/',
        '/api/secret;x',
      ];
      for (const path of paths) assert.notEqual((await api.inject(path)).statusCode, 200, path);
      assert.equal((await api.inject({ url: '/%61pi/secret', headers: { authorization: `Bearer ${world.token}` } })).body, 'secret');
    }
  });

  it('goes on at once when the token is known', async () => {
    const raw = { headers: { authorization: `Bearer ${world.token}` } };
    await world.guard(raw);
    let called = false;
    fastify(world.guard)({ raw }, {} as never, () => {
      called = true;
    });
    assert.equal(called, true);
  });

  it('answers nothing when something else answered while the guard was asking', async () => {
    const touched = () => assert.fail('touched');
    const reply = { sent: true, code: touched, getHeader: touched, header: touched, send: touched };
    fastify(world.guard)({ raw: { headers: {} } }, reply, touched);
  });

  it('serves its metadata', async () => {
    const api = Fastify();
    api.get(metadata.path, metadata.fetch);
    const answer = await api.inject('/.well-known/oauth-protected-resource/orders');
    assert.deepEqual(answer.json(), metadata.document);
    assert.equal(answer.headers['access-control-allow-origin'], '*');
  });

  it('refuses before the body is read', async () => {
    const api = Fastify();
    api.post('/orders', { onRequest: fastify(world.guard) }, () => assert.fail('reached'));
    const answer = await api.inject({
      method: 'POST',
      url: '/orders',
      headers: { 'content-type': 'application/json' },
      payload: '{not json',
    });
    assert.equal(answer.statusCode, 401);
    await api.ready();
    const app = await serve(api.server);
    assert.equal(await app.raw(['POST /orders HTTP/1.1', 'content-length: 100000']), 401);
    await app.close();
  });
});
