/** How applications prove themselves at the token endpoint. */
import assert from 'node:assert/strict';
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { SignJWT } from 'jose';
import { basic, call } from './browser.fixtures.test.ts';
import { engines, startIssuer, type TestIssuer } from './harness.test.ts';
import { configuration, SECRET } from './shop.fixtures.test.ts';

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const jwks = { keys: [{ ...publicKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig', kid: 'signer' }] };
const second = 'another-secret-another-secret-another-secret';
const [project] = configuration.projects ?? [];
assert.ok(project);
const declared = {
  ...configuration,
  projects: [
    {
      ...project,
      applications: [
        ...(project.applications ?? []),
        {
          id: 'signer',
          name: 'Signer',
          kind: 'service' as const,
          authMethod: 'private_key_jwt' as const,
          jwks,
          resources: ['https://api.example.test'],
          scopes: ['orders:read'],
        },
        {
          id: 'overlap',
          name: 'Overlap',
          kind: 'service' as const,
          secret: [second, SECRET],
          resources: ['https://api.example.test'],
          scopes: ['orders:read'],
        },
        {
          id: 'guessed',
          name: 'Guessed',
          kind: 'service' as const,
          secret: SECRET,
          resources: ['https://api.example.test'],
          scopes: ['orders:read'],
        },
      ],
    },
  ],
};

for (const { engine, skip } of engines) {
  describe(`client authentication on ${engine}`, { skip }, () => {
    let issuer: TestIssuer;
    let url: string;
    before(async () => {
      issuer = await startIssuer(engine, declared);
      ({ url } = issuer);
    });
    after(() => issuer.stop());

    const grant = { grant_type: 'client_credentials', scope: 'orders:read' };
    const token = (form: Record<string, string>, headers = {}) => call(url, '/oauth2/token', { form: { ...grant, ...form }, headers });
    const assertion = (claims: Record<string, unknown> = {}, key = privateKey) => {
      const now = Math.floor(Date.now() / 1000);
      const payload = { iss: 'signer', sub: 'signer', aud: url, jti: randomUUID(), iat: now, exp: now + 60, ...claims };
      return new SignJWT(payload).setProtectedHeader({ alg: 'ES256', kid: 'signer' }).sign(key);
    };
    const signed = async (client_assertion: string | Promise<string>) =>
      token({ client_assertion: await client_assertion, client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer' });

    it('R-033 takes a secret in the header or in the body, and not in both or in the address', async () => {
      assert.equal((await token({}, basic('job'))).status, 200);
      assert.equal((await token({ client_id: 'job', client_secret: SECRET })).status, 200);
      assert.equal((await token({ client_id: 'job', client_secret: SECRET }, basic('job'))).json.error, 'invalid_request');
      const inAddress = await call(url, `/oauth2/token?client_id=job&client_secret=${SECRET}`, { form: grant });
      assert.ok(inAddress.status >= 400);
    });

    it('R-033 refuses a wrong secret, a missing one and an unknown application alike', async () => {
      const answers = [
        await token({}, basic('job', 'wrong')),
        await token({}, basic('nobody')),
        await token({ client_id: 'job' }),
        await token({ client_id: 'api', client_secret: `${SECRET}x` }),
      ];
      for (const { status, json } of answers) {
        assert.equal(status, 401);
        assert.deepEqual(json, { error: 'invalid_client', error_description: 'client authentication failed' });
      }
    });

    it('R-033 takes two live secrets, so that one can be replaced', async () => {
      for (const secret of [SECRET, second]) assert.equal((await token({}, basic('overlap', secret))).status, 200);
      assert.equal((await token({}, basic('overlap', 'third-secret-third-secret-third-secret!'))).status, 401);
    });

    it('R-033 does not take the hash of a secret for the secret', async () => {
      const { hashOf } = await import('../secrets/token-format.ts');
      assert.equal((await token({}, basic('job', hashOf(SECRET)))).status, 401);
      assert.equal((await token({}, basic('signer', 'none'))).status, 401);
    });

    it('R-033 takes a signed assertion once, meant for this issuer alone', async () => {
      const good = await assertion();
      assert.equal((await signed(good)).status, 200);
      assert.notEqual((await signed(good)).status, 200, 'a second time');
      const now = Math.floor(Date.now() / 1000);
      const { privateKey: foreign } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const refused = {
        'another audience': assertion({ aud: 'https://else.example.test' }),
        'the token endpoint as audience': assertion({ aud: `${url}/oauth2/token` }),
        'several audiences': assertion({ aud: [url, 'https://else.example.test'] }),
        'an array of one audience': assertion({ aud: [url] }),
        'another subject': assertion({ sub: 'job' }),
        'no identifier': assertion({ jti: undefined }),
        'no end': assertion({ exp: undefined }),
        'a long life': assertion({ exp: now + 3600 }),
        expired: assertion({ exp: now - 60 }),
        'another key': assertion({}, foreign),
      };
      for (const [reason, sent] of Object.entries(refused)) assert.equal((await signed(sent)).json.error, 'invalid_client', reason);
    });

    it('R-033 R-022 of 20 parallel uses of one assertion one succeeds', async () => {
      const once = await assertion();
      const answers = await Promise.all(Array.from({ length: 20 }, () => signed(once)));
      assert.equal(answers.filter(({ status }) => status === 200).length, 1);
    });

    it('R-033 makes whoever guesses secrets wait, and nobody else', async () => {
      const statuses: number[] = [];
      for (let guess = 0; guess < 22; guess++) statuses.push((await token({}, basic('guessed', `guess-${guess}`))).status);
      assert.deepEqual([...new Set(statuses)], [401, 429]);
      assert.equal((await token({}, basic('guessed'))).status, 429);
      assert.equal((await token({}, basic('job'))).status, 200, 'another application from the same place');
    });

    it('writes refused applications to the audit log, without what they sent', async () => {
      if (engine === 'pglite') return;
      const rows = await issuer.sql(`select client, reason, ip_prefix, details from issuer.event where type = 'client.refused'`);
      assert.ok(rows.some(({ client, ip_prefix }) => client === 'guessed' && ip_prefix === '127.0.0.0/24'));
      assert.ok(!JSON.stringify(rows).includes('guess-'));
      assert.ok(!issuer.log.join('').includes(SECRET));
    });
  });
}
