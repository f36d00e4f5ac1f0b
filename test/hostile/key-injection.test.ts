import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { forge, header, sendJson, startWorld, stranger, type World } from './world.fixtures.test.ts';

let world: World;
before(async () => {
  world = await startWorld();
});
after(() => world.close());

describe('a token that brings its own key along', () => {
  it('R-093 is refused, and nothing in its header is ever fetched', async () => {
    const { privateKey, jwk } = stranger();
    world.lies.set('/evil', (_request, response) => sendJson(response, { keys: [{ ...jwk, kid: 'evil', alg: 'ES256', use: 'sig' }] }));
    const evil = `${world.issuer}/evil`;
    const injections: Record<string, unknown>[] = [
      { jwk },
      { jwk: { ...jwk, kid: 'ES256' } },
      { jku: evil },
      { jku: `${world.issuer}/jwks@evil.example/` },
      { x5u: evil },
      { x5c: ['MIIB'] },
      { x5t: 'AAAA', 'x5t#S256': 'AAAA' },
      { jku: evil, jwk, x5u: evil, x5c: [evil] },
    ];
    for (const injected of injections)
      for (const kid of ['ES256', 'evil', undefined]) {
        const { status } = await world.knock(forge(header({ ...injected, kid }), world.claims(), privateKey));
        assert.equal(status, 401, `${Object.keys(injected)} with kid ${kid}`);
      }
    assert.ok(!world.asked.includes('/evil'));
  });

  it('R-093 is refused when its key id is a path, a query or a pattern', async () => {
    const { privateKey } = stranger();
    for (const kid of [
      '../../../../dev/null',
      '/dev/null',
      "' or 1=1 --",
      'ES256|x',
      '*',
      '.*',
      '',
      '__proto__',
      'constructor',
      'ES256\u0000',
      ['ES256'],
      { kid: 'ES256' },
      0,
      null,
    ])
      assert.equal((await world.knock(forge(header({ kid }), world.claims(), privateKey))).status, 401, JSON.stringify(kid));
  });

  it('R-093 is refused when its header claims extensions that must be understood', async () => {
    for (const crit of [['b64'], ['exp'], ['x'], [], 'b64', null, {}])
      assert.equal((await world.knock(forge(header({ crit, b64: true, x: 1 }), world.claims()))).status, 401, JSON.stringify(crit));
    assert.equal((await world.knock(forge(header({ b64: false }), world.claims()))).status, 401);
  });

  it('R-093 is refused when it is encrypted, nested or a detached signature', async () => {
    const inner = forge(header(), world.claims());
    assert.equal((await world.knock(forge(header({ cty: 'JWT' }), inner))).status, 401);
    assert.equal((await world.knock(forge(header({ enc: 'A256GCM', alg: 'dir' }), world.claims()))).status, 401);
    const [head = '', , tail = ''] = inner.split('.');
    assert.equal((await world.knock(`${head}..${tail}`)).status, 401);
    assert.equal((await world.knock(`${inner}.AA.AA`)).status, 401);
  });
});
