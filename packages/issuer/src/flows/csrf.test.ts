import assert from 'node:assert/strict';
import { createSecretKey, randomBytes } from 'node:crypto';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, it } from 'node:test';
import { createAddressOf } from './client-address.ts';
import { formToken, formTokenMatches, fromOurPage } from './csrf.ts';
import { formTarget, pageHeaders } from './security-headers.ts';

const key = createSecretKey(randomBytes(32));
const ISSUER = 'https://id.example';

describe('form tokens', () => {
  it('R-055 takes the token of this transaction and no other', () => {
    const token = formToken(key, 'one');
    assert.equal(formTokenMatches(key, 'one', token), true);
    for (const other of [formToken(key, 'two'), formToken(createSecretKey(randomBytes(32)), 'one'), '', undefined, `${token}x`]) {
      assert.equal(formTokenMatches(key, 'one', other), false);
    }
  });

  it('R-055 believes what the browser says about where a post comes from', () => {
    const ours = [
      { origin: ISSUER, site: 'same-origin' },
      { origin: 'null', site: 'same-origin' },
      { origin: ISSUER },
      {},
      { site: 'none' },
    ];
    const foreign = [
      { origin: 'https://evil.example', site: 'cross-site' },
      { origin: 'null', site: 'cross-site' },
      { origin: 'null' },
      { origin: 'https://evil.example' },
      { origin: 'https://x.id.example', site: 'same-site' },
      { origin: ISSUER, site: 'same-site' },
      { origin: `${ISSUER}:8443` },
      { origin: 'http://id.example' },
    ];
    assert.deepEqual(
      ours.filter((one) => !fromOurPage(ISSUER, one)),
      [],
    );
    assert.deepEqual(
      foreign.filter((one) => fromOurPage(ISSUER, one)),
      [],
    );
  });
});

describe('page headers', () => {
  it('R-008 let a form lead to registered places only', () => {
    assert.equal(formTarget('https://shop.example/cb?x=1'), 'https://shop.example');
    assert.equal(formTarget('http://127.0.0.1:4711/cb'), 'http://127.0.0.1:4711');
    assert.equal(formTarget('http://[::1]:4711/cb'), 'http:', 'a policy cannot name an IPv6 address');
    assert.equal(formTarget('com.example.app:/cb'), 'com.example.app:');
    assert.equal(formTarget('no url; script-src *'), undefined);
    const policy = pageHeaders(ISSUER, { leadsTo: ['https://a.example/1', 'https://a.example/2'] })['content-security-policy'];
    assert.match(policy ?? '', /form-action 'self' https:\/\/a\.example;/);
  });

  it('R-008 ask for https for a year where there is https', () => {
    assert.equal(pageHeaders(ISSUER)['strict-transport-security'], 'max-age=31536000');
    assert.equal(pageHeaders('http://localhost:8080')['strict-transport-security'], undefined);
  });
});

describe('the address of a caller', () => {
  const from = (remoteAddress: string, forwarded?: string, trusted: readonly string[] = []) => {
    const request = new IncomingMessage(Object.defineProperty(new Socket(), 'remoteAddress', { value: remoteAddress }));
    if (forwarded !== undefined) request.headers['x-forwarded-for'] = forwarded;
    return createAddressOf(trusted)(request);
  };

  it('R-052 is what the socket says, whatever the request claims', () => {
    assert.equal(from('203.0.113.5', '198.51.100.1'), '203.0.113.5');
    assert.equal(from('::ffff:203.0.113.5'), '203.0.113.5');
  });

  it('R-052 is what the last trusted proxy saw', () => {
    const proxies = ['10.0.0.0/8', '2001:db8::/32'];
    assert.equal(from('10.0.0.1', '198.51.100.1', proxies), '198.51.100.1');
    assert.equal(from('10.0.0.1', '6.6.6.6, 198.51.100.1, 10.9.9.9', proxies), '198.51.100.1', 'what stands before it is made up');
    assert.equal(from('2001:db8::1', '2a00::5', proxies), '2a00::5');
    assert.equal(from('10.0.0.1', 'garbage', proxies), '10.0.0.1');
    assert.equal(from('10.0.0.1', undefined, proxies), '10.0.0.1');
    assert.throws(() => createAddressOf(['proxy.internal']), /write 10\.0\.0\.7/);
  });
});
