import assert from 'node:assert/strict';
import { createSecretKey, randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { cookieKeys, parseMasterKeys } from './master-key.ts';
import { createSeal } from './seal.ts';

const key = (id: string) => ({ id, key: createSecretKey(randomBytes(32)) });

describe('a seal', () => {
  const first = key('aaaaaaaa');
  const second = key('bbbbbbbb');
  const seal = createSeal([first]);

  it('gives back what was sealed, whatever the letters', () => {
    for (const text of ['', 'short', 'Grüße 👋'.repeat(1000)]) assert.equal(seal.unseal(seal.seal(text, 'row|1'), 'row|1'), text);
  });

  it('names the key that sealed a box, and never seals alike twice', () => {
    const [one, two] = [seal.seal('x', 'row'), seal.seal('x', 'row')];
    assert.match(one, /^sc1\.aaaaaaaa\.[\w-]{16}\.[\w-]*\.[\w-]{22}$/);
    assert.notEqual(one, two);
  });

  it('does not open the box of another row', () => {
    assert.throws(() => seal.unseal(seal.seal('x', 'row|1'), 'row|2'));
  });

  it('does not open a box in which any character was changed', () => {
    const box = seal.seal('a secret of some length', 'row');
    for (let at = 0; at < box.length; at++) {
      const changed = box.slice(0, at) + (box[at] === 'A' ? 'B' : 'A') + box.slice(at + 1);
      assert.throws(() => seal.unseal(changed, 'row'), `position ${at}`);
    }
  });

  it('does not open a shortened tag', () => {
    const box = seal.seal('x', 'row');
    assert.throws(() => seal.unseal(box.slice(0, -6), 'row'));
  });

  it('opens boxes of an older master key and calls them stale', () => {
    const old = seal.seal('x', 'row');
    const rotated = createSeal([second, first]);
    assert.equal(rotated.unseal(old, 'row'), 'x');
    assert.equal(rotated.stale(old), true);
    assert.equal(rotated.stale(rotated.seal('x', 'row')), false);
  });

  it('says which key is missing', () => {
    assert.throws(() => createSeal([second]).unseal(seal.seal('x', 'row'), 'row'), /sealed with master key aaaaaaaa/);
  });

  it('cannot be made without a key', () => assert.throws(() => createSeal([]), TypeError));
});

describe('the master key', () => {
  const value = randomBytes(32);

  it('is read in base64, base64url and hex, and is the same key in each', () => {
    const ids = [value.toString('base64'), value.toString('base64url'), value.toString('hex')].map((text) => parseMasterKeys(text)[0]?.id);
    assert.equal(new Set(ids).size, 1);
  });

  it('may be a list, newest first, of which each gives a cookie key', () => {
    const keys = parseMasterKeys(`${value.toString('base64')}\n${randomBytes(32).toString('base64')}\n`);
    assert.equal(keys.length, 2);
    assert.equal(new Set(cookieKeys(keys)).size, 2);
    assert.deepEqual(cookieKeys(keys), cookieKeys(keys));
  });

  const weak = [
    '',
    'short',
    'MasterkeyNeedsToHave32Characters',
    'A'.repeat(43),
    '0'.repeat(64),
    Buffer.from('changeme-changeme-changeme-chang').toString('base64'),
  ];
  for (const text of weak) {
    it(`R-144 refuses "${text.slice(0, 12)}…", which is not 32 random bytes`, () => {
      assert.throws(() => parseMasterKeys(text), /openssl rand -base64 32/);
    });
  }
});
