import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { freePort } from '@safeconduct/test-support/ports';
import { createIssuer, type IssuerOptions } from './index.ts';
import { type Raw, raw, type Started, start } from './issuer.fixtures.test.ts';
import { introspect, refresh, signIn } from './provider/harness.test.ts';
import { MAX_BODY, MAX_URL } from './provider/limits.ts';
import { ADA, configuration, SECRET } from './provider/shop.fixtures.test.ts';

describe('an issuer on the embedded database', () => {
  let shared: Started;
  let end: () => Promise<void>;
  before(async () => {
    ({ started: shared, end } = await start());
  });
  after(() => end());

  it('R-146 logs no secret, token, code, password, cookie or query string while a person signs in and out', async () => {
    const { url, log } = shared;
    const { tokens, code, verifier } = await signIn(url);
    const refreshed = await refresh(url, tokens.refresh_token);
    assert.equal(refreshed.status, 200);
    await introspect(url, tokens.access_token);
    const seen = log.join('');
    const secrets = [
      ...Object.values(tokens),
      ...Object.values(refreshed.json as Record<string, string>),
      code,
      verifier,
      ADA.password,
      ADA.email,
      SECRET,
    ];
    for (const secret of secrets.filter(
      (value) => typeof value === 'string' && value.length > 10 && value !== tokens.scope && !value.includes(' orders'),
    )) {
      assert.ok(!seen.includes(secret), `logged ${secret.slice(0, 6)}…`);
    }
    assert.doesNotMatch(seen, /[?&](code|state|client_id)=|_session|_interaction=|eyJ/);
    assert.match(seen, /"route":"\/interaction\/:uid\/login"/);
    assert.match(seen, /"requestId":"[\w-]{36}"/);
  });

  it('R-149 is alive and ready, says nothing else, and lets nobody cache it', async () => {
    const { url } = shared;
    for (const [path, text] of [
      ['/livez', 'alive\n'],
      ['/readyz', 'ready\n'],
    ] as const) {
      const answer = await fetch(url + path);
      assert.deepEqual([answer.status, await answer.text(), answer.headers.get('cache-control')], [200, text, 'no-store']);
    }
  });

  it('answers on both loopback addresses, because browsers take localhost to be either', async () => {
    const { port } = shared;
    assert.equal((await fetch(`http://127.0.0.1:${port}/livez`)).status, 200);
    assert.equal((await fetch(`http://[::1]:${port}/livez`)).status, 200);
  });

  it('says its own origin, whatever the Host header says', async () => {
    const { port, url } = shared;
    const headers = {
      host: 'evil.example',
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'https',
      forwarded: 'host=evil.example',
    };
    const { body } = await raw(port, { path: '/.well-known/openid-configuration', headers });
    assert.doesNotMatch(body, /evil/);
    assert.equal(JSON.parse(body).token_endpoint, `${url}/oauth2/token`);
  });

  it('R-012 refuses what is too large before it is read, and goes on serving', async () => {
    const { port, url } = shared;
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const cases: readonly (readonly [request: Raw, status: number])[] = [
      [{ path: `/oauth2/authorize?state=${'a'.repeat(MAX_URL)}` }, 414],
      [{ path: '/', headers: { 'x-large': 'a'.repeat(40_000) } }, 431],
      [{ method: 'POST', path: '/oauth2/token', headers: { ...form, 'content-length': String(MAX_BODY + 1) } }, 413],
      [{ method: 'POST', path: '/interaction/x/login', headers: { ...form, 'content-length': String(MAX_BODY + 1) } }, 413],
      [{ method: 'POST', path: '/oauth2/token', headers: form, body: `grant_type=${'a'.repeat(MAX_BODY)}` }, 413],
      [{ method: 'DELETE', path: '/oauth2/token' }, 405],
    ];
    for (const [request, status] of cases)
      assert.equal((await raw(port, request)).status, status, `${request.method} ${request.path.slice(0, 30)}`);
    assert.equal((await fetch(`${url}/livez`)).status, 200);
  });

  it('refuses a path that two programs could read differently', async () => {
    const { port } = shared;
    const paths = ['//evil.example/', '/../etc/passwd', '/oauth2/./token', '/a%2f..%2fb', '/%2e%2e/', '/a\\b', '/%00', '/%25%32%65'];
    for (const path of paths) assert.equal((await raw(port, { path })).status, 400, path);
  });

  it('says which port is taken and which setting to change, and lets go of the data directory', async () => {
    const blocker = createServer();
    await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', resolve));
    const { port } = blocker.address() as { port: number };
    const dataDirectory = mkdtempSync(join(tmpdir(), 'safeconduct-port-'));
    const options = { dataDirectory, issuer: `http://localhost:${port}`, logLevel: 'silent' } as const;
    const issuer = await createIssuer(options);
    await assert.rejects(issuer.listen(), new RegExp(`port ${port} .* is taken by another program.*SAFECONDUCT_ISSUER`));
    await issuer.close();
    await new Promise((resolve) => blocker.close(resolve));
    const again = await createIssuer(options);
    await again.listen();
    await again.close();
    rmSync(dataDirectory, { recursive: true, force: true });
  });

  it('finds what it knew after it was stopped and started again', async () => {
    const dataDirectory = mkdtempSync(join(tmpdir(), 'safeconduct-again-'));
    const issuer = `http://localhost:${await freePort()}`;
    const keysOf = async (options: IssuerOptions) => {
      const one = await createIssuer({ dataDirectory, issuer, logLevel: 'silent', ...options });
      await one.listen();
      const keys = await (await fetch(`${issuer}/oauth2/jwks`)).text();
      await one.close();
      return { keys, applied: one.applied };
    };
    const first = await keysOf({ configuration });
    const second = await keysOf({ configuration });
    assert.equal(second.keys, first.keys);
    assert.ok(first.applied.length > 0);
    assert.deepEqual(second.applied, []);
    rmSync(dataDirectory, { recursive: true, force: true });
  });
});
