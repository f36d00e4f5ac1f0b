import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { describe, it } from 'node:test';
import * as oauth from 'oauth4webapi';
import { metadata as described, serve, world } from './adapter.fixtures.test.ts';
import { node } from './node.ts';
import { resourceMetadata } from './resource-metadata.ts';

const of = (resource: string) => resourceMetadata({ resource, authorizationServers: ['https://id.example'] });

describe('resourceMetadata', () => {
  it('R-134 stands where RFC 9728 looks for it', () => {
    assert.equal(of('https://api.example').path, '/.well-known/oauth-protected-resource');
    assert.equal(of('https://api.example/').url, 'https://api.example/.well-known/oauth-protected-resource');
    assert.equal(of('https://api.example/orders').url, 'https://api.example/.well-known/oauth-protected-resource/orders');
    assert.equal(of('https://api.example/orders/').path, '/.well-known/oauth-protected-resource/orders/');
    assert.equal(of('https://api.example/o?tenant=a').url, 'https://api.example/.well-known/oauth-protected-resource/o?tenant=a');
    assert.equal(of('https://api.example/o?tenant=a').path, '/.well-known/oauth-protected-resource/o');
  });

  it('R-134 says what it is, who signs in for it, and what may be asked for', () => {
    const { document } = resourceMetadata({
      resource: 'https://api.example/orders',
      authorizationServers: ['https://id.example'],
      scopes: ['orders:read'],
      name: 'Orders',
      documentation: 'https://api.example/docs',
    });
    assert.deepEqual(document, {
      resource: 'https://api.example/orders',
      authorization_servers: ['https://id.example'],
      bearer_methods_supported: ['header'],
      scopes_supported: ['orders:read'],
      resource_name: 'Orders',
      resource_documentation: 'https://api.example/docs',
    });
  });

  it('R-134 leads a standard client from a refusal to the authorization server', async () => {
    let metadata = described;
    const server = createServer((request, response) => {
      if (request.url === metadata.path) metadata.node(request, response);
      else guarded(request, response);
    });
    const app = await serve(server);
    const resource = new URL('/orders', app.url);
    metadata = resourceMetadata({ resource: resource.href, authorizationServers: [world.provider.issuer] });
    const guarded = node(world.guard, () => assert.fail('reached'), { resourceMetadata: metadata });

    const refused = await app.call('/orders');
    assert.match(refused.headers.get('www-authenticate') ?? '', new RegExp(`resource_metadata="${metadata.url}"`));
    const insecure = { [oauth.allowInsecureRequests]: true };
    const found = await oauth.processResourceDiscoveryResponse(resource, await oauth.resourceDiscoveryRequest(resource, insecure));
    assert.deepEqual(found.authorization_servers, [world.provider.issuer]);
    await app.close();
  });

  it('refuses what is no resource and what is no issuer', () => {
    for (const resource of [
      '',
      'api',
      '/orders',
      'http://api.example',
      'https://api.example/#x',
      'https://api.example#',
      'ftp://a',
      'urn:a',
    ])
      assert.throws(() => of(resource), TypeError, resource);
    assert.throws(() => resourceMetadata({ resource: 'https://api.example', authorizationServers: [] }), TypeError);
    assert.throws(() => resourceMetadata({ resource: 'https://api.example', authorizationServers: ['id.example'] }), TypeError);
    assert.ok(of('http://localhost:3000/api'));
  });
});
