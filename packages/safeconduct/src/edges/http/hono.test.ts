import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { describe, it } from 'node:test';
import { getRequestListener } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { cors } from 'hono/cors';
import type { Guard } from '../../steps/protect/protect.ts';
import { describeAdapter, type GuardedRoutes, metadata, serve, world } from './adapter.fixtures.test.ts';
import { findIdentity, identityOf } from './admission.ts';
import { hono } from './hono.ts';

describeAdapter('hono', (guard, routes) => createServer(getRequestListener(contract(guard, routes).fetch)));

function contract(guard: Guard, routes: GuardedRoutes) {
  const api = new Hono();
  api.use('/me', hono(guard, routes.me));
  api.get('/me', (c) => c.text(identityOf(c.req.raw).subject));
  api.get('/support', hono(guard, routes.support), () => assert.fail('reached'));
  api.get('/formatted', hono(guard, routes.formatted), () => assert.fail('reached'));
  api.route(
    '/optional',
    new Hono().use(hono(guard, routes.optional)).get('/', (c) => c.text(findIdentity(c)?.subject ?? 'nobody')),
  );
  api.get('/headers', hono(guard, routes.headers), (c) => c.json(c.req.header()));
  api.get('/boom', hono(guard, routes.boom), () => {
    throw new Error('mine');
  });
  api.get('/open', (c) => c.text(identityOf(c).subject));
  api.onError((error, c) => c.text((error as { code?: string }).code ?? error.message, 500));
  return api;
}

const authorization = () => ({ headers: { authorization: `Bearer ${world.token}` } });

describe('hono', () => {
  it('gives the caller to a handler that it wraps, typed', async () => {
    const api = new Hono();
    api.get(
      '/orders/:number',
      hono(world.guard, (identity, c: Context) => {
        const subject: string = identity.subject;
        return c.json([subject, c.req.path]);
      }),
    );
    hono(
      world.guard,
      // @ts-expect-error a handler behind an optional guard may have no caller
      (identity) => new Response(identity.subject),
      { optional: true },
    );
    assert.deepEqual(await (await api.request('/orders/7', authorization())).json(), ['ada', '/orders/7']);
    assert.equal((await api.request('/orders/7')).status, 401);
  });

  it('knows the caller by the context even where another middleware put a new request in', async () => {
    const api = new Hono();
    api.use(hono(world.guard), bodyLimit({ maxSize: 10 }));
    api.post('/', (c) => c.text(identityOf(c).subject));
    const body = new ReadableStream({
      start(stream) {
        stream.enqueue(new TextEncoder().encode('body'));
        stream.close();
      },
    });
    const response = await api.request('/', { ...authorization(), method: 'POST', body, duplex: 'half' } as RequestInit);
    assert.equal(await response.text(), 'ada');
  });

  it('R-099 cannot be gone round by another spelling of the path', async () => {
    const whole = new Hono().use('/api/*', hono(world.guard)).get('/api/secret', (c) => c.text('secret'));
    const nested = new Hono().route(
      '/api',
      new Hono().use(hono(world.guard)).get('/secret', (c) => c.text('secret')),
    );
    const routed = new Hono().get('/api/secret', hono(world.guard), (c) => c.text('secret'));
    const loose = new Hono({ strict: false }).use('/api/*', hono(world.guard)).get('/api/secret', (c) => c.text('secret'));
    const parameter = new Hono().get('/:section/secret', hono(world.guard), (c) => c.text('secret'));
    const mounted = new Hono().mount('/api', new Hono().use(hono(world.guard)).get('/secret', (c) => c.text('secret')).fetch);
    const paths = [
      '/api/secret',
      '/API/secret',
      '/api//secret',
      '//api/secret',
      '/%61pi/secret',
      '/api/%73ecret',
      '/api/secret/',
      '/api%2fsecret',
      '/x/../api/secret',
      '/api/secret%00',
      '/api/secret;x',
      '/api\\secret',
    ];
    for (const api of [whole, nested, routed, loose, parameter, mounted]) {
      const app = await serve(createServer(getRequestListener(api.fetch)));
      assert.equal(await app.raw(['GET /api/secret HTTP/1.1', `authorization: Bearer ${world.token}`]), 200);
      for (const path of paths) assert.notEqual(await app.raw([`GET ${path} HTTP/1.1`]), 200, path);
      await app.close();
    }
  });

  it('serves its metadata', async () => {
    const response = await new Hono().get(metadata.path, metadata.fetch).request('/.well-known/oauth-protected-resource/orders');
    assert.deepEqual(await response.json(), metadata.document);
  });

  it('lets CORS answer a preflight that stands before the guard', async () => {
    const exposeHeaders = ['WWW-Authenticate'];
    const api = new Hono().use(cors({ origin: 'https://app.example', exposeHeaders })).use(hono(world.guard));
    const preflight = { method: 'OPTIONS', headers: { origin: 'https://app.example', 'access-control-request-method': 'GET' } };
    assert.equal((await api.request('/', preflight)).status, 204);
    const refused = await api.request('/', { headers: { origin: 'https://app.example' } });
    assert.equal(refused.status, 401);
    assert.equal(refused.headers.get('access-control-allow-origin'), 'https://app.example');
    assert.match(refused.headers.get('www-authenticate') ?? '', /^Bearer /);
  });
});
