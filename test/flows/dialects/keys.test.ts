/** Keys of origins: a set for each issuer, published as clients of vendors read it, and rotated while tokens are in use. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createIssuer, type Issuer } from '@safeconduct/issuer';
import { freePort } from '@safeconduct/test-support/ports';
import { createDatabase, postgresSkipped, type TestDatabase } from '@safeconduct/test-support/postgres';
import { createLocalJWKSet, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from 'jose';
import pg from 'pg';
import { API, base, OTHER_ORG, SECRET, SHOP_ORG } from './world.fixtures.test.ts';

describe('keys of origins', { skip: postgresSkipped }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'safeconduct-keys-'));
  const metadata: Record<string, { issuer: string; jwks_uri: string; token_endpoint: string }> = {};
  let database: TestDatabase;
  let issuer: Issuer;

  before(async () => {
    database = await createDatabase();
    const at = async () => `http://localhost:${await freePort()}`;
    const [home, zitadel, auth0, keycloak] = [await at(), await at(), await at(), await at()];
    issuer = await createIssuer({
      issuer: home,
      databaseUrl: database.url,
      dataDirectory: directory,
      logLevel: 'silent',
      configuration: base,
      origins: [
        { url: zitadel, dialect: 'zitadel' },
        { url: auth0, dialect: 'auth0', entra: {} },
        { url: keycloak, dialect: 'keycloak' },
      ],
    });
    await issuer.listen();
    for (const [name, address] of Object.entries({
      standard: home,
      zitadel,
      auth0,
      keycloak: `${keycloak}/realms/${SHOP_ORG}`,
      entra: `${auth0}/${SHOP_ORG}/v2.0`,
      'entra elsewhere': `${auth0}/${OTHER_ORG}/v2.0`,
    }))
      metadata[name] = await json(`${address}/.well-known/openid-configuration`);
  });

  after(async () => {
    await issuer.close(0);
    await database.drop();
    rmSync(directory, { recursive: true });
  });

  const keysOf = (name: string): Promise<JSONWebKeySet> => json(metadata[name]?.jwks_uri ?? '');
  const kidsOf = async (name: string) => (await keysOf(name)).keys.map(({ kid }) => String(kid));
  const robot = { grant_type: 'client_credentials', client_id: 'shop-robot', client_secret: SECRET };
  const wanted: Record<string, Record<string, string>> = {
    standard: { resource: API, scope: 'orders:read' },
    auth0: { audience: API },
    entra: { scope: `${API}/.default` },
    keycloak: { scope: 'orders:read' },
  };
  async function tokenOf(name: string): Promise<string> {
    const body = new URLSearchParams({ ...robot, ...wanted[name] });
    const { access_token: token } = await json<{ access_token: string }>(metadata[name]?.token_endpoint ?? '', { method: 'POST', body });
    return token;
  }

  it('are another set for each issuer, tenants included, so that what one signed verifies nowhere else', async () => {
    const sets = await Promise.all(Object.keys(metadata).map(kidsOf));
    assert.ok(sets.every((kids) => kids.length === 2));
    assert.equal(new Set(sets.flat()).size, 2 * sets.length);
    const token = await tokenOf('entra');
    await assert.doesNotReject(jwtVerify(token, createLocalJWKSet(await keysOf('entra'))));
    for (const name of Object.keys(metadata).filter((one) => one !== 'entra'))
      await assert.rejects(jwtVerify(token, createLocalJWKSet(await keysOf(name))), { code: 'ERR_JWKS_NO_MATCHING_KEY' }, name);
  });

  for (const name of ['auth0', 'keycloak', 'entra'])
    it(`S3.3 have a certificate of the same key at ${name}, and the token says which`, async () => {
      const { keys } = await keysOf(name);
      for (const { n, e, x5c, x5t, kid, use, kty } of keys) {
        const certificate = new X509Certificate(Buffer.from(x5c?.[0] ?? '', 'base64'));
        assert.ok(certificate.verify(certificate.publicKey));
        const open = certificate.publicKey.export({ format: 'jwk' });
        assert.deepEqual([open.n, open.e, use, kty], [n, e, 'sig', 'RSA']);
        assert.equal(Buffer.from(certificate.fingerprint.replaceAll(':', ''), 'hex').toString('base64url'), x5t ?? kid);
      }
      const { kid, alg } = decodeProtectedHeader(await tokenOf(name));
      assert.deepEqual([alg, kid], ['RS256', keys[0]?.kid]);
    });

  it('F-15 rotate at every origin without a restart, while tokens of the old key still verify', async () => {
    const names = Object.keys(wanted);
    const before = await Promise.all(names.map(async (name) => ({ name, token: await tokenOf(name), kids: await kidsOf(name) })));
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    await client.query(
      `update issuer.signing_key set published_at = now() - interval '100 days', activated_at = activated_at - interval '100 days'`,
    );
    await client.end();
    await issuer.maintain();
    for (const { name, token, kids } of before) {
      assert.equal(decodeProtectedHeader(await tokenOf(name)).kid, kids[1], name);
      assert.equal((await kidsOf(name)).length, 3, name);
      await assert.doesNotReject(jwtVerify(token, createLocalJWKSet(await keysOf(name))), name);
    }
  });
});

async function json<T>(url: string, init?: RequestInit): Promise<T> {
  const response = await fetch(url, init);
  assert.equal(response.status, 200, `${url}: ${response.ok ? '' : await response.clone().text()}`);
  return (await response.json()) as T;
}
