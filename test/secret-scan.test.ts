import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, it } from 'node:test';
import { secretScan } from './secret-scan.ts';

const part = 'abcdefghijklmnopqrstuvwxyz0123456789';
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

const secrets: Readonly<Record<string, string>> = {
  'a signed token': ['ey', `J${part}.${part}.${part}`].join(''),
  'an opaque token or client secret': ['sc_', `pat_${'x'.repeat(46)}`].join(''),
  'a private key': String(privateKey.export({ type: 'pkcs8', format: 'pem' })).split('\n')[0] ?? '',
  'a password hash': ['$argon2', 'id$v=19$m=65536'].join(''),
  'an authorization header': `Basic ${Buffer.from(part).toString('base64')}`,
};

describe('the scan of everything that a test run prints', () => {
  for (const [kind, secret] of Object.entries(secrets)) {
    it(`R-146 finds ${kind}, even when it comes in pieces, and does not repeat it`, () => {
      const scan = secretScan();
      for (const piece of [`first line\nlog: ${secret.slice(0, 7)}`, `${secret.slice(7)} and`, ' more\nlast']) scan.read(piece);
      assert.deepEqual(scan.findings(), [`line 2: ${kind}`]);
    });
  }

  it('R-146 passes what only looks a little like one', () => {
    const scan = secretScan();
    scan.read(
      'Bearer realm="api", error="invalid_token"\nsc_pat_short\neyJ.short\nBasic authentication is how an API asks\nBearer [secret]\n',
    );
    assert.deepEqual(scan.findings(), []);
  });
});
