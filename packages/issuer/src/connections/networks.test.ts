import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isLoopbackAddress, networkRule } from './networks.ts';

const refused = [
  '0.0.0.0',
  '0.1.2.3',
  '10.0.0.1',
  '10.255.255.255',
  '100.64.0.1',
  '100.100.100.200',
  '127.0.0.1',
  '127.255.255.254',
  '168.63.129.16',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.192',
  '192.0.2.1',
  '192.88.99.1',
  '192.168.0.1',
  '198.18.0.1',
  '198.19.255.255',
  '198.51.100.7',
  '203.0.113.7',
  '224.0.0.1',
  '239.255.255.250',
  '240.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::127.0.0.1',
  '::10.0.0.1',
  '::8.8.8.8',
  '::ffff:127.0.0.1',
  '::ffff:169.254.169.254',
  '::ffff:8.8.8.8',
  '::ffff:a9fe:a9fe',
  '0:0:0:0:0:ffff:0a00:0001',
  '64:ff9b::8.8.8.8',
  '64:ff9b::a9fe:a9fe',
  '64:ff9b:1::1',
  '100::1',
  '2001::1',
  '2001:0:4136:e378:8000:63bf:3fff:fdd2',
  '2001:10::1',
  '2001:db8::1',
  '2002:a9fe:a9fe::1',
  '2002:7f00:1::',
  '2620:4f:8000::1',
  '3fff::1',
  '4000::1',
  '5f00::1',
  'fc00::1',
  'fd00:ec2::254',
  'fdff::1',
  'fe80::1',
  'fe80::1%eth0',
  'fec0::1',
  'ff02::1',
];
const reached = [
  '1.1.1.1',
  '8.8.8.8',
  '93.184.216.34',
  '172.15.255.255',
  '172.32.0.1',
  '100.128.0.1',
  '2606:4700::1111',
  '2a00:1450:4001::1',
  '2001:4860:4860::8888',
];

describe('addresses that the issuer may connect to', () => {
  it('R-038 SSR-01 refuses every special-use address, however it is spelled', () => {
    const rule = networkRule();
    assert.deepEqual(refused.filter(rule), []);
  });

  it('R-038 SSR-01 reaches public addresses', () => {
    assert.deepEqual(
      reached.filter((address) => !networkRule()(address)),
      [],
    );
  });

  it('R-038 SSR-01 refuses what is no address', () => {
    assert.deepEqual(['', 'localhost', '127.1', '0x7f000001', '2130706433', '1.2.3.4.5', '::g', '1.1.1.1 '].filter(networkRule()), []);
  });

  it('R-038 reaches the networks that the operator listed, and no others', () => {
    const rule = networkRule(['10.20.0.0/16', 'fd12::/16', '192.168.7.9']);
    assert.deepEqual(
      ['10.20.3.4', 'fd12::9', '192.168.7.9'].filter((address) => !rule(address)),
      [],
    );
    assert.deepEqual(['10.21.0.1', 'fd13::1', '192.168.7.8', '127.0.0.1', '169.254.169.254'].filter(rule), []);
  });

  it('says which entry is no network', () => {
    for (const entry of ['10.0.0.0/33', '10.0.0/8', 'fd00::/129', 'internal', '10.0.0.0/8/8', '10.0.0.0/', '10.0.0.0/-1'])
      assert.throws(() => networkRule([entry]), { name: 'TypeError', message: new RegExp(entry.replaceAll('.', '\\.')) });
  });

  it('knows this machine', () => {
    assert.ok(['127.0.0.1', '127.9.9.9', '::1'].every(isLoopbackAddress));
    assert.ok(!['128.0.0.1', '::2', 'localhost'].some(isLoopbackAddress));
  });
});
