/** Getting through the proxy to where it does not lead, or with what does not belong to the caller. */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { Visitor } from '../flows/ways.fixtures.test.ts';
import {
  type Api,
  accessToken,
  BEN,
  connectAccount,
  exchangeForProxy,
  type ReachWorld,
  raw,
  signIn,
  startApi,
  startReachWorld,
} from './reach.fixtures.test.ts';

describe('hostile: the proxy', () => {
  let world: ReachWorld;
  let elsewhere: Api;
  let token: string;
  let usual: Api['answer'];

  before(async () => {
    [world, elsewhere] = await Promise.all([startReachWorld(), startApi()]);
    usual = world.api.answer;
    const ada = new Visitor();
    await connectAccount(world, ada);
    token = (await exchangeForProxy(world, await accessToken(world, ada))).access_token ?? '';
  });
  after(async () => {
    await world?.stop();
    await elsewhere?.close();
  });
  afterEach(() => {
    world.api.seen.length = 0;
    world.api.answer = usual;
  });

  const ask = (path: string, init: RequestInit = {}) =>
    fetch(`${world.url}${path}`, { ...init, redirect: 'manual', headers: { authorization: `Bearer ${token}`, ...init.headers } });
  const line = (target: string, headers: readonly string[] = [], method = 'GET') =>
    raw(
      world,
      [`${method} ${target} HTTP/1.1`, 'Host: a', 'Connection: close', `Authorization: Bearer ${token}`, ...headers, '', ''].join('\r\n'),
    );

  it('passes a request on for the person who connected', async () => {
    assert.equal((await ask('/proxy/calendar/events?x=1')).status, 200);
    assert.equal(world.api.seen[0]?.url, '/v3/events?x=1');
    assert.ok(world.api.seen[0]?.headers.authorization?.startsWith('Bearer '));
    assert.ok(!world.api.seen[0]?.headers.authorization?.includes(token));
  });

  it('R-038 SSR-07 goes to no other host and out of no folder, however the path is written', async () => {
    const { host } = new URL(elsewhere.url);
    const paths = String.raw`
      //${host}/events /@${host}/events /..//${host}/ /../events /events/.. /events/../../admin /events/. /./events /%2e%2e/events
      /events/%2E%2e /events/%2e /.%2e/events /..%2fevents /events%2fx /events%5cx /events\x /events/..;/x /events/..;a=b
      /events/.; /events/%252e%252e /events/%25 /events/%00 /events/%0d%0aHost:%20evil /events/%09 /events/%7f /events/%c0%ae%c0%ae
      /events/%e0%80%af /events/% /events/%2 /events/%zz /events//x //events /events/ /files//a /files/ /files/a// /events#x
      /events/<x> /events/" /events/{x} /events/| /events/^ /EVENTS /event%73 /v3/events /%65vents
    `
      .trim()
      .split(/\s+/);
    for (const path of [...paths, '/events/`', '/events/\u00e9']) {
      const { status } = await line(`/proxy/calendar${path}`);
      assert.ok([400, 403].includes(status), `${path}: ${status}`);
    }
    for (const target of [
      `${elsewhere.url}/events`,
      `http://${host}/proxy/calendar/events`,
      `//${host}/proxy/calendar/events`,
      `${host}`,
      '*',
      `/proxy/calendar@${host}/events`,
      `/proxy/${host}/events`,
    ])
      assert.ok((await line(target)).status >= 400, target);
    assert.deepEqual([world.api.seen, elsewhere.seen], [[], []]);
  });

  it('R-038 SSR-07 sends what may pass as it was written', async () => {
    for (const path of [
      '/events/caf%C3%A9',
      "/events/a'b(c)!*,;=:@$&+",
      '/files/a.b/..c/c..',
      '/events/%20',
      '/events/...',
      '/events/1?next=http%3A%2F%2Fevil.example%2F..%2F&q=%00%2e%2e',
    ]) {
      assert.equal((await line(`/proxy/calendar${path}`)).status, 200, path);
      assert.equal(world.api.seen.at(-1)?.url, `/v3${path}`);
    }
  });

  it('R-038 SSR-04 follows no redirect, wherever it leads, and does not tell where', async () => {
    for (const location of [`${elsewhere.url}/latest`, 'http://169.254.169.254/latest/meta-data/', '//evil.example/', 'file:///etc/passwd'])
      for (const status of [301, 302, 303, 307, 308]) {
        world.api.answer = (_request, response) => void response.writeHead(status, { location }).end(`see ${location}`);
        const answer = await ask('/proxy/calendar/events');
        const text = await answer.text();
        assert.deepEqual([answer.status, answer.headers.get('location')], [502, null]);
        assert.ok(!text.includes(location) && text.includes('upstream_redirect'));
      }
    assert.deepEqual(elsewhere.seen, []);
  });

  it('R-132 hands no credentials or network facts of the caller on, however the headers are written', async () => {
    const smuggled = [
      'Cookie: a=1',
      'cookie: b=2',
      'X-Forwarded-Host: evil',
      'X-Forwarded-For: 127.0.0.1',
      'Forwarded: for=1',
      'Proxy-Authorization: Basic YTpi',
      'X-Original-URL: /admin',
      'X-HTTP-Method-Override: DELETE',
      'Connection: content-type',
      'TE: trailers',
      'Keep-Alive: 1',
      'X-Real-Ip: 1',
    ];
    await line('/proxy/calendar/events', [...smuggled, 'Accept: a/b']);
    const names = Object.keys(world.api.seen[0]?.headers ?? {}).sort();
    assert.deepEqual(names, ['accept', 'authorization', 'connection', 'host', 'user-agent']);
    assert.equal(world.api.seen[0]?.headers.host, new URL(world.api.url).host);
  });

  it('reads one request where an attacker hides two', async () => {
    const hidden = `GET /v3/admin HTTP/1.1\r\nHost: a\r\n\r\n`;
    for (const headers of [
      ['Content-Length: 5', 'Transfer-Encoding: chunked'],
      ['Transfer-Encoding: chunked', 'Transfer-Encoding: identity'],
      ['Transfer-Encoding: xchunked'],
      ['Content-Length: 5', 'Content-Length: 6'],
      ['Content-Length: +5'],
      ['Content-Length: 5, 5'],
      ['Transfer-Encoding : chunked'],
      ['X: a\nTransfer-Encoding: chunked'],
    ]) {
      const text = [
        `POST /proxy/calendar/events HTTP/1.1`,
        'Host: a',
        'Connection: close',
        `Authorization: Bearer ${token}`,
        ...headers,
        '',
        `0\r\n\r\n${hidden}`,
      ].join('\r\n');
      await raw(world, text).catch(() => undefined);
      assert.ok(
        world.api.seen.every(({ url }) => url === '/v3/events'),
        headers.join(),
      );
    }
    assert.equal(world.api.seen.length, 0);
  });

  it('changes to no other protocol and tunnels nothing', async () => {
    assert.equal(
      (
        await line('/proxy/calendar/events', [
          'Connection: upgrade',
          'Upgrade: websocket',
          'Sec-WebSocket-Key: x',
          'Sec-WebSocket-Version: 13',
        ])
      ).status,
      400,
    );
    assert.notEqual((await line(new URL(elsewhere.url).host, [], 'CONNECT').catch(() => ({ status: 0 }))).status, 200);
    for (const method of ['TRACE', 'TRACK', 'PUT', 'DELETE', 'get'])
      assert.ok((await line('/proxy/calendar/events', [], method)).status >= 400, method);
    assert.deepEqual([world.api.seen, elsewhere.seen], [[], []]);
  });

  it('R-120 takes a token for one connection at that connection only, and no other token at all', async () => {
    assert.equal((await ask('/proxy/mail/events')).status, 401);
    const ben = new Visitor();
    const own = await accessToken(world, ben, BEN);
    assert.equal((await ask('/proxy/calendar/events', { headers: { authorization: `Bearer ${own}` } })).status, 401);
    const without = await exchangeForProxy(world, own);
    assert.deepEqual([without.error, without.access_token], ['federated_connection_account_not_found', undefined]);
    const forged = token.replace(/\.[^.]+$/, (signature) =>
      [...signature]
        .reverse()
        .join('')
        .replace(/(.*)\.$/, '.$1'),
    );
    for (const value of [forged, `${token}=`, token.slice(0, -2), `${token}, ${own}`, `${token} `.repeat(2)])
      assert.equal((await ask('/proxy/calendar/events', { headers: { authorization: `Bearer ${value}` } })).status, 401);
    for (const place of ['?access_token=', '?token='])
      assert.equal((await fetch(`${world.url}/proxy/calendar/events${place}${token}`)).status, 401);
    assert.deepEqual(world.api.seen, []);
  });

  it('is no good for anything but the proxy', async () => {
    const answers = await Promise.all(['/admin/v1/people', '/me/v1/connected-accounts/accounts'].map((path) => ask(path)));
    for (const { status, url } of answers) assert.ok([401, 403, 404].includes(status), `${url}: ${status}`);
    const again = await exchangeForProxy(world, token);
    assert.equal(again.access_token, undefined);
  });

  it('R-028 ends with the sign-in', async () => {
    const visitor = new Visitor();
    const own = await signIn(world, visitor);
    const passing = (await exchangeForProxy(world, own.access_token ?? '')).access_token ?? '';
    const headers = { authorization: `Bearer ${passing}` };
    assert.equal((await ask('/proxy/calendar/events', { headers })).status, 200);
    await visitor.get(`${world.url}/oauth2/logout?${new URLSearchParams({ id_token_hint: own.id_token ?? '' })}`);
    assert.equal((await ask('/proxy/calendar/events', { headers })).status, 401);
  });

  it('R-122 has one renewal for all callers whose token the third party no longer takes', async () => {
    const renewals = () => world.there.calls.get('/token') ?? 0;
    const before = renewals();
    await ask('/proxy/calendar/events');
    const ended = world.api.seen.at(-1)?.headers.authorization;
    world.api.answer = (request, response) => void response.writeHead(request.headers.authorization === ended ? 401 : 200).end('{}');
    const callers = Array.from({ length: 10 }, () => ask('/proxy/calendar/events').then(({ status }) => status));
    assert.deepEqual([...new Set(await Promise.all(callers))], [200]);
    assert.equal(renewals(), before + 1);
  });

  it('bounds bodies both ways, and undoes no encoding on the way', async () => {
    const large = 11 * 1024 * 1024;
    for (const body of ['x'.repeat(large), new Blob(['x'.repeat(large)]).stream()]) {
      const answer = await ask('/proxy/calendar/events', { method: 'POST', body, duplex: 'half' } as RequestInit).then(
        (response) => response.status,
        () => 413,
      );
      assert.equal(answer, 413);
    }
    const bomb = gzipSync(Buffer.alloc(80 * 1024 * 1024));
    world.api.answer = (_request, response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb);
    const answer = await line('/proxy/calendar/events', ['Accept-Encoding: gzip']);
    assert.ok(answer.text.length < bomb.length + 4_096);
    world.api.answer = (_request, response) => {
      response.writeHead(200);
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(1_048_576))) {}
        if (!response.destroyed) response.once('drain', more);
      };
      more();
    };
    await assert.rejects(ask('/proxy/calendar/events').then((response) => response.arrayBuffer()));
  });

  it('is no page of the issuer: what the third party sends runs nowhere and is kept nowhere', async () => {
    world.api.answer = (_request, response) =>
      void response
        .writeHead(200, {
          'content-type': 'text/html',
          'set-cookie': '_session=evil; Path=/',
          'clear-site-data': '"*"',
          refresh: '0;url=https://evil.example',
        })
        .end('<script>1</script>');
    const { headers } = await ask('/proxy/calendar/events');
    assert.match(headers.get('content-security-policy') ?? '', /sandbox/);
    assert.deepEqual(
      ['set-cookie', 'clear-site-data', 'refresh', 'access-control-allow-origin'].filter((name) => headers.has(name)),
      [],
    );
    assert.equal(headers.get('cache-control'), 'no-store');
  });

  it('R-132 writes no token, path or query into the log', () => {
    const text = world.log.join('');
    assert.ok(text.includes('/proxy/:connection'));
    for (const hidden of [token, 'caf%C3%A9', 'access_token=', '/v3/events']) assert.ok(!text.includes(hidden), hidden.slice(0, 12));
  });
});
