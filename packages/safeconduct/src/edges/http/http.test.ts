import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type ScriptedProvider, startScriptedProvider } from '@safeconduct/test-support/scripted-provider';
import { Hono } from 'hono';
import { generic } from '../../core/providers/generic.ts';
import { type Guard, protect } from '../../steps/protect/protect.ts';
import type { RefusalEvent } from '../../steps/protect/refusal.ts';
import { identityOf } from './admission.ts';
import { fetchHandler } from './fetch.ts';
import { hono } from './hono.ts';

const audience = 'https://api.example';
let provider: ScriptedProvider;
let guard: Guard;
let token: string;

before(async () => {
  provider = await startScriptedProvider();
  guard = protect({ provider: generic({ issuer: provider.issuer }), audience });
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: provider.issuer, sub: 'ada', aud: audience, client_id: 'shop', scope: 'orders:read', iat: now, exp: now + 600 };
  token = await provider.sign(claims, { typ: 'at+jwt' });
});
after(() => provider.close());

const bearing = (path = '/', value = token) => new Request(`${audience}${path}`, { headers: { authorization: `Bearer ${value}` } });

describe('fetchHandler', () => {
  it('calls the handler as the caller', async () => {
    const handle = fetchHandler(guard, (identity) => new Response(identity.subject));
    assert.equal(await (await handle(bearing())).text(), 'ada');
  });

  it('R-097 answers a refused request itself', async () => {
    const events: RefusalEvent[] = [];
    const handle = fetchHandler(guard, () => assert.fail('reached'), { log: (event) => events.push(event) });
    const response = await handle(new Request(audience));
    assert.equal(response.status, 401);
    assert.equal(events[0]?.requestId, response.headers.get('x-request-id'));
  });

  it('passes on what the handler throws', async () => {
    const handle = fetchHandler(guard, () => Promise.reject(new Error('mine')));
    await assert.rejects(handle(bearing()), /mine/);
  });
});

describe('hono', () => {
  const app = () => {
    const routes = new Hono();
    routes.use('/orders/*', hono(guard));
    routes.use('/orders/admin/*', hono(guard, { require: { roles: ['support'] } }));
    routes.get('/orders/mine', (c) => c.text(identityOf(c.req.raw).subject));
    routes.get('/orders/admin/all', () => assert.fail('reached'));
    routes.get('/open', (c) => c.text(identityOf(c.req.raw).subject));
    return routes;
  };

  it('calls a route as the caller', async () => {
    assert.equal(await (await app().request(bearing('/orders/mine'))).text(), 'ada');
  });

  it('R-097 answers a refused request itself', async () => {
    assert.equal((await app().request('/orders/mine')).status, 401);
    assert.equal((await app().request(bearing('/orders/mine', 'opaque'))).status, 401);
    assert.equal((await app().request(bearing('/orders/admin/all'))).status, 403);
  });

  it('knows no caller where no guard stands', async () => {
    const routes = app();
    routes.onError((error) => new Response(String((error as { code?: string }).code), { status: 500 }));
    assert.equal(await (await routes.request(bearing('/open'))).text(), 'token_missing');
  });
});
