import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { describe, it } from 'node:test';
import { getRequestListener } from '@hono/node-server';
import type { Guard } from '../../steps/protect/protect.ts';
import { audience, describeAdapter, type GuardedRoutes, metadata, world } from './adapter.fixtures.test.ts';
import { identityOf } from './admission.ts';
import { fetchHandler } from './fetch.ts';

describeAdapter('fetchHandler', (guard, routes) => createServer(getRequestListener(contract(guard, routes))));

function contract(guard: Guard, routes: GuardedRoutes): (request: Request) => Promise<Response> {
  const handlers: Record<string, (request: Request) => Response | Promise<Response>> = {
    '/me': fetchHandler(guard, (identity) => new Response(identity.subject), routes.me),
    '/support': fetchHandler(guard, () => assert.fail('reached'), routes.support),
    '/formatted': fetchHandler(guard, () => assert.fail('reached'), routes.formatted),
    '/optional': fetchHandler(guard, (identity) => new Response(identity?.subject ?? 'nobody'), routes.optional),
    '/headers': fetchHandler(guard, (_identity, request) => Response.json(Object.fromEntries(request.headers)), routes.headers),
    '/boom': fetchHandler(guard, () => Promise.reject(new Error('mine')), routes.boom),
    '/open': (request) => new Response(identityOf(request).subject),
  };
  return async (request) => {
    try {
      return (await handlers[new URL(request.url).pathname]?.(request)) ?? new Response(null, { status: 404 });
    } catch (error) {
      return new Response((error as { code?: string }).code ?? 'mine', { status: 500 });
    }
  };
}

const bearing = (headers: Record<string, string> = {}) =>
  new Request(audience, { headers: { authorization: `Bearer ${world.token}`, ...headers } });

describe('fetchHandler', () => {
  it('gives the caller to the handler, and what the platform adds, typed', async () => {
    const handle = fetchHandler(world.guard, (identity, request, environment: { name: string }) => {
      const subject: string = identity.subject;
      return Response.json([subject, environment.name, identityOf(request) === identity]);
    });
    fetchHandler(
      world.guard,
      // @ts-expect-error a handler behind an optional guard may have no caller
      (identity) => new Response(identity.subject),
      { optional: true },
    );
    assert.deepEqual(await (await handle(bearing(), { name: 'edge' })).json(), ['ada', 'edge', true]);
  });

  it('passes on what the handler throws', async () => {
    const handle = fetchHandler(world.guard, () => {
      throw new Error('mine');
    });
    await assert.rejects(handle(bearing()), /mine/);
  });

  it('R-099 takes headers that name a user out of a request that cannot be changed', async () => {
    const request = bearing({ 'x-user': 'eve', 'x-tenant': 'acme' });
    // As Deno and Cloudflare hand requests out.
    request.headers.delete = () => {
      throw new TypeError('immutable');
    };
    const handle = fetchHandler(world.guard, (identity, seen) =>
      Response.json([identity.subject, identityOf(seen).subject, seen.headers.get('x-user'), seen.headers.get('x-tenant')]),
    );
    assert.deepEqual(await (await handle(request)).json(), ['ada', 'ada', null, 'acme']);
  });

  it('lets nobody in by a guard of another making that gives no identity', async () => {
    for (const given of [undefined, null, { subject: 'ada' }, { ...(await world.guard(bearing())) }]) {
      const guard = (async () => given) as unknown as Guard;
      assert.equal((await fetchHandler(guard, () => new Response('in'), { log: () => {} })(bearing())).status, 500);
    }
    const passing: Guard = (request, require) => world.guard(request, require);
    assert.equal((await fetchHandler(passing, () => new Response('in'))(bearing())).status, 200);
  });

  it('serves its metadata', async () => {
    assert.deepEqual(await metadata.fetch().json(), metadata.document);
  });

  it('R-098 is not built with an empty requirement, or with what is no guard', () => {
    assert.throws(() => fetchHandler(world.guard, () => new Response(), { require: {} }), TypeError);
    assert.throws(() => fetchHandler({} as Guard, () => new Response()), /what protect\(\) returns/);
  });

  it('is not built to require something of whoever has no token', () => {
    const options = { optional: true, require: { roles: ['support'] } };
    assert.throws(() => fetchHandler(world.guard, () => new Response(), options), /leave one of them out/);
  });
});
