import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { exportJWK } from 'jose';
import { assertMinted } from '../../core/identity/identity.ts';
import { audience, bearing, call, guardWith, jwksCalls, makeKnown, now, refusedAs, sign, world } from './guard.fixtures.test.ts';
import { checkRequest } from './protect.ts';

describe('a guard', () => {
  it('gives the identity that the token proves', async () => {
    const identity = await call(await sign({ act: { sub: 'assistant', act: { sub: 'operator' } } }));
    assertMinted(identity);
    const { issuer, subject, kind, organization, roles, scopes, client, actor, session } = identity;
    assert.deepEqual(
      { issuer, subject, kind, organization, roles, scopes, client, actor, session },
      {
        issuer: world.provider.issuer,
        subject: 'ada',
        kind: 'person',
        organization: 'acme',
        roles: ['customer'],
        scopes: ['openid', 'orders:read'],
        client: 'shop',
        actor: { subject: 'assistant', actor: { subject: 'operator' } },
        session: 'sid-1',
      },
    );
    assert.equal(identity.expiresAt.getTime(), (now() + 600) * 1000);
  });

  it('R-031 tells a service from a person', async () => {
    assert.equal((await call(await sign({ sub: 'shop' }))).kind, 'service');
  });

  it('takes one of several audiences, and either of its own', async () => {
    assert.ok(await call(await sign({ aud: ['https://other.example', audience] })));
    assert.ok(await call(await sign({ aud: audience }), guardWith({ audience: ['https://other.example', audience] })));
  });

  it('R-098 is not made with a requirement that requires nothing', () => {
    assert.throws(() => guardWith({ require: {} }), TypeError);
    assert.throws(() => guardWith({ require: { scopes: [] } }), TypeError);
    assert.throws(() => guardWith({ require: { scopes: ['read'], roles: [] } }), TypeError);
    assert.throws(() => guardWith({ require: { roles: [''] } }), TypeError);
    assert.throws(() => guardWith({ audience: '' }), TypeError);
    assert.throws(() => guardWith({ audience: [] }), TypeError);
  });

  it('R-098 asks for every scope and role by its whole name', async () => {
    const token = await sign();
    assert.ok(await call(token, guardWith({ require: { scopes: ['orders:read'], roles: ['customer'] } })));
    await assert.rejects(call(token, guardWith({ require: { scopes: ['orders', 'orders:write', 'openid'] } })), {
      code: 'scope_missing',
      missing: ['orders', 'orders:write'],
    });
    await assert.rejects(call(token, guardWith({ require: { roles: ['Customer'] } })), { code: 'role_missing', missing: ['Customer'] });
    await assert.rejects(world.guard(bearing(token), { scopes: ['orders:write'] }), { code: 'scope_missing' });
    await assert.rejects(world.guard(bearing(token), { scopes: [] }), TypeError);
  });

  it('asks whether the session has ended, for tokens it knows too', async () => {
    const ended = new Set<string | undefined>();
    const asking = guardWith({ isEnded: async ({ session }) => ended.has(session) });
    const token = await sign();
    assert.ok(await call(token, asking));
    ended.add('sid-1');
    await assert.rejects(call(token, asking), refusedAs('token_expired', /session/));
  });

  it('R-096 lets nobody in when that question fails', async () => {
    const token = await sign();
    const down = () => {
      throw new Error('database down');
    };
    for (const isEnded of [down, async () => down(), () => Promise.reject(new Error('database down'))])
      await assert.rejects(call(token, guardWith({ isEnded })), {
        code: 'session_unknown',
        status: 503,
        cause: new Error('database down'),
      });
  });

  it('R-096 lets nobody in when that question is answered with anything but false', async () => {
    const token = await sign();
    assert.ok(await call(token, guardWith({ isEnded: () => false })));
    for (const answer of [true, undefined, null, 0, ''])
      for (const isEnded of [() => answer as boolean, () => Promise.resolve(answer as boolean)])
        await assert.rejects(call(token, guardWith({ isEnded })), refusedAs('token_expired', /session/));
  });

  it('answers at once for a token that it knows, and throws at once', async () => {
    const request = bearing(await sign());
    const at = guardWith({ isEnded: () => false });
    assert.ok((await checkRequest(at, request)) instanceof Object);
    const [first, again] = [checkRequest(at, request), checkRequest(at, request)];
    assert.ok(!(first instanceof Promise));
    assert.equal(first, again);
    assert.throws(() => checkRequest(at, request, { roles: ['support'] }), refusedAs('role_missing'));
    assert.throws(() => checkRequest(at, { headers: {} }), refusedAs('token_missing'));
    assert.ok((await checkRequest(async () => first, request)) === first);
  });
});

describe('the Authorization header', () => {
  const headers = (value: string | string[]) => world.guard({ headers: { authorization: value } });

  it('R-099 is the only place of a token, and comes once', async () => {
    const token = await sign();
    assert.ok(await headers(`Bearer ${token}`));
    assert.ok(await headers(`bearer ${token}`));
    await assert.rejects(world.guard(new Request(`${audience}?access_token=${token}`)), refusedAs('token_missing'));
    await assert.rejects(headers([`Bearer ${token}`, `Bearer ${token}`]), refusedAs('request_malformed'));
    await assert.rejects(headers(`Bearer ${token}, Bearer ${token}`), refusedAs('request_malformed'));
    const both = new Headers();
    both.append('authorization', `Bearer ${token}`);
    both.append('authorization', `Bearer ${token}`);
    await assert.rejects(world.guard({ headers: both }), refusedAs('request_malformed'));
    const rawHeaders = ['Authorization', `Bearer ${token}`, 'authorization', 'Bearer other'];
    await assert.rejects(world.guard({ headers: { authorization: `Bearer ${token}` }, rawHeaders }), refusedAs('request_malformed'));
    await assert.rejects(
      world.guard({ headers: { authorization: `Bearer ${token}`, Authorization: 'Bearer x' } }),
      refusedAs('request_malformed'),
    );
  });

  it('R-097 that is missing or of another scheme is no credential', async () => {
    await assert.rejects(world.guard({ headers: {} }), refusedAs('token_missing'));
    await assert.rejects(headers(''), refusedAs('token_missing'));
    await assert.rejects(headers('Basic c2hvcDpzZWNyZXQ='), refusedAs('token_missing'));
  });

  it('R-097 that holds no single token is malformed', async () => {
    for (const value of ['Bearer', 'Bearer ', 'Bearer a b', 'Bearer  a', 'Bearer a\tb', 'Bearer "a"']) {
      await assert.rejects(headers(value), refusedAs('request_malformed'), value);
    }
  });
});

describe('the keys of the provider', () => {
  it('R-094 are fetched once for all who wait, and not again', async () => {
    const tokens = await Promise.all(Array.from({ length: 20 }, () => sign()));
    await Promise.all(tokens.map((token) => call(token)));
    await Promise.all(tokens.map((token) => call(token)));
    assert.equal(jwksCalls(), 1);
  });

  it('R-094 are fetched again for an unknown kid, but not more often than the cooldown allows', async () => {
    await call(await sign());
    await world.provider.rotateKey();
    const token = await sign();
    await assert.rejects(call(token), refusedAs('token_invalid', /key/));
    for (let flood = 0; flood < 50; flood++)
      await assert.rejects(
        sign({}, { kid: `k${flood}` }).then((t) => call(t)),
        refusedAs('token_invalid'),
      );
    assert.equal(jwksCalls(), 1);
    world.time += 30_000;
    assert.ok(await call(token));
    assert.equal(jwksCalls(), 2);
  });

  it('R-094 that were withdrawn end the tokens the guard knows', async () => {
    const old = await sign({ exp: now() + 3_600 });
    await makeKnown(old);
    await world.provider.rotateKey();
    world.time += 31_000;
    assert.ok(await call(old));
    await assert.rejects(call(await sign({}, { kid: 'unknown' })), refusedAs('token_invalid', /key/));
    await assert.rejects(call(old), refusedAs('token_invalid'));
  });

  it('R-094 that were withdrawn are noticed by a guard that sees no other token', { timeout: 5_000 }, async () => {
    const old = await sign({ exp: now() + 3_600 });
    await makeKnown(old);
    await world.provider.rotateKey();
    world.time += 600_001;
    // The keys are refreshed behind the back of whoever asks first.
    while (await call(old).then(Boolean, () => false)) await setImmediate();
    await assert.rejects(call(old), refusedAs('token_invalid', /key/));
    assert.equal(jwksCalls(), 2);
  });

  it('R-096 that cannot be had make 503, and no flood of requests to the provider', async () => {
    world.provider.script.down = (path) => (path === '/jwks' ? 500 : undefined);
    const token = await sign();
    for (let round = 0; round < 10; round++) await assert.rejects(call(token), { code: 'provider_unreachable', status: 503 });
    assert.equal(jwksCalls(), 1);
    world.provider.script = {};
    world.time += 5_001;
    assert.ok(await call(token));
  });

  it('R-094 R-096 are used for a day while the provider is down, and then no more', async () => {
    const known = await sign({ exp: now() + 2 * 86_400 });
    await makeKnown(known);
    world.provider.script.down = () => 503;
    world.time += 23 * 3_600_000;
    assert.ok(await call(await sign()));
    assert.ok(await call(known));
    world.time += 2 * 3_600_000;
    await assert.rejects(call(await sign()), refusedAs('provider_unreachable'));
    await assert.rejects(call(known), refusedAs('provider_unreachable'));
  });

  it('R-094 that are symmetric, for encryption, too short or unreadable are passed over', async () => {
    const short = await exportJWK(generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey);
    world.provider.script.keys = (honest) => [
      { kty: 'oct', k: 'c2VjcmV0', kid: 'o' },
      { ...honest[0], use: 'enc' },
      { ...short, kid: 's' },
      { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' },
      null,
      'key',
      ...honest,
    ];
    assert.ok(await call(await sign()));
  });

  for (const path of ['/.well-known/openid-configuration', '/jwks'])
    it(`R-096 that are kept back because too many ask (${path}) make 503`, async () => {
      world.provider.script.down = (asked) => (asked === path ? 429 : undefined);
      await assert.rejects(call(await sign()), { code: 'provider_unreachable', status: 503 });
    });

  it('R-096 that have no address make an answer that says so', async () => {
    world.provider.script.metadata = ({ jwks_uri: _, ...rest }) => rest;
    await assert.rejects(call(await sign()), refusedAs('provider_invalid', /jwks_uri/));
  });

  it('R-094 in an answer without end are refused', async () => {
    world.provider.script.keys = (honest) => [...honest, { kty: 'oct', k: 'x'.repeat(300_000) }];
    await assert.rejects(call(await sign()), refusedAs('provider_invalid', /more than/));
  });

  it('that leave open which one is meant are refused', async () => {
    await call(await sign({}, { kid: undefined }));
    world.provider.script.keys = (honest) => [...honest, { ...honest[0], kid: 'twin' }];
    world.time += 3_600_000;
    const fresh = guardWith();
    await assert.rejects(
      sign({}, { kid: undefined }).then((token) => call(token, fresh)),
      refusedAs('token_invalid', /key/),
    );
  });
});
