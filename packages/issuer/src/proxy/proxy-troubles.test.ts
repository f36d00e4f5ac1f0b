import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as send } from 'node:http';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { listening, type ProxyWorld, startProxyWorld, vaultToken } from './proxy.fixtures.test.ts';

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

describe('the way out of the proxy', () => {
  it('R-038 SSR-06 F-21 goes to the address that was checked, and nowhere that is not public', async () => {
    const answers = [['169.254.169.254'], ['93.184.216.34', '10.0.0.1'], ['127.0.0.1']];
    const resolve = async () => (answers.shift() ?? []).map((address) => ({ address, family: 4 }));
    const astray = await startProxyWorld({ outbound: { resolve } });
    for (const baseUrl of [
      'https://calendar.example',
      'https://calendar.example',
      `https://calendar.example:${astray.port}`,
      'http://calendar.example',
      'https://[::ffff:169.254.169.254]/',
    ]) {
      astray.policy = { baseUrl, methods: ['GET'], paths: ['/**'] };
      const { status, json } = await astray.ask('/proxy/calendar/latest/meta-data');
      assert.deepEqual([status, json.error], [502, 'upstream_unreachable']);
      assert.match(json.error_description ?? '', /not one that the issuer may reach/);
      assert.ok(!JSON.stringify(json).includes('169.254'));
    }
    assert.deepEqual(answers, [], 'each connection asks once');
    await astray.close();
  });

  it('says when a body does not come, and sends nothing', async () => {
    const caller = send({
      port: world.port,
      host: '127.0.0.1',
      method: 'POST',
      path: '/proxy/calendar/events',
      headers: { authorization: 'Bearer ada', 'content-length': 10 },
    });
    caller.on('error', () => {});
    caller.write('half');
    while (world.asked.length === 0) await new Promise(setImmediate);
    caller.destroy();
    assert.equal((await world.ask('/proxy/calendar/events', asBen)).status, 200);
    assert.equal(world.seen.length, 1);
  });
});

describe('a third party that does not do as it should', () => {
  it('has the token renewed once when it no longer takes it, and the request sent again', async () => {
    world.vault = ({ rejected }) => vaultToken(rejected === 'old' ? 'new' : 'old');
    world.answer = (request, response) => response.writeHead(request.headers.authorization === 'Bearer new' ? 200 : 401).end('{}');
    const { status } = await world.ask('/proxy/calendar/events', { method: 'POST', body: '{"n":1}' });
    assert.equal(status, 200);
    assert.deepEqual(
      world.seen.map(({ body }) => body),
      ['{"n":1}', '{"n":1}'],
    );
    assert.deepEqual(
      world.asked.map(({ rejected }) => rejected),
      [undefined, 'old'],
    );
  });

  it('is not asked a third time, nor sent a body that is gone; its 401 is not the caller’s', async () => {
    world.answer = (_request, response) => response.writeHead(401, { 'www-authenticate': 'Bearer' }).end('{"error":"of theirs"}');
    const same = await world.ask('/proxy/calendar/events');
    assert.deepEqual([same.status, same.json.error, world.seen.length], [502, 'upstream_unauthorized', 1]);
    assert.match(same.json.connect_uri ?? '', /\/connect\/calendar\?client_id=shop-api$/);
    world.vault = ({ rejected }) => vaultToken(rejected === undefined ? 'old' : 'new');
    const renewed = await world.ask('/proxy/calendar/events');
    assert.deepEqual([renewed.status, world.seen.length], [502, 3]);
    const large = await world.ask('/proxy/calendar/events', { method: 'POST', body: 'x'.repeat(100_000) });
    assert.deepEqual([large.status, large.json.connect_uri, world.seen.length], [502, undefined, 4]);
    world.vault = ({ rejected }) => (rejected === undefined ? vaultToken('old') : { kind: 'not-connected', reason: 'reconnect' });
    assert.equal((await world.ask('/proxy/calendar/events')).json.reason, 'reconnect');
  });

  it('is given up when it does not answer in time', async () => {
    world.answer = () => {};
    const { status, json } = await world.ask('/proxy/calendar/events');
    assert.deepEqual([status, json.error], [504, 'upstream_timeout']);
  });

  it('is told apart from one that is away', async () => {
    const gone = await listening(() => {});
    await gone.close();
    world.policy = { baseUrl: gone.url, methods: ['GET'], paths: ['/**'] };
    assert.deepEqual((await world.ask('/proxy/calendar/events')).json.error, 'upstream_unreachable');
    world.policy = usual.policy;
    world.answer = (request) => request.socket.destroy();
    assert.deepEqual((await world.ask('/proxy/calendar/events')).json.error, 'upstream_unreachable');
  });

  it('cannot pass half an answer off as a whole one', async () => {
    for (const headers of [{ 'content-length': '100' }, {}]) {
      world.answer = (_request, response) => {
        response.writeHead(200, headers);
        response.write('half', () => response.destroy());
      };
      await assert.rejects(world.ask('/proxy/calendar/events'), /aborted|hang up|ECONNRESET/);
    }
  });

  it('is cut off when it sends too much, said beforehand or not', async () => {
    const large = 'x'.repeat(400_000);
    world.answer = (_request, response) => response.writeHead(200, { 'content-length': large.length }).end(large);
    assert.deepEqual((await world.ask('/proxy/calendar/events')).json.error, 'upstream_too_large');
    world.answer = (_request, response) => response.writeHead(200).end(large);
    await assert.rejects(world.ask('/proxy/calendar/events'), /aborted|hang up|ECONNRESET/);
  });

  it('is cut off when it never comes to an end', async () => {
    world.answer = (_request, response) => {
      response.writeHead(200);
      const drip = setInterval(() => response.write('.'), 100);
      response.once('close', () => clearInterval(drip));
    };
    const begun = performance.now();
    await assert.rejects(world.ask('/proxy/calendar/events'), /aborted|hang up|ECONNRESET/);
    assert.ok(performance.now() - begun < 10_000);
  });

  it('loses the connection when the caller is gone', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    world.answer = (request, response) => {
      request.socket.once('close', () => resolve());
      response.writeHead(200).write('begun');
    };
    const caller = send({ port: world.port, host: '127.0.0.1', path: '/proxy/calendar/events', headers: { authorization: 'Bearer ada' } });
    caller.end();
    const [response] = await once(caller, 'response');
    response.on('error', () => {});
    caller.destroy();
    await promise;
  });
});
