import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { safeReturnTo } from './return-to.ts';

describe('returnTo', () => {
  it('R-079 keeps a path of the same origin with its query and fragment', () => {
    for (const path of ['/', '/orders', '/orders/1001?tab=items&x=//y#top', '/a%2Fb']) assert.equal(safeReturnTo(path), path);
  });

  it('R-079 becomes / for everything that a browser could take elsewhere', () => {
    const away = ['', 'orders', 'https://evil.example', '//evil.example', '///evil.example', '/\\evil.example', '\\\\evil.example'];
    const tricks = [
      '/\t/evil.example',
      '/\n/evil.example',
      '/.//evil.example',
      '/x/..//evil.example',
      '/%2e%2e//evil.example',
      ' //evil.example',
    ];
    for (const target of [...away, ...tricks, `/${'a'.repeat(2_000)}`, null, undefined])
      assert.equal(safeReturnTo(target), '/', String(target));
  });

  it('R-079 never leaves the origin, whatever it is', () => {
    const pieces = fc.constantFrom(
      '/',
      '\\',
      '.',
      '..',
      '//',
      '@',
      ':',
      '?',
      '#',
      '%2f',
      '%5c',
      '\t',
      '\r\n',
      'evil.example',
      'https:',
      'x',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 8 }), (parts) => {
        const target = safeReturnTo(parts.join(''));
        assert.equal(new URL(target, 'https://shop.example').origin, 'https://shop.example');
        assert.doesNotMatch(target, /[\r\n]/);
      }),
      { numRuns: 2_000 },
    );
  });
});
