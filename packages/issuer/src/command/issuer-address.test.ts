import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { issuerAddress } from './issuer-address.ts';

const of = (flag: string | undefined, environment: Record<string, string> = {}) => issuerAddress(flag, { environment });

describe('the issuer of a command', () => {
  it('is the flag, else the environment, else the one on this machine', () => {
    assert.equal(of('https://login.example/', { SAFECONDUCT_ISSUER: 'https://other.example' }), 'https://login.example');
    assert.equal(of(undefined, { SAFECONDUCT_ISSUER: 'https://other.example' }), 'https://other.example');
    assert.equal(of(undefined), 'http://localhost:8080');
  });

  for (const address of ['http://login.example', 'ftp://login.example', 'login.example', 'http://localhost.evil.example'])
    it(`is not ${address}, because the token would go there`, () => assert.throws(() => of(address), /must b/));

  for (const address of ['https://login.example/path', 'https://ada@login.example', 'https://login.example?x'])
    it(`is an origin alone, not ${address}`, () => assert.throws(() => of(address), /scheme, host and port alone/));
});
