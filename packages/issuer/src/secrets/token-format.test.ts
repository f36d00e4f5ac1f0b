import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { Secret } from './secret.ts';
import { hashOf, kindOf, newToken } from './token-format.ts';

describe('an opaque value', () => {
  it('has its kind, 40 random characters and a checksum', () => {
    const value = newToken('rt');
    assert.match(value, /^sc_rt_[0-9A-Za-z]{46}$/);
    assert.equal(kindOf(value), 'rt');
    assert.notEqual(newToken('rt'), value);
  });

  it('is told from junk without a database', () => {
    const value = newToken('pat');
    for (let at = 0; at < value.length; at++) {
      const changed = value.slice(0, at) + (value[at] === 'x' ? 'y' : 'x') + value.slice(at + 1);
      assert.equal(kindOf(changed), undefined, `position ${at}`);
    }
    for (const junk of [
      '',
      'sc_pat_',
      `sc_zz_${'a'.repeat(46)}`,
      `${value}a`,
      value.slice(0, -1),
      ` ${value}`,
      randomBytes(40).toString('hex'),
    ]) {
      assert.equal(kindOf(junk), undefined, junk);
    }
  });

  it('R-037 is looked up by the hash of all of it: no prefix has the same one', () => {
    const value = newToken('at');
    const hashes = new Set(Array.from({ length: value.length }, (_, index) => hashOf(value.slice(0, index + 1))));
    assert.equal(hashes.size, value.length);
    assert.match(hashOf(value), /^[\w-]{43}$/);
  });
});

describe('a secret', () => {
  it('R-146 shows itself in no way of printing', () => {
    const secret = new Secret('hunter2-hunter2');
    const shown = [
      String(secret),
      `${secret}`,
      JSON.stringify({ secret }),
      inspect({ secret }, { depth: 9, showHidden: true }),
      inspect(secret),
    ];
    for (const text of shown) assert.doesNotMatch(text, /hunter2/);
    assert.equal(secret.reveal(), 'hunter2-hunter2');
  });
});
