import assert from 'node:assert/strict';
import { request } from 'node:http';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { describe, it } from 'node:test';
import { failurePage, successPage } from './callback-page.ts';
import { type Loopback, openLoopback } from './loopback.ts';

const never = new AbortController().signal;
const failed = 'Authentication failed! Please try again.';

interface Answer {
  readonly status: number | undefined;
  readonly text: string;
  readonly headers: NodeJS.Dict<string | string[]>;
}

/** One request with any method, path and Host. */
function ask(to: string, { host, method = 'GET', path }: { host?: string; method?: string; path?: string } = {}): Promise<Answer> {
  const url = new URL(to);
  const options = { host: url.hostname.replace(/^\[|\]$/g, ''), port: url.port, path: path ?? url.pathname + url.search, method };
  return new Promise((resolve, reject) => {
    const sent = request({ ...options, headers: { host: host ?? url.host }, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => resolve({ status: response.statusCode, text, headers: response.headers }));
    });
    sent.on('error', reject).end();
  });
}

/** Waits for state `s1`, sends what must not end the wait, then the right callback. */
async function survives(listener: Loopback, stray: () => Promise<Answer>): Promise<Answer> {
  const arrival = listener.arrival('s1', never);
  const answer = await stray();
  const right = ask(`${listener.redirectUri}?code=c1&state=s1`);
  const { url, answer: reply } = await arrival;
  assert.equal(url.searchParams.get('code'), 'c1');
  await reply(successPage);
  assert.equal((await right).status, 200);
  return answer;
}

describe('the loopback listener', () => {
  it('S0.3 answers the callback with 200 and the words of success, on a page that loads nothing', async () => {
    const listener = await openLoopback('http://127.0.0.1/callback');
    const arrival = listener.arrival('s1', never);
    const request = ask(`${listener.redirectUri}?code=c1&state=s1&iss=https%3A%2F%2Fid.example`);
    const { url, answer } = await arrival;
    await answer(successPage);
    const { status, text, headers } = await request;
    assert.equal(url.href, `${listener.redirectUri}?code=c1&state=s1&iss=https%3A%2F%2Fid.example`);
    assert.equal(status, 200);
    assert.match(text, /Authentication successful! You can close this window\./);
    assert.match(String(headers['content-security-policy']), /^default-src 'none'; style-src 'sha256-[\w+/=]+';.*frame-ancestors 'none'$/);
    assert.equal(headers['cache-control'], 'no-store');
    assert.equal(headers['referrer-policy'], 'no-referrer');
    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.equal(headers['x-frame-options'], 'DENY');
    assert.doesNotMatch(text, /<script|https?:\/\//);
    await listener.close();
  });

  const strays: Readonly<Record<string, (to: string) => Promise<Answer>>> = {
    'a favicon': (to) => ask(to, { path: '/favicon.ico' }),
    'no code': (to) => ask(`${to}?state=s1`),
    'no state': (to) => ask(`${to}?code=c1`),
    'another state': (to) => ask(`${to}?code=c1&state=s2`),
    'two states': (to) => ask(`${to}?code=c1&state=s1&state=s2`),
    'another Host': (to) => ask(`${to}?code=c1&state=s1`, { host: 'attacker.example' }),
    'a POST': (to) => ask(`${to}?code=c1&state=s1`, { method: 'POST' }),
    'another path': (to) => ask(to, { path: '/callback/x?code=c1&state=s1' }),
    'an address of another host as its path': (to) => ask(to, { path: 'http://attacker.example/callback?code=c1&state=s1' }),
  };
  for (const [what, send] of Object.entries(strays)) {
    it(`S0.3 R-080 B0.6 answers ${what} with 400 and goes on waiting`, async () => {
      const listener = await openLoopback('http://127.0.0.1/callback');
      const { status, text } = await survives(listener, () => send(listener.redirectUri));
      assert.equal(status, 400);
      assert.match(text, new RegExp(failed.replaceAll('.', '\\.')));
      await listener.close();
    });
  }

  it('R-080 takes one callback only', async () => {
    const listener = await openLoopback('http://127.0.0.1/callback');
    const arrival = listener.arrival('s1', never);
    const first = ask(`${listener.redirectUri}?code=c1&state=s1`);
    const { answer } = await arrival;
    assert.equal((await ask(`${listener.redirectUri}?code=c2&state=s1`)).status, 400);
    await answer(successPage);
    assert.equal((await first).status, 200);
    await listener.close();
  });

  it('B0.9 hands over an error of the provider', async () => {
    const listener = await openLoopback('http://127.0.0.1/callback');
    const arrival = listener.arrival('s1', never);
    const request = ask(`${listener.redirectUri}?error=access_denied&state=s1`);
    const { url, answer } = await arrival;
    await answer(failurePage('<script>alert(1)</script>'));
    assert.equal(url.searchParams.get('error'), 'access_denied');
    const { status, text } = await request;
    assert.equal(status, 400);
    assert.match(text, /&lt;script&gt;alert\(1\)&lt;\/script&gt;/);
    assert.doesNotMatch(text, /<script/);
    await listener.close();
  });

  for (const registered of ['http://127.0.0.1/callback', 'http://127.0.0.1', 'http://[::1]/callback', 'http://localhost/callback']) {
    it(`R-080 B0.9 keeps ${registered} to the letter and adds a free port`, async () => {
      const listener = await openLoopback(registered);
      const [, host, path] = /^http:\/\/(\[::1\]|[\w.]+)(.*)$/.exec(registered) ?? [];
      assert.match(listener.redirectUri, new RegExp(`^http://${host?.replace(/[[\].]/g, '\\$&')}:\\d+${path}$`));
      await listener.close();
    });
  }

  it('S0.2 listens on the registered port and sends the registered text', async () => {
    const probe = await openLoopback('http://127.0.0.1');
    const registered = probe.redirectUri.replace('127.0.0.1', 'localhost');
    await probe.close();
    const listener = await openLoopback(registered);
    assert.equal(listener.redirectUri, registered);
    await survives(listener, () => ask(registered, { path: '/favicon.ico' }));
    await listener.close();
  });

  it('R-080 B0.6 cannot be reached over another interface of this machine', async (t) => {
    const outside = Object.values(networkInterfaces())
      .flat()
      .find((each) => each && !each.internal && each.family === 'IPv4');
    if (!outside) return t.skip('this machine has no other interface');
    const listener = await openLoopback('http://localhost/callback');
    const port = Number(new URL(listener.redirectUri).port);
    const outcome = await new Promise<string>((resolve) => {
      const socket = connect({ host: outside.address, port });
      socket.on('connect', () => resolve('connected')).on('error', () => resolve('refused'));
    });
    assert.equal(outcome, 'refused');
    await listener.close();
  });

  for (const registered of [
    'https://127.0.0.1/callback',
    'http://192.168.1.2/callback',
    'http://localhost.example/callback',
    'myapp:/callback',
    'http://127.0.0.1/?x=1',
  ]) {
    it(`R-080 refuses the redirect URI ${registered}`, async () => {
      await assert.rejects(openLoopback(registered), TypeError);
    });
  }

  it('says which port is taken', async () => {
    const first = await openLoopback('http://127.0.0.1/callback');
    await assert.rejects(openLoopback(first.redirectUri), {
      code: 'callback_unavailable',
      message: new RegExp(`^Port ${new URL(first.redirectUri).port} of`),
    });
    await first.close();
  });

  it('stops waiting when it is told to', async () => {
    const listener = await openLoopback('http://127.0.0.1/callback');
    const cancelled = new Error('cancelled');
    await assert.rejects(listener.arrival('s1', AbortSignal.abort(cancelled)), cancelled);
    await listener.close();
  });
});
