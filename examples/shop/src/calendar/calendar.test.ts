import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { Identity } from 'safeconduct/identity';
import { testCalendars } from '../testing/calendars.ts';
import { recorder } from '../testing/databases.ts';
import { startTestIssuer, type TestIssuer } from '../testing/issuer.ts';

const event = { id: 'shop-order-1001', title: 'Order 1001 arrived', day: '2026-08-05', note: 'For this test.' };
const upstreamToken = 'upstream-token-of-ada';

describe('the calendar that a person connected', () => {
  let issuer: TestIssuer;
  let ada: Identity;
  let answer: (request: IncomingMessage, response: ServerResponse, body: string) => void;
  const asked: { readonly authorization: string | undefined; readonly url: string | undefined; readonly body: string }[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const piece of request.setEncoding('utf8')) body += piece;
    asked.push({ authorization: request.headers.authorization, url: request.url, body });
    answer(request, response, body);
  });
  let url = '';
  before(async () => {
    issuer = await startTestIssuer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(async () => {
    server.close();
    server.closeAllConnections();
    await issuer.close();
  });
  beforeEach(async () => {
    asked.length = 0;
    issuer.exchanges.length = 0;
    issuer.connected = upstreamToken;
    answer = (_request, response, body) => void response.writeHead(201, { 'content-type': 'application/json' }).end(body);
    // Another sign-in each time: what one remembers is not another's.
    ada = await issuer.person({ subject: 'usr_demo_ada' });
  });
  const { logged, log } = recorder();
  const add = () => testCalendars({ issuer: issuer.url, url, log, returnTo: 'http://localhost:3000/' }).add(ada, event);

  it('takes an event with the person’s own access, which the shop’s API asked for', async () => {
    assert.deepEqual(await add(), { kind: 'added' });
    assert.deepEqual(asked, [{ authorization: `Bearer ${upstreamToken}`, url: '/calendar/events', body: JSON.stringify(event) }]);
    const [exchange] = issuer.exchanges;
    assert.deepEqual([exchange?.get('connection'), exchange?.get('scope')], ['calendar', 'calendar.write']);
    assert.match(exchange?.get('subject_token_type') ?? '', /access_token$/);
  });

  it('says that an event was there', async () => {
    answer = (_request, response, body) => void response.writeHead(200, { 'content-type': 'application/json' }).end(body);
    assert.deepEqual(await add(), { kind: 'known' });
  });

  it('gives the link to connect, which leads to the issuer and back to the chat, and asks the calendar nothing', async () => {
    issuer.connected = undefined;
    const { kind, link } = (await add()) as { kind: string; link: string };
    const address = new URL(link);
    assert.deepEqual(
      [kind, address.origin, address.searchParams.get('return_to')],
      ['needs-connection', issuer.url, 'http://localhost:3000/'],
    );
    assert.deepEqual(asked, []);
  });

  it('says that access was ended over there when the calendar refuses its own token', async () => {
    answer = (_request, response) => void response.writeHead(401).end();
    assert.deepEqual(await add(), { kind: 'ended', link: `${issuer.url}/account` });
  });

  it('gives the link when the person has disconnected since the token was fetched', async () => {
    const calendars = testCalendars({ issuer: issuer.url, url, log });
    assert.deepEqual(await calendars.add(ada, event), { kind: 'added' });
    issuer.connected = undefined;
    answer = (_request, response) => void response.writeHead(401).end();
    assert.equal((await calendars.add(ada, event)).kind, 'needs-connection');
  });

  it('R-132 gives a sentence of its own for whatever goes wrong, and the log no token', async () => {
    const wrong: readonly (readonly [typeof answer, RegExp])[] = [
      [(_request, response) => void response.writeHead(500).end('raw upstream secret'), /did not take it/],
      [(_request, response) => void response.writeHead(201).end('<html>'), /did not take it/],
      [(_request, response) => void response.writeHead(302, { location: 'http://evil.example/' }).end(), /did not take it/],
      [(request) => void request.socket.destroy(), /cannot be reached/],
    ];
    for (const [reply, sentence] of wrong) {
      answer = reply;
      const added = (await add()) as { kind: string; message: string };
      assert.equal(added.kind, 'failed');
      assert.match(added.message, sentence);
      assert.doesNotMatch(JSON.stringify([added, logged]), /upstream-token|raw upstream|eyJ/);
    }
  });

  it('says so when the issuer does not let the shop in', async () => {
    issuer.connected = { status: 403, body: { error: 'access_denied', error_description: 'not listed' } };
    assert.match(((await add()) as { message: string }).message, /may not use this calendar/);
    issuer.connected = { status: 503, body: { error: 'temporarily_unavailable' } };
    assert.match(((await add()) as { message: string }).message, /cannot be reached/);
  });
});
