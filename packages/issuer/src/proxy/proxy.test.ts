import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { type ProxyWorld, startProxyWorld } from './proxy.fixtures.test.ts';

let world: ProxyWorld;
let usual: Pick<ProxyWorld, 'policy' | 'vault'>;
before(async () => {
  world = await startProxyWorld({
    limits: { request: 200_000, response: 300_000, headersTimeout: 400, overall: 2_000, perPerson: 2, altogether: 3 },
  });
  usual = { policy: world.policy, vault: world.vault };
});
after(() => world.close());
beforeEach(() => {
  Object.assign(world, usual, { answer: undefined, connection: {} });
});
afterEach(() => {
  for (const list of [world.seen, world.events, world.asked]) list.length = 0;
});

const asBen = { headers: { authorization: 'Bearer ben' } };

describe('a request through the proxy', () => {
  it('S2.7 reaches the third party with the token of the person, which the caller never sees', async () => {
    const { status, text, headers } = await world.ask('/proxy/calendar/events?from=2026-11-22&q=a%20b');
    assert.equal(status, 200);
    const [seen] = world.seen;
    assert.deepEqual([seen?.method, seen?.url], ['GET', '/v3/events?from=2026-11-22&q=a%20b']);
    assert.equal(seen?.headers.authorization, 'Bearer third-party-token-of-usr_ada');
    assert.equal(headers['cache-control'], 'no-store');
    assert.equal(JSON.parse(text).url, '/v3/events?from=2026-11-22&q=a%20b');
  });

  it('asks the vault for the person, application, scopes and account of the token, whoever asks for more', async () => {
    await world.ask('/proxy/calendar/events', asBen);
    await world.ask('/proxy/calendar/events?user=usr_ada', { headers: { authorization: 'Bearer chosen' } });
    const [ben, chosen] = world.asked.map(({ connection, ...rest }) => ({ ...rest, connection: connection.id }));
    assert.deepEqual(ben, { userId: 'usr_ben', applicationId: 'shop-api', connection: 'calendar' });
    assert.deepEqual(chosen, {
      userId: 'usr_ada',
      applicationId: 'shop-api',
      connection: 'calendar',
      scopes: ['calendar.read'],
      account: 'ada@there',
    });
  });

  it('carries a file name that the third party did not encode, as it came', async () => {
    world.answer = (request, response) => {
      const lines = ['HTTP/1.1 200 OK', 'content-disposition: attachment; filename="Lieferung für Zoë – 1.pdf"', 'content-length: 2'];
      request.socket.end(`${lines.join('\r\n')}\r\n\r\nok`);
      void response;
    };
    const { status, text, headers } = await world.ask('/proxy/calendar/files/1');
    assert.deepEqual([status, text], [200, 'ok']);
    const name = Buffer.from(String(headers['content-disposition']), 'latin1').toString();
    assert.equal(name, 'attachment; filename="Lieferung für Zoë – 1.pdf"');
  });

  it('carries a body there and an answer back, small or large', async () => {
    for (const body of ['{"title":"Delivery"}', 'x'.repeat(150_000)]) {
      const { json } = await world.ask('/proxy/calendar/events', {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json', 'content-length': body.length },
      });
      assert.equal(json.body, body);
    }
    const chunked = await world.ask('/proxy/calendar/events', {
      method: 'POST',
      body: 'y'.repeat(90_000),
      headers: { 'transfer-encoding': 'chunked' },
    });
    assert.equal(chunked.json.body?.length, 90_000);
  });

  it('passes on what is listed of headers, in both directions', async () => {
    const there = { accept: 'text/calendar', 'if-none-match': '"1"', 'content-type': 'text/plain', 'idempotency-key': 'k1' };
    const hidden = {
      cookie: 'session=1',
      'x-forwarded-for': '10.0.0.1',
      forwarded: 'for=1',
      'x-api-key': '1',
      origin: 'https://a.example',
      referer: 'https://a.example',
      te: 'trailers',
      via: '1.1 a',
    };
    world.answer = (_request, response) =>
      response
        .writeHead(200, {
          etag: '"2"',
          'content-type': 'text/html',
          'set-cookie': 'a=1',
          'www-authenticate': 'Basic',
          'access-control-allow-origin': '*',
          server: 'there',
          location: 'https://evil.example',
          'x-ratelimit-remaining': '7',
          'cache-control': 'public',
          'content-security-policy': 'default-src *',
          'service-worker-allowed': '/',
        })
        .end('<script>alert(1)</script>');
    const { headers } = await world.ask('/proxy/calendar/events', { method: 'POST', body: 'x', headers: { ...there, ...hidden } });
    const seen = world.seen[0]?.headers ?? {};
    assert.deepEqual(
      Object.keys(there).map((name) => seen[name]),
      Object.values(there),
    );
    assert.deepEqual(
      Object.keys(hidden).filter((name) => name in seen),
      [],
    );
    assert.deepEqual(
      [headers.etag, headers['x-ratelimit-remaining'], headers['cache-control'], headers['x-content-type-options']],
      ['"2"', '7', 'no-store', 'nosniff'],
    );
    assert.match(String(headers['content-security-policy']), /^default-src 'none'; sandbox/);
    for (const name of ['set-cookie', 'www-authenticate', 'access-control-allow-origin', 'server', 'location', 'service-worker-allowed'])
      assert.ok(!(name in headers), name);
  });

  it('passes on the statuses of the third party, and HEAD, 204 and 304 without a body', async () => {
    for (const status of [200, 204, 304, 400, 403, 404, 409, 422, 429, 500, 503]) {
      world.answer = (_request, response) => response.writeHead(status, { 'retry-after': '3' }).end();
      const answer = await world.ask('/proxy/calendar/events');
      assert.deepEqual([answer.status, answer.headers['retry-after']], [status, '3']);
    }
    world.answer = (_request, response) => response.writeHead(200, { 'content-length': 5_000_000 }).end();
    assert.equal((await world.ask('/proxy/calendar/events', { method: 'HEAD' })).headers['content-length'], '5000000');
    world.answer = (_request, response) => response.writeHead(201, { location: 'https://api.there.example/events/1' }).end();
    assert.equal(
      (await world.ask('/proxy/calendar/events', { method: 'POST', body: 'x' })).headers.location,
      'https://api.there.example/events/1',
    );
  });

  it('writes down what may change something each time, and reading once a minute, by its pattern', async () => {
    for (const path of ['/proxy/calendar/events/secret-id', '/proxy/calendar/events/other-id']) await world.ask(path, asBen);
    await world.ask('/proxy/calendar/events', { method: 'POST', body: '1' });
    await world.ask('/proxy/calendar/events', { method: 'POST', body: '2' });
    assert.deepEqual(
      world.events.map(({ actor, details }) => [actor, details?.method, details?.path]),
      [
        ['usr_ben', 'GET', '/events/*'],
        ['usr_ada', 'POST', '/events'],
        ['usr_ada', 'POST', '/events'],
      ],
    );
    assert.deepEqual(world.events[1], {
      type: 'vault.proxied',
      outcome: 'ok',
      actor: 'usr_ada',
      client: 'shop-api',
      organization: 'org_demo',
      target: 'calendar',
      details: { method: 'POST', path: '/events', status: 200 },
    });
    assert.ok(!JSON.stringify(world.events).includes('secret-id'));
  });
});

describe('what the proxy refuses', () => {
  it('asks for a token, and takes one for this connection only', async () => {
    const bare = await world.ask('/proxy/calendar/events', { headers: { authorization: undefined } });
    assert.deepEqual([bare.status, bare.headers['www-authenticate']], [401, 'Bearer']);
    for (const value of ['nobody-knows', 'other-connection', 'other-api', 'two-audiences', 'service', 'nobody', 'personal', 'a b', '']) {
      const { status, json, headers } = await world.ask('/proxy/calendar/events', { headers: { authorization: `Bearer ${value}` } });
      assert.deepEqual([status, json.error, headers['www-authenticate']], [401, 'invalid_token', 'Bearer error="invalid_token"'], value);
    }
    for (const value of ['Basic YTpi', 'ada', 'DPoP ada'])
      assert.equal((await world.ask('/proxy/calendar/events', { headers: { authorization: value } })).status, 401);
    assert.equal(world.seen.length, 0);
  });

  it('lets through the methods and paths of the connection only', async () => {
    const status = async (path: string, method = 'GET') => (await world.ask(path, { method })).status;
    assert.deepEqual(await Promise.all(['/events/1', '/files/a'].map((path) => status(`/proxy/calendar${path}`))), [200, 200]);
    assert.equal(await status('/proxy/calendar/files/a/b/c%20d'), 200);
    for (const path of ['/', '/event', '/events/', '/events/1/2', '/Events', '/eventsx', '/files/a/', '/admin', '/v3/events'])
      assert.equal(await status(`/proxy/calendar${path}`), 403, path);
    const refused = await world.ask('/proxy/calendar/events', { method: 'PATCH' });
    assert.deepEqual([refused.status, refused.headers.allow, refused.json.error], [405, 'GET, HEAD, POST, DELETE', 'method_refused']);
  });

  it('R-121 passes nothing on for a person of another organization, who may have moved there since the token was given', async () => {
    const { status, json } = await world.ask('/proxy/calendar/events', { headers: { authorization: 'Bearer moved' } });
    assert.deepEqual([status, json.error, world.asked, world.seen], [403, 'proxy_refused', [], []]);
  });

  it('passes nothing on to a connection without a proxy, or one that is disabled', async () => {
    for (const connection of [{ proxy: undefined }, { disabled: true }, { accounts: false }]) {
      world.connection = connection;
      assert.equal((await world.ask('/proxy/calendar/events')).status, 403);
    }
    for (const path of ['/proxy/calendar', '/proxy/', '/proxy//events', '/proxy/%63alendar/events'])
      assert.equal((await world.ask(path)).status, 400, path);
  });

  it('R-120 B2.10 says with a link when the person has to connect, and 503 when nobody can tell', async () => {
    world.vault = () => ({ kind: 'not-connected', reason: 'scopes', missing: ['calendar.write'] });
    const { status, json } = await world.ask('/proxy/calendar/events');
    assert.equal(status, 401);
    assert.deepEqual([json.error, json.reason, json.missing_scope], ['federated_connection_account_not_found', 'scopes', 'calendar.write']);
    assert.equal(json.connect_uri, 'http://localhost:8080/connect/calendar?client_id=shop-api');
    world.vault = () => ({ kind: 'unavailable', retryAfter: 4 });
    const away = await world.ask('/proxy/calendar/events');
    assert.deepEqual([away.status, away.headers['retry-after'], away.json.error], [503, '4', 'temporarily_unavailable']);
  });

  it('takes no more at once of one person than their share', async () => {
    const waiting: (() => void)[] = [];
    world.answer = (_request, response) => void waiting.push(() => response.end('{}'));
    const underWay = [world.ask('/proxy/calendar/events'), world.ask('/proxy/calendar/events')];
    while (waiting.length < 2) await new Promise(setImmediate);
    assert.equal((await world.ask('/proxy/calendar/events')).status, 429);
    const ben = world.ask('/proxy/calendar/events', asBen);
    while (waiting.length < 3) await new Promise(setImmediate);
    assert.equal((await world.ask('/proxy/calendar/events', asBen)).status, 503);
    for (const end of waiting) end();
    assert.deepEqual(
      (await Promise.all([...underWay, ben])).map(({ status }) => status),
      [200, 200, 200],
    );
    world.answer = undefined;
    assert.equal((await world.ask('/proxy/calendar/events')).status, 200);
  });
});
