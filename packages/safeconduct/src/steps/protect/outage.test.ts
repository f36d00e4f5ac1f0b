import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { generic } from '../../core/providers/generic.ts';
import { type AskedProvider, active, api, askingGuard, bearing, seconds, startAskedProvider } from './asked.fixtures.test.ts';
import { protect } from './protect.ts';

let provider: AskedProvider;
let time: number;
/** Attempts to reach the provider, whether it was up or not. */
let attempts: string[];
const clock = () => time;
const minutes = 60_000;

const counting = (url: string, init?: RequestInit) => {
  attempts.push(new URL(url).pathname);
  return fetch(url, init);
};

beforeEach(async () => {
  time = Date.now();
  attempts = [];
  provider = await startAskedProvider();
});
afterEach(() => provider.stop());

const byKeys = (by = counting) => protect({ provider: generic({ issuer: provider.issuer }), audience: api, clock, fetch: by });
const byAsking = (by = counting) => askingGuard(provider, { clock, fetch: by });
const sign = (changes: Record<string, unknown> = {}) =>
  provider.sign({
    iss: provider.issuer,
    sub: 'ada',
    aud: api,
    client_id: 'shop',
    iat: seconds(time),
    exp: seconds(time) + 86_400,
    ...changes,
  });
const unreachable = { code: 'provider_unreachable', status: 503 };

describe('while the issuer is down', () => {
  it('R-094 R-096 a warm guard takes every valid JWT, known and new, and refuses the others as ever', async () => {
    const guard = byKeys();
    const known = await sign();
    await guard(bearing(known));
    await guard(bearing(known));
    await provider.stop();
    for (let hours = 0; hours < 23; hours++) {
      time += 60 * minutes;
      assert.ok(await guard(bearing(known)));
      assert.ok(await guard(bearing(await sign())));
      await assert.rejects(guard(bearing(await sign({ aud: 'https://other.example' }))), { code: 'token_invalid', status: 401 });
    }
  });

  it('R-096 a cold guard lets nobody in, and makes one attempt in five seconds however many ask', async () => {
    await provider.stop();
    const guard = byKeys();
    const tokens = await Promise.all(Array.from({ length: 20 }, () => sign()));
    for (let round = 1; round <= 3; round++) {
      const outcomes = await Promise.allSettled(tokens.map((token) => guard(bearing(token))));
      for (const outcome of outcomes) assert.equal(outcome.status === 'rejected' && outcome.reason.code, 'provider_unreachable');
      for (const token of tokens) await assert.rejects(guard(bearing(token)), unreachable);
      assert.equal(attempts.length, round);
      time += 5_000;
    }
  });

  it('R-094 a warm guard makes one attempt in five seconds too', async () => {
    const guard = byKeys();
    await guard(bearing(await sign()));
    await provider.stop();
    attempts = [];
    time += 11 * minutes;
    for (let round = 1; round <= 3; round++) {
      for (let request = 0; request < 20; request++) assert.ok(await guard(bearing(await sign())));
      // The attempt runs behind the back of whoever asked first.
      while (attempts.length < round) await setImmediate();
      for (let turn = 0; turn < 20; turn++) await setImmediate();
      assert.deepEqual(attempts, Array(round).fill('/jwks'));
      time += 5_000;
    }
  });

  it('R-096 a guard that asks about tokens lets nobody in without an answer, and asks once in five seconds', async () => {
    for (let user = 0; user < 10; user++) provider.known.set(`pat-${user}`, active(provider));
    const guard = byAsking();
    await guard(bearing('pat-0'));
    await provider.stop();
    attempts = [];
    time += 4_000;
    assert.ok(await guard(bearing('pat-0')), 'the answer is five seconds old at most');
    time += 1_000;
    for (let round = 1; round <= 3; round++) {
      for (let user = 0; user < 10; user++) await assert.rejects(guard(bearing(`pat-${user}`)), unreachable);
      assert.equal(attempts.length, round);
      time += 5_000;
    }
  });

  for (const [kind, make, token] of [['JWTs', byKeys, () => sign()] as const, ['opaque tokens', byAsking, async () => 'pat'] as const])
    it(`R-096 a clock that is set back does not keep a guard of ${kind} shut`, async () => {
      provider.known.set('pat', active(provider));
      const guard = make();
      await provider.stop();
      time += 3_600_000;
      await assert.rejects(guard(bearing(await token())), unreachable);
      await provider.start();
      time -= 3_600_000;
      assert.ok(await guard(bearing(await token())));
    });

  it('R-095 a clock that is set back does not make an answer last longer', async () => {
    provider.known.set('pat', active(provider));
    const guard = byAsking();
    time += 1_800_000;
    assert.ok(await guard(bearing('pat')));
    provider.known.delete('pat');
    time -= 1_800_000;
    await assert.rejects(guard(bearing('pat')), { code: 'token_invalid', fault: 'inactive' });
  });

  it('R-096 a discovery document that went wrong keeps nobody out who was let in before', async () => {
    provider.known.set('pat', active(provider));
    const guard = byAsking();
    assert.ok(await guard(bearing('pat')));
    provider.metadata = () => ({ issuer: 'https://elsewhere.example' });
    for (let hour = 0; hour < 3; hour++) {
      time += 61 * minutes;
      provider.known.set('pat', active(provider, { exp: seconds(time) + 600 }));
      assert.ok(await guard(bearing('pat')));
    }
    assert.equal(attempts.filter((path) => path.startsWith('/.well-known')).length, 4);
    await assert.rejects(byAsking()(bearing('pat')), { code: 'provider_invalid' });
  });

  it('R-096 one token that the provider stumbles over shuts out nobody else', async () => {
    provider.known.set('pat', active(provider));
    const guard = byAsking();
    provider.respond = ({ form }) => (form.get('token') === 'poison' ? { status: 500, body: 'no' } : undefined);
    await assert.rejects(guard(bearing('poison')), unreachable);
    assert.ok(await guard(bearing('pat')));
  });

  for (const [kind, make, token, path] of [
    ['JWTs', byKeys, () => sign(), '/jwks'] as const,
    ['opaque tokens', byAsking, async () => 'pat', '/introspect'] as const,
  ])
    it(`R-096 a connection that broke is no outage: a guard of ${kind} asks once more, and only once`, async () => {
      provider.known.set('pat', active(provider));
      let broken = 1;
      const breaking = (url: string, init?: RequestInit) => {
        attempts.push(new URL(url).pathname);
        if (url.endsWith(path) && broken-- > 0)
          throw new TypeError('fetch failed', { cause: Object.assign(new Error('read'), { code: 'ECONNRESET' }) });
        return fetch(url, init);
      };
      const guard = make(breaking);
      assert.ok(await guard(bearing(await token())));
      assert.equal(attempts.length, 3);
      broken = 100;
      attempts = [];
      const cold = make(breaking);
      await assert.rejects(cold(bearing(await token())), unreachable);
      assert.deepEqual(attempts, ['/.well-known/openid-configuration', path, path]);
    });

  it('R-096 answers of 502, 503 and 429 are an outage as well', async () => {
    provider.known.set('pat', active(provider));
    for (const status of [502, 503, 429]) {
      const guard = byAsking();
      provider.respond = () => ({ status, body: 'no' });
      await assert.rejects(guard(bearing('pat')), unreachable);
      await assert.rejects(guard(bearing('other')), unreachable);
      provider.respond = undefined;
      time += 5_000;
      assert.ok(await guard(bearing('pat')));
    }
    assert.equal(provider.questions.length, 6);
  });

  it('R-096 a wrong secret is asked with once in five seconds, so that no account is locked', async () => {
    const guard = byAsking();
    provider.respond = () => ({ status: 401, body: '{"error":"invalid_client"}' });
    for (let request = 0; request < 20; request++)
      await assert.rejects(guard(bearing(`pat-${request}`)), { code: 'introspection_refused' });
    assert.equal(provider.questions.length, 1);
  });
});

describe('when the issuer is back', () => {
  for (const [kind, make, token] of [['JWTs', byKeys, () => sign()] as const, ['opaque tokens', byAsking, async () => 'pat'] as const])
    it(`R-096 a guard of ${kind} takes them again after five seconds`, async () => {
      provider.known.set('pat', active(provider));
      const guard = make();
      await provider.stop();
      await assert.rejects(guard(bearing(await token())), unreachable);
      await provider.start();
      await assert.rejects(guard(bearing(await token())), unreachable);
      time += 5_000;
      assert.ok(await guard(bearing(await token())));
      assert.ok(await guard(bearing(await token())));
    });

  it('R-096 one question goes ahead of the others', async () => {
    for (let user = 0; user < 10; user++) provider.known.set(`pat-${user}`, active(provider));
    const guard = byAsking();
    await provider.stop();
    await assert.rejects(guard(bearing('pat-0')), unreachable);
    await provider.start();
    time += 5_000;
    const outcomes = await Promise.allSettled(Array.from({ length: 10 }, (_, user) => guard(bearing(`pat-${user}`))));
    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
    assert.equal(provider.questions.length, 1);
    assert.ok(await guard(bearing('pat-9')));
  });
});
