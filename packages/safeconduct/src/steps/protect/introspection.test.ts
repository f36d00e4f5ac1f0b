import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { assertMinted } from '../../core/identity/identity.ts';
import { safeconduct } from '../../core/providers/safeconduct.ts';
import { type AskedProvider, active, api, askingGuard, bearing, credentials, seconds, startAskedProvider } from './asked.fixtures.test.ts';
import { type Guard, protect } from './protect.ts';

let provider: AskedProvider;
let guard: Guard;
let time: number;
const clock = () => time;

beforeEach(async () => {
  time = Date.now();
  provider = await startAskedProvider();
  provider.known.set('pat', active(provider));
  guard = askingGuard(provider, { clock });
});
afterEach(() => provider.stop());

const call = (token: string, at = guard) => at(bearing(token));
const says = (changes: Record<string, unknown>) => provider.known.set('pat', active(provider, changes));
const asked = () => provider.questions.length;

describe('a guard that asks the issuer about tokens', () => {
  it('S1.4 S1.11 gives the identity that the answer tells', async () => {
    const exp = seconds() + 100;
    says({ exp });
    const identity = await call('pat');
    assertMinted(identity);
    const { issuer, subject, kind, client, scopes, roles, expiresAt } = identity;
    assert.deepEqual(
      { issuer, subject, kind, client, scopes, roles },
      { issuer: provider.issuer, subject: 'ada', kind: 'person', client: 'shop', scopes: ['openid', 'orders:read'], roles: ['customer'] },
    );
    assert.equal(expiresAt.getTime(), exp * 1000);
  });

  it('S1.10 asks by POST, with the token in the form, a hint, and its own credentials', async () => {
    const client = { clientId: '197@proj', clientSecret: 'Secret123' };
    await call('pat', askingGuard(provider, { introspection: client }));
    const [question] = provider.questions;
    assert.deepEqual(Object.fromEntries(question?.form ?? []), { token: 'pat', token_type_hint: 'access_token' });
    assert.equal(question?.headers.authorization, `Basic ${btoa('197%40proj:Secret123')}`);
    assert.equal(question?.headers.accept, 'application/json');
  });

  it('S1.9 B1.2 answers 401 for a token that is not active', async () => {
    for (const answer of [{ active: false }, { active: false, exp: 1, sub: 'ada' }]) {
      provider.known.set('pat', answer);
      await assert.rejects(call('pat', askingGuard(provider)), { code: 'token_invalid', status: 401, message: /not active/ });
    }
    await assert.rejects(call('unknown'), { code: 'token_invalid', status: 401 });
  });

  it('S1.9 says expired for a token whose answer has expired', async () => {
    says({ exp: seconds() - 31 });
    await assert.rejects(call('pat'), { code: 'token_expired', status: 401 });
  });

  it('S1.6 B1.1 B1.4 answers 403 when the role was removed, even when no role is left and the claim is absent', async () => {
    const needy = askingGuard(provider, { require: { roles: ['read:messages'] }, introspection: { ...credentials, maxAgeSeconds: 0 } });
    says({ roles: ['read:messages'] });
    assert.ok(await call('pat', needy));
    for (const roles of [['other'], [], undefined, null, '']) {
      says({ roles });
      await assert.rejects(call('pat', needy), { code: 'role_missing', status: 403, missing: ['read:messages'] });
    }
  });

  it('B1.5 prints nothing of what the issuer said', async ({ mock }) => {
    const methods = (['log', 'info', 'warn', 'error', 'debug'] as const).map((name) => mock.method(console, name, () => undefined));
    await call('pat');
    await assert.rejects(call('unknown'));
    provider.respond = () => ({ status: 401, body: '{"error":"invalid_client"}' });
    await assert.rejects(call('another'));
    assert.deepEqual(
      methods.flatMap((method) => method.mock.calls),
      [],
    );
  });

  it('S1.7 notices a change of roles at the next call when nothing is remembered', async () => {
    const fresh = askingGuard(provider, { introspection: { ...credentials, maxAgeSeconds: 0 } });
    assert.deepEqual((await call('pat', fresh)).roles, ['customer']);
    says({ roles: ['support'] });
    assert.deepEqual((await call('pat', fresh)).roles, ['support']);
    provider.known.delete('pat');
    await assert.rejects(call('pat', fresh), { code: 'token_invalid' });
    says({});
    assert.ok(await call('pat', fresh));
  });

  it('S1.7 B1.8 R-095 caches what introspection said for at most five seconds', async () => {
    await call('pat');
    says({ roles: ['support'] });
    time += 4_999;
    assert.deepEqual((await call('pat')).roles, ['customer']);
    assert.equal(asked(), 1);
    time += 1;
    assert.deepEqual((await call('pat')).roles, ['support']);
    assert.equal(asked(), 2);
  });

  it('B1.8 R-095 counts the five seconds from the question, not from the answer', async () => {
    provider.holding = async () => {
      time += 4_000;
    };
    await call('pat');
    time += 1_000;
    await call('pat');
    assert.equal(asked(), 2);
  });

  it('B1.8 R-095 remembers no answer beyond the token itself', async () => {
    time = seconds(time) * 1000;
    says({ exp: seconds(time) + 2 });
    await call('pat');
    time += 2_000;
    await call('pat');
    assert.equal(asked(), 2);
    time += 31_000;
    await assert.rejects(call('pat'), { code: 'token_expired' });
  });

  it('R-095 asks once for all who wait with the same token', async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    provider.holding = () => held;
    const calls = Array.from({ length: 50 }, () => call('pat'));
    release();
    const identities = await Promise.all(calls);
    assert.equal(asked(), 1);
    assert.equal(new Set(identities).size, 1);
  });

  it('R-095 recomputes what is required for every route', async () => {
    assert.ok(await guard(bearing('pat'), { scopes: ['orders:read'] }));
    await assert.rejects(guard(bearing('pat'), { scopes: ['orders:write'] }), { code: 'scope_missing' });
    await assert.rejects(guard(bearing('pat'), { roles: ['support'] }), { code: 'role_missing' });
    assert.equal(asked(), 1);
  });

  it('R-095 asks again about a refused token after two seconds, and not before', async () => {
    for (let round = 0; round < 5; round++) await assert.rejects(call('new'), { code: 'token_invalid', message: /not active/ });
    assert.equal(asked(), 1);
    provider.known.set('new', active(provider));
    time += 1_999;
    await assert.rejects(call('new'), { code: 'token_invalid' });
    time += 1;
    assert.ok(await call('new'));
  });

  it('R-095 R-037 never takes one token for another that begins or ends like it', async () => {
    const token = `sc_pat_${'a'.repeat(46)}`;
    provider.known.set(token, active(provider));
    await call(token);
    for (const other of [token.slice(0, -1), `${token}a`, `${token}=`, `b${token.slice(1)}`, token.toUpperCase()])
      await assert.rejects(call(other), { code: 'token_invalid' }, other);
    assert.equal(asked(), 6);
  });

  it('R-095 keeps good answers through a flood of invented tokens', async () => {
    let questions = 0;
    const flooded = askingGuard(provider, {
      clock,
      fetch: (url, init) => {
        if (!url.endsWith('/introspect')) return fetch(url, init);
        questions++;
        const token = new URLSearchParams(String(init?.body)).get('token');
        return Promise.resolve(Response.json(token === 'pat' ? active(provider) : { active: false }));
      },
    });
    await call('pat', flooded);
    const at = (token: string) => flooded({ headers: { authorization: `Bearer ${token}` } });
    for (let flood = 0; flood < 10_500; flood++) await at(`invented-${flood}`).catch(() => undefined);
    await call('pat', flooded);
    assert.equal(questions, 10_501);
  });

  it('S1.11 asks about JWTs too, and then needs no keys', async () => {
    const token = await provider.sign({ iss: provider.issuer, sub: 'ada' });
    provider.known.set(token, active(provider));
    assert.ok(await call(token));
    provider.known.delete(token);
    time += 5_000;
    await assert.rejects(call(token), { code: 'token_invalid', message: /not active/ });
    assert.equal(provider.calls.get('/jwks'), undefined);
  });

  it('S1.7 asks about the JWTs of a provider whose tokens go by form only when told to', async () => {
    const token = await provider.sign({ iss: provider.issuer, sub: 'ada', aud: api, client_id: 'shop', exp: seconds() + 600 });
    const preset = { provider: safeconduct({ issuer: provider.issuer }), audience: api };
    assert.ok(await call(token, protect({ ...preset, introspection: credentials })));
    assert.equal(asked(), 0);
    const watchful = protect({ ...preset, introspection: { ...credentials, tokens: 'all', maxAgeSeconds: 0 } });
    await assert.rejects(call(token, watchful), { code: 'token_invalid', message: /not active/ });
    provider.known.set(token, active(provider));
    assert.ok(await call(token, watchful));
    assert.equal(asked(), 2);
    await assert.rejects(call('opaque', watchful), { code: 'token_malformed' });
    assert.equal(asked(), 2);
  });

  it('S1.11 checks JWTs by keys where only opaque tokens are to be asked about', async () => {
    const token = await provider.sign({ iss: provider.issuer, sub: 'ada', aud: api, client_id: 'shop', exp: seconds() + 600 });
    const at = askingGuard(provider, { introspection: { ...credentials, tokens: 'opaque' } });
    assert.ok(await call(token, at));
    assert.equal(asked(), 0);
    assert.ok(await call('pat', at));
  });

  it('asks nobody about a JWT that names another issuer', async () => {
    const token = await provider.sign({ iss: 'https://other.example', sub: 'ada' });
    provider.known.set(token, active(provider));
    await assert.rejects(call(token), { code: 'token_invalid', message: /iss/ });
    assert.equal(asked(), 0);
  });

  it('R-091 sends nothing on that is longer than 16 kB or no token', async () => {
    await assert.rejects(call('a'.repeat(16_385)), { code: 'token_malformed' });
    for (const value of ['a b', 'a,b', 'a"', 'ü', 'a=b'])
      await assert.rejects(guard({ headers: { authorization: `Bearer ${value}` } }), { code: 'request_malformed' });
    assert.equal(asked(), 0);
  });
});
