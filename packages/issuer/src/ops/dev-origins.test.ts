import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { OriginDeclaration } from '../configuration/origins.ts';
import { dialectNames, dialectOf, mountable } from '../dialects/table.ts';
import { chooseOrigins, type WantedOrigins } from './dev-origins.ts';

const choose = (names: readonly string[], more: Partial<WantedOrigins> = {}) =>
  chooseOrigins({ names, port: undefined, declared: [], issuer: undefined, ...more });
const urlOf = (name: string): string => dialectOf(name)?.local?.url ?? '';
const vendors = dialectNames.filter((name) => name !== 'standard');
const plain = vendors.find((name) => !mountable(name) && urlOf(name).startsWith('http:')) ?? '';
const secure = vendors.find((name) => !mountable(name) && urlOf(name).startsWith('https:')) ?? '';
const beside = (name: string) => vendors.find((other) => mountable(other) && urlOf(other) === urlOf(name)) ?? '';

describe('where dev puts what --dialect names', () => {
  for (const name of vendors)
    it(`is an address of this machine for ${name}, and the issuer moves out of its way`, () => {
      const { origins, issuer } = choose([name]);
      assert.deepEqual(origins, [{ url: urlOf(name), dialect: name }]);
      assert.match(urlOf(name), /^https?:\/\/localhost:\d+$/);
      assert.equal(issuer, urlOf(name) === 'http://localhost:8080' ? 'http://localhost:8090' : undefined);
    });

  it('is the port that --port gives for the first one, and for the issuer itself when there is none', () => {
    assert.deepEqual(choose([plain, secure], { port: 9000 }), {
      origins: [
        { url: 'http://localhost:9000', dialect: plain },
        { url: urlOf(secure), dialect: secure },
      ],
      issuer: 'http://localhost:8090',
    });
    assert.deepEqual(choose([], { port: 9000 }), { origins: [], issuer: 'http://localhost:9000' });
    assert.equal(choose([], { port: 9000, issuer: 'http://localhost:8070' }).issuer, 'http://localhost:9000');
    assert.equal(choose([secure], { port: 8080 }).issuer, 'http://localhost:8090');
    assert.deepEqual(choose([]), { origins: [], issuer: undefined });
  });

  it('keeps the issuer off the usual port of a dialect that --port puts elsewhere, because something else is there', () => {
    assert.equal(choose([plain], { port: 8180 }).issuer, 'http://localhost:8090');
    assert.equal(choose([plain], { port: 8090 }).issuer, 'http://localhost:8091');
    assert.equal(choose([secure], { port: 8543 }).issuer, undefined);
    assert.equal(choose([plain], { port: 8180, issuer: 'http://localhost:8070' }).issuer, undefined);
  });

  it('is one origin for two where all paths of one begin with a tenant, whichever is named first', () => {
    for (const name of [plain, secure]) {
      const shared = [{ url: urlOf(name), dialect: name, [beside(name)]: {} }];
      assert.deepEqual(choose([name, beside(name)]).origins, shared);
      assert.deepEqual(choose([beside(name), name]).origins, shared);
    }
  });

  it('is nothing more for a dialect that is named twice, is the issuer’s own, or is in the configuration file', () => {
    const declared: OriginDeclaration[] = [{ url: 'http://localhost:7000', dialect: plain, [beside(plain)]: {} }];
    assert.deepEqual(choose([plain, 'standard', plain]).origins.length, 1);
    assert.deepEqual(choose([plain, beside(plain)], { declared }), { origins: declared, issuer: undefined });
  });

  it('is the next port where an origin of the configuration file has the usual one', () => {
    const declared: OriginDeclaration[] = [{ url: urlOf(plain), dialect: 'standard' }];
    assert.deepEqual(choose([plain], { declared }).origins[1], { url: 'http://localhost:8081', dialect: plain });
  });

  it('leaves the issuer where it was told to be', () => {
    assert.equal(choose([plain], { issuer: 'http://localhost:8080' }).issuer, undefined);
  });

  it('refuses what is no dialect, and names those that there are', () => {
    assert.throws(() => choose(['klingon']), /--dialect must be one of standard, .*, not klingon/);
  });
});
