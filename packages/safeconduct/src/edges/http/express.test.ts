import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { describe, it } from 'node:test';
import Express from 'express';
import type { Guard } from '../../steps/protect/protect.ts';
import { describeAdapter, type GuardedRoutes, metadata, serve, world } from './adapter.fixtures.test.ts';
import { findIdentity, identityOf } from './admission.ts';
import { express } from './express.ts';

describeAdapter('express', (guard, routes) => createServer(contract(guard, routes)));

function contract(guard: Guard, routes: GuardedRoutes) {
  const api = Express();
  api.get('/me', express(guard, routes.me), (request, response) => void response.send(identityOf(request).subject));
  api.use('/support', express(guard, routes.support), () => assert.fail('reached'));
  api.use('/formatted', express(guard, routes.formatted), () => assert.fail('reached'));
  const router = Express.Router().use(express(guard, routes.optional));
  router.get('/', (request, response) => void response.send(findIdentity(request)?.subject ?? 'nobody'));
  api.use('/optional', router);
  api.get('/headers', express(guard, routes.headers), (request, response) => void response.json(request.headers));
  const boom = () => {
    throw new Error('mine');
  };
  api.get('/boom', express(guard, routes.boom), boom);
  api.get('/open', (request, response) => void response.send(identityOf(request).subject));
  api.use((error: Error & { code?: string }, _request: Express.Request, response: Express.Response, _next: Express.NextFunction) => {
    response.status(500).send(error.code ?? error.message);
  });
  return api;
}

describe('express', () => {
  it('gives the caller to a handler that it wraps, typed', async () => {
    const api = Express();
    api.get(
      '/orders/:number',
      express(world.guard, (identity, request: Express.Request, response: Express.Response) => {
        const subject: string = identity.subject;
        response.json([subject, request.params.number]);
      }),
    );
    express(
      world.guard,
      // @ts-expect-error a handler behind an optional guard may have no caller
      (identity) => identity.subject,
      { optional: true },
    );
    const app = await serve(createServer(api));
    assert.deepEqual(await (await app.bearing('/orders/7')).json(), ['ada', '7']);
    assert.equal((await app.call('/orders/7')).status, 401);
    await app.close();
  });

  it('calls what follows at once when the token is known', async () => {
    const request = { headers: { authorization: `Bearer ${world.token}` } };
    await world.guard(request);
    let called = false;
    express(world.guard)(request, {} as never, () => {
      called = true;
    });
    assert.equal(called, true);
  });

  it('answers nothing when something else answered while the guard was asking', async () => {
    const touched = () => assert.fail('touched');
    const response = { headersSent: true, statusCode: 0, getHeader: touched, setHeader: touched, end: touched };
    await express(world.guard)({ headers: {} }, response, touched);
    assert.equal(response.statusCode, 0);
  });

  it('R-099 cannot be gone round by another spelling of the path', async () => {
    const secret = (_request: Express.Request, response: Express.Response) => void response.send('secret');
    const whole = Express().use('/api', express(world.guard));
    whole.get('/api/secret', secret);
    const routed = Express().get('/api/secret', express(world.guard), secret);
    const nested = Express().use('/api', Express.Router().use(express(world.guard)).get('/secret', secret));
    const parameter = Express().get('/:section/secret', express(world.guard), secret);
    for (const api of [whole, routed, nested, parameter]) {
      const app = await serve(createServer(api));
      assert.equal(await app.raw(['GET /api/secret HTTP/1.1', `authorization: Bearer ${world.token}`]), 200);
      for (const path of spellings) assert.notEqual(await app.raw([`GET ${path} HTTP/1.1`]), 200, path);
      await app.close();
    }
  });

  it('serves its metadata', async () => {
    const app = await serve(createServer(Express().get(metadata.path, metadata.node)));
    assert.deepEqual(await (await app.call('/.well-known/oauth-protected-resource/orders')).json(), metadata.document);
    await app.close();
  });

  it('lets CORS answer a preflight that stands before the guard, and adds to what CORS exposes', async () => {
    const api = Express();
    api.use((request, response, next) => {
      response.set({ 'access-control-allow-origin': 'https://app.example', 'access-control-expose-headers': 'ETag' });
      if (request.method === 'OPTIONS') response.status(204).end();
      else next();
    });
    api.use(express(world.guard));
    const app = await serve(createServer(api));
    assert.equal((await app.call('/', { method: 'OPTIONS' })).status, 204);
    const refused = await app.call('/');
    assert.equal(refused.headers.get('access-control-expose-headers'), 'ETag, WWW-Authenticate, Retry-After, X-Request-Id');
    await app.close();
  });
});

const spellings = [
  '/api/secret',
  '/api/secret/',
  '/API/SECRET',
  '/Api/secret',
  '//api/secret',
  '/api//secret',
  '/%61pi/secret',
  '/api/%73ecret',
  '/api%2fsecret',
  '/api%2Fsecret',
  '/api/./secret',
  '/x/../api/secret',
  '/api/%2e/secret',
  '/api/secret?x=/api',
  '/api/secret#x',
  '/api/secret;x',
  '/api;x/secret',
  '/api/secret%00',
  '/api\\secret',
  'http://api.example/api/secret',
  'http://other.example//api/secret',
];
