import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type GuardedServer, startGuardedServer, statusesOf } from './sockets.fixtures.test.ts';
import { forge, header, startWorld, type World } from './world.fixtures.test.ts';

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

const token = () => forge(header(), world.claims());

describe('a request that two readers understand differently', () => {
  it('R-099 never reaches the handler when its header lines are folded, broken or hold control characters', async () => {
    const lines = [
      `Authorization : Bearer ${token()}`,
      `Authorization\t: Bearer ${token()}`,
      ` Authorization: Bearer ${token()}`,
      `X: y\r\n Authorization: Bearer ${token()}`,
      `Authorization: Bearer\r\n ${token()}`,
      `Authorization: Bearer\u0000 ${token()}`,
      `Authorization\u0000: Bearer ${token()}`,
      `Authorization: Bearer ${token()}\u0000x`,
      `Authorization: Bearer ${token()}\rX: y`,
      `Author\u00adization: Bearer ${token()}`,
    ];
    for (const line of lines) {
      const answer = await server.send(`GET / HTTP/1.1\r\nHost: x\r\n${line}\r\nConnection: close\r\n\r\n`);
      assert.ok(!statusesOf(answer).includes(200), JSON.stringify(line.slice(0, 24)));
    }
  });

  it('R-099 does not lend its token to the next request on the same connection', async () => {
    const first = `GET /a HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token()}\r\n\r\n`;
    const second = 'GET /b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
    assert.deepEqual(statusesOf(await server.send(first + second)), [200, 401]);
  });

  it('R-099 cannot bring a second request along in its body', async () => {
    const inner = `GET /inner HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token()}\r\n\r\n`;
    const heads = [
      'Content-Length: 6\r\nTransfer-Encoding: chunked',
      'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity',
      'Transfer-Encoding: xchunked',
      'Content-Length: 0\r\nContent-Length: 6',
      'Content-Length: +6',
      'Content-Length: 0x6',
    ];
    for (const head of heads) {
      const answer = await server.send(`POST /outer HTTP/1.1\r\nHost: x\r\n${head}\r\n\r\n0\r\n\r\n${inner}`);
      assert.ok(!answer.includes('/outer') || !statusesOf(answer).includes(200), head);
    }
  });

  it('R-099 cannot add its token behind the body', async () => {
    const chunked = `POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\nTrailer: Authorization\r\n\r\n0\r\nAuthorization: Bearer ${token()}\r\n\r\n`;
    assert.deepEqual(statusesOf(await server.send(chunked)), [401]);
  });

  it('R-099 cannot name a user to the handler in a header of its own', async () => {
    const names = [
      'X-User',
      'X-User-Id',
      'X-Forwarded-User',
      'X-Forwarded-Email',
      'X-Remote-User',
      'Remote-User',
      'X-Auth-Request-User',
      'X_Remote_User',
      'x-user-roles',
    ];
    const lines = names.map((name) => `${name}: root`).join('\r\n');
    const answer = await server.send(
      `GET / HTTP/1.1\r\nHost: x\r\n${lines}\r\nAuthorization: Bearer ${token()}\r\nConnection: close\r\n\r\n`,
    );
    assert.deepEqual(statusesOf(answer), [200]);
    for (const name of names) assert.ok(!answer.includes(`"${name.toLowerCase()}"`), name);
  });

  it('R-099 is refused or let in by its token, whatever method or target it claims to override', async () => {
    const claims = [
      'X-HTTP-Method-Override: OPTIONS',
      'X-Original-URL: /public',
      'X-Rewrite-URL: /public',
      'X-Forwarded-Prefix: /public',
      'X-Forwarded-Host: trusted',
    ];
    for (const claim of claims)
      assert.deepEqual(
        statusesOf(await server.send(`GET /private HTTP/1.1\r\nHost: x\r\n${claim}\r\nConnection: close\r\n\r\n`)),
        [401],
        claim,
      );
    for (const method of ['HEAD', 'OPTIONS', 'TRACE', 'PROPFIND', 'POST'])
      assert.deepEqual(
        statusesOf(await server.send(`${method} / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`)),
        [401],
        method,
      );
  });
});
