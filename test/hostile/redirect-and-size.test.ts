import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { forge, header, type Lie, startWorld, type World } from './world.fixtures.test.ts';

let world: World;
before(async () => {
  world = await startWorld();
});
after(() => world.close());

const paths = ['/.well-known/openid-configuration', '/jwks'];

async function under(path: string, lie: Lie): Promise<number> {
  world.lies.set(path, lie);
  try {
    return (await world.knock(forge(header(), world.claims()), world.guard())).status;
  } finally {
    world.lies.delete(path);
  }
}

describe('a provider that sends the guard away or never ends', () => {
  it('R-094 is not followed: no redirect, wherever it leads', async () => {
    for (const path of paths)
      for (const status of [301, 302, 303, 307, 308])
        for (const location of ['/evil', `${world.issuer}/evil`, 'http://169.254.169.254/latest/meta-data/', 'file:///etc/passwd']) {
          world.asked.length = 0;
          assert.ok(
            (await under(path, (_request, response) => response.writeHead(status, { location }).end())) >= 500,
            `${path} ${status}`,
          );
          assert.ok(!world.asked.includes('/evil'));
        }
  });

  it('R-094 is cut off when its answer has no end', async () => {
    for (const path of paths) {
      let sent = 0;
      const status = await under(path, (_request, response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        const more = () => {
          while (!response.destroyed && sent < 1e9) {
            sent += 65_536;
            if (!response.write('x'.repeat(65_536))) break;
          }
        };
        response.on('drain', more);
        more();
      });
      assert.ok(status >= 500);
      assert.ok(sent < 50_000_000, `${sent} bytes were sent`);
    }
  });

  it('R-094 is not believed when it lies about its length or its encoding', async () => {
    for (const path of paths) {
      assert.ok(
        (await under(path, (_request, response) =>
          response.writeHead(200, { 'content-length': '999999' }).end('{}', () => response.destroy()),
        )) >= 500,
      );
      assert.ok(
        (await under(path, (_request, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('{"keys":[]}'))) >= 500,
      );
      assert.ok((await under(path, (request) => request.socket.destroy())) >= 500);
    }
  });

  it('R-094 cannot smuggle a bomb: what is small on the wire is counted when it is unpacked', async () => {
    const { gzipSync } = await import('node:zlib');
    const bomb = gzipSync(`{"keys":[],"x":"${' '.repeat(50_000_000)}"}`);
    assert.ok(bomb.length < 60_000);
    for (const path of paths)
      assert.ok(
        (await under(path, (_request, response) =>
          response.writeHead(200, { 'content-encoding': 'gzip', 'content-type': 'application/json' }).end(bomb),
        )) >= 500,
      );
  });
});
