import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { connect, createServer as createSecondServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import type { Guard } from '../../steps/protect/protect.ts';
import { describeAdapter, type GuardedRoutes, metadata, serve, world } from './adapter.fixtures.test.ts';
import { identityOf } from './admission.ts';
import { node } from './node.ts';

describeAdapter('node', (guard, routes) => createServer(contract(guard, routes)));

function contract(guard: Guard, routes: GuardedRoutes): RequestListener {
  const handlers: Record<string, RequestListener> = {
    '/me': node(guard, (identity, request, response) => response.end(identityOf(request) === identity && identity.subject), routes.me),
    '/support': node(guard, () => assert.fail('reached'), routes.support),
    '/formatted': node(guard, () => assert.fail('reached'), routes.formatted),
    '/optional': node(guard, (identity, _request, response) => response.end(identity?.subject ?? 'nobody'), routes.optional),
    '/headers': node(guard, (_identity, request, response) => response.end(JSON.stringify(request.headers)), routes.headers),
    '/boom': node(guard, () => Promise.reject(new Error('mine')), routes.boom),
    '/open': (request, response) => response.end(identityOf(request).subject),
  };
  return async (request, response) => {
    const [path = ''] = (request.url ?? '').split('?');
    try {
      await handlers[path]?.(request, response);
    } catch (error) {
      response.statusCode = 500;
      response.end((error as { code?: string }).code ?? 'mine');
    }
  };
}

describe('node', () => {
  it('gives the caller to the handler, typed', () => {
    const typed: RequestListener = node(world.guard, (identity, request, response) => {
      const subject: string = identity.subject;
      response.end(`${subject}${request.url}`);
    });
    node(
      world.guard,
      // @ts-expect-error a handler behind an optional guard may have no caller
      (identity) => identity.subject,
      { optional: true },
    );
    assert.equal(typeof typed, 'function');
  });

  it('calls the handler at once when the token is known', async () => {
    const request = { headers: { authorization: `Bearer ${world.token}` } };
    await world.guard(request);
    assert.equal(node(world.guard, (identity) => identity.subject)(request as never, {} as never), 'ada');
  });

  it('R-099 guards HTTP/2 too, and takes headers that name a user out there', async (test) => {
    const server = createSecondServer(
      node(world.guard, (identity, request: Http2ServerRequest, response: Http2ServerResponse) => {
        response.end(`${identity.subject} ${request.headers['x-user']} ${request.rawHeaders.includes('x-user')}`);
      }),
    );
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    test.after(() => {
      client.close();
      server.close();
    });
    const ask = async (headers: Record<string, string>) => {
      const stream = client.request({ ':path': '/', ...headers });
      const [answer] = await once(stream, 'response');
      return [answer[':status'], await text(stream)];
    };
    assert.deepEqual(await ask({ authorization: `Bearer ${world.token}`, 'x-user': 'eve' }), [200, 'ada undefined false']);
    const [status, body] = await ask({ 'x-user': 'eve' });
    assert.equal(status, 401);
    assert.match(body, /unauthorized/);
  });

  it('serves its metadata', async () => {
    const app = await serve(createServer(metadata.node));
    const response = await app.call(metadata.path);
    assert.deepEqual(await response.json(), metadata.document);
    assert.equal(response.headers.get('access-control-allow-origin'), '*');
    await app.close();
  });
});
