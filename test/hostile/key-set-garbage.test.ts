import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { forge, header, type Lie, publicJwk, sendJson, startWorld, type World } from './world.fixtures.test.ts';

let world: World;
before(async () => {
  world = await startWorld();
});
after(() => world.close());

const answering =
  (body: string | Buffer, status = 200, headers: Record<string, string> = {}): Lie =>
  (_request, response) =>
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);

/** What a fresh guard makes of an honest token while the provider lies about its keys. */
async function under(lie: Lie, path = '/jwks') {
  world.lies.set(path, lie);
  try {
    return await world.knock(forge(header(), world.claims()), world.guard());
  } finally {
    world.lies.delete(path);
  }
}

describe('a provider whose key set is garbage', () => {
  it('R-094 lets nobody in, and is never the caller’s fault', async () => {
    const texts = [
      '',
      'null',
      '[]',
      '{}',
      '{"keys":{}}',
      '{"keys":null}',
      '{"keys":"x"}',
      '<html>',
      '{"keys":[',
      '\ufeff',
      '1',
      'true',
      Buffer.from([0xff, 0xfe, 0x00]),
    ];
    for (const text of texts) {
      const { status, error, challenge } = await under(answering(text));
      assert.ok(status === 502 || status === 503, `${status} for ${String(text)}`);
      assert.notEqual(error, 'invalid_token');
      assert.equal(challenge, '');
    }
    for (const status of [204, 400, 401, 404, 418])
      assert.ok((await under(answering('{"keys":[]}', status))).status >= 500, String(status));
    for (const status of [429, 500, 502, 503]) assert.equal((await under(answering('', status))).status, 503, String(status));
  });

  it('R-094 is passed over key by key: one good key among worthless ones is enough', async () => {
    const junk = [
      null,
      1,
      'x',
      [],
      {},
      { kty: 'oct', k: 'c2VjcmV0', kid: 'ES256', alg: 'ES256' },
      { kty: 'EC', crv: 'P-256', x: '!', y: '!', kid: 'ES256' },
      { kty: 'EC', crv: 'P-256', kid: 'ES256' },
      { kty: 'RSA', n: 'AQAB', e: 'AQAB', kid: 'ES256' },
      { kty: 'EC', crv: 'secp256k1', x: 'AA', y: 'AA', kid: 'ES256' },
      { ...publicJwk('ES256'), use: 'enc' },
      { ...publicJwk('ES256'), key_ops: ['encrypt'] },
      { ...publicJwk('ES256'), key_ops: 'verify' },
      { ...publicJwk('ES256'), kty: 'RSA' },
    ];
    assert.equal((await under((_request, response) => sendJson(response, { keys: [...junk, publicJwk('ES256')] }))).status, 200);
    assert.equal((await under((_request, response) => sendJson(response, { keys: junk }))).status, 401);
  });

  it('R-094 cannot hide which key is meant by naming two alike', async () => {
    const other = { ...publicJwk('ES256'), x: publicJwk('ES256').y, y: publicJwk('ES256').x };
    assert.equal(
      (await under((_request, response) => sendJson(response, { keys: [publicJwk('ES256'), publicJwk('ES256'), other] }))).status,
      401,
    );
  });

  it('R-094 cannot make the guard work without end: the set and its number of keys are bounded', async () => {
    const many = Array.from({ length: 5_000 }, (_, index) => ({ ...publicJwk('ES256'), kid: `k${index}` }));
    const { status } = await under((_request, response) => sendJson(response, { keys: [...many, publicJwk('ES256')] }));
    assert.ok(status === 401 || status === 502, String(status));
    assert.ok((await under(answering(`{"keys":[],"x":"${'x'.repeat(1_000_000)}"}`))).status >= 500);
  });

  it('R-094 that lies about its metadata is not asked for keys', async () => {
    const { issuer } = world;
    const honest = {
      issuer,
      jwks_uri: `${issuer}/jwks`,
      authorization_endpoint: `${issuer}/a`,
      token_endpoint: `${issuer}/t`,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['ES256'],
    };
    const lies: Record<string, unknown>[] = [
      { issuer: 'https://evil.example' },
      { issuer: `${issuer}/` },
      { issuer: undefined },
      { jwks_uri: undefined },
      { jwks_uri: 1 },
      { jwks_uri: 'ftp://127.0.0.1/jwks' },
      { jwks_uri: 'file:///etc/passwd' },
      { jwks_uri: 'http://keys.example/jwks' },
      { jwks_uri: 'javascript:0' },
      { jwks_uri: '/jwks' },
    ];
    for (const lie of lies) {
      world.asked.length = 0;
      const { status } = await under(
        (_request, response) => sendJson(response, { ...honest, ...lie }),
        '/.well-known/openid-configuration',
      );
      assert.ok(status >= 500, JSON.stringify(lie));
      assert.ok(!world.asked.includes('/jwks'), JSON.stringify(lie));
    }
  });
});
