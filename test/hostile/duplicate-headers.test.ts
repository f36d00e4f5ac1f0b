import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type GuardedServer, startGuardedServer, statusesOf } from './sockets.fixtures.test.ts';
import { forge, header, startWorld, stranger, type World } from './world.fixtures.test.ts';

let world: World;
let server: GuardedServer;
before(async () => {
  world = await startWorld();
  server = await startGuardedServer(world);
});
after(async () => {
  await server.close();
  await world.close();
});

const request = (...lines: readonly string[]) => ['GET / HTTP/1.1', 'Host: x', 'Connection: close', ...lines, '', ''].join('\r\n');

describe('a request with more than one answer to who it is', () => {
  it('R-099 is refused as malformed, whichever of its Authorization headers is good and however their names are written', async () => {
    const good = `Bearer ${forge(header(), world.claims())}`;
    const evil = `Bearer ${forge(header(), world.claims({ sub: 'root' }), stranger().privateKey)}`;
    assert.deepEqual(statusesOf(await server.send(request(`Authorization: ${good}`))), [200]);
    for (const [first, second] of [
      [good, evil],
      [evil, good],
      [good, good],
      [good, ''],
      ['', good],
      [good, 'Basic eDp5'],
    ] as const)
      for (const [one, other] of [
        ['Authorization', 'Authorization'],
        ['authorization', 'AUTHORIZATION'],
        ['Authorization', 'aUTHORIZATION'],
      ] as const)
        assert.deepEqual(statusesOf(await server.send(request(`${one}: ${first}`, `${other}: ${second}`))), [400]);
  });

  it('R-099 is refused when two credentials came in one header, joined by a comma or a blank', async () => {
    const token = forge(header(), world.claims());
    for (const value of [
      `Bearer ${token}, Bearer ${token}`,
      `Bearer ${token},${token}`,
      `Bearer ${token} ${token}`,
      `Bearer ${token} x`,
      `Bearer  ${token}`,
      `Bearer token=${token}`,
      `Bearer "${token}"`,
    ])
      assert.deepEqual(statusesOf(await server.send(request(`Authorization: ${value}`))), [400], value.slice(0, 12));
  });

  it('R-099 is not let in by a token anywhere else', async () => {
    const token = forge(header(), world.claims());
    for (const name of [
      'X-Authorization',
      'Proxy-Authorization',
      'X-Forwarded-Authorization',
      'X-Access-Token',
      'Access-Token',
      'Authentication',
      'X-Original-Authorization',
    ])
      assert.deepEqual(statusesOf(await server.send(request(`${name}: Bearer ${token}`))), [401], name);
    assert.deepEqual(statusesOf(await server.send(request(`Cookie: access_token=${token}; Authorization=Bearer ${token}`))), [401]);
    assert.deepEqual(
      statusesOf(
        await server.send(`GET /?access_token=${token}&authorization=Bearer%20${token} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`),
      ),
      [401],
    );
    const body = `access_token=${token}`;
    const form = [
      'POST / HTTP/1.1',
      'Host: x',
      'Connection: close',
      'Content-Type: application/x-www-form-urlencoded',
      `Content-Length: ${body.length}`,
      '',
      body,
    ];
    assert.deepEqual(statusesOf(await server.send(form.join('\r\n'))), [401]);
  });
});
