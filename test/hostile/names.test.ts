import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { generic } from 'safeconduct/providers';
import { forge, header, startWorld, type World } from './world.fixtures.test.ts';

let world: World;
before(async () => {
  world = await startWorld();
});
after(() => world.close());

const status = async (claims: Record<string, unknown>, require: Record<string, readonly string[]>) =>
  (await world.knock(forge(header(), world.claims(claims)), world.guard({ require }))).status;

describe('names that look like what is required', () => {
  it('R-098 give no right: another case, blanks, a part, a pattern, letters that look the same', async () => {
    for (const scope of [
      'Orders:read',
      'ORDERS:READ',
      'orders:rea',
      'orders:reads',
      'orders',
      'orders:*',
      '*',
      'orders:read\u200b',
      'orders\uff1aread',
      'оrders:read',
      'orders:read,orders:write',
      'orders:read;x',
      '"orders:read"',
      'orders:read\u0000',
      'orders:re\u0301ad',
      '',
      'openid',
    ])
      assert.equal(await status({ scope }, { scopes: ['orders:read'] }), 403, JSON.stringify(scope));
    for (const role of [
      'Admin',
      'ADMIN',
      'admi',
      'admins',
      'admin ',
      ' admin',
      'аdmin',
      'ad\u00admin',
      'admin\u0000',
      'ａdmin',
      '*',
      '',
      'user admin',
    ])
      assert.equal(await status({ roles: [role] }, { roles: ['admin'] }), 403, JSON.stringify(role));
  });

  it('R-098 give no right when the claim has another shape than the provider’s', async () => {
    for (const roles of [undefined, null, true, 1, [['admin']], [{ name: 'admin' }], [1], 'x admin-not', [null, 'x']])
      assert.equal(await status({ roles }, { roles: ['admin'] }), 403, JSON.stringify(roles));
    for (const scope of [undefined, null, true, 1, { 0: 'x' }, [['orders:read']]])
      assert.equal(await status({ scope }, { scopes: ['orders:read'] }), 403, JSON.stringify(scope));
  });

  it('R-098 give no right by what every object inherits', async () => {
    for (const name of ['toString', 'constructor', '__proto__', 'hasOwnProperty', 'length']) {
      assert.equal(await status({ roles: {} }, { roles: [name] }), 403, name);
      const nested = world.guard({ provider: generic({ issuer: world.issuer, roles: ['realm', name] }), require: { roles: ['admin'] } });
      assert.equal((await world.knock(forge(header(), world.claims({ realm: {} })), nested)).status, 403, name);
    }
  });

  it('B1.9 R-098 keep scopes and roles apart: neither stands for the other', async () => {
    assert.equal(await status({ scope: 'admin', roles: [] }, { roles: ['admin'] }), 403);
    assert.equal(await status({ scope: '', roles: ['orders:read'] }, { scopes: ['orders:read'] }), 403);
  });

  it('R-097 B1.1 are named in the refusal, and only those that are missing', async () => {
    const guard = world.guard({ require: { scopes: ['openid', 'orders:write'] } });
    const { status: code, error, challenge } = await world.knock(forge(header(), world.claims()), guard);
    assert.deepEqual([code, error], [403, 'insufficient_scope']);
    assert.match(challenge, /scope="orders:write"/);
  });
});
