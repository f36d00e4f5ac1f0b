import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { forge, header, keys, publicJwk, sendJson, startWorld, stranger, type World } from './world.fixtures.test.ts';

let world: World;
before(async () => {
  world = await startWorld();
});
after(() => world.close());

describe('a cache that somebody wants to poison', () => {
  it('R-095 gives nobody the identity of a token that ends alike', async () => {
    const guard = world.guard();
    const honest = forge(header(), world.claims());
    assert.equal((await world.knock(honest, guard)).subject, 'ada');
    const [head = '', , tail = ''] = honest.split('.');
    const body = Buffer.from(JSON.stringify(world.claims({ sub: 'ben', roles: ['admin'] }))).toString('base64url');
    for (const forged of [`${head}.${body}.${tail}`, `${head}x.${body}.${tail}`, tail, `x${honest}`, honest.slice(1), honest.slice(-32)])
      assert.equal((await world.knock(forged, guard)).status, 401);
    assert.equal((await world.knock(honest, guard)).subject, 'ada');
  });

  it('R-095 never turns a refusal into an admission, nor keeps one when the reason is gone', async () => {
    let time = Date.now();
    const guard = world.guard({ clock: () => time });
    const early = forge(header(), world.claims({ nbf: Math.floor(time / 1000) + 120 }));
    assert.equal((await world.knock(early, guard)).status, 401);
    time += 121_000;
    assert.equal((await world.knock(early, guard)).status, 200);
  });

  it('R-095 decides anew for each route: what is remembered is who, not what they may', async () => {
    const guard = world.guard();
    const token = forge(header(), world.claims());
    const request = () => new Request('https://api.example', { headers: { authorization: `Bearer ${token}` } });
    assert.equal((await guard(request())).subject, 'ada');
    await assert.rejects(guard(request(), { scopes: ['orders:write'] }), { code: 'scope_missing' });
    await assert.rejects(guard(request(), { roles: ['admin'] }), { code: 'role_missing' });
    assert.equal((await guard(request(), { scopes: ['orders:read'] })).subject, 'ada');
  });

  it('R-095 shares nothing between guards of different APIs', async () => {
    const token = forge(header(), world.claims());
    assert.equal((await world.knock(token)).status, 200);
    assert.equal((await world.knock(token, world.guard({ audience: 'https://other.example' }))).status, 401);
  });

  it('R-094 R-095 forgets what a key signed as soon as the provider withdraws the key', async () => {
    let time = Date.now();
    const guard = world.guard({ clock: () => time });
    const token = forge(header(), world.claims());
    assert.equal((await world.knock(token, guard)).status, 200);
    world.lies.set('/jwks', (_request, response) => sendJson(response, { keys: [publicJwk('RS256')] }));
    time += 31_000;
    const unknown = forge(header({ kid: 'another' }), world.claims(), stranger().privateKey);
    assert.equal((await world.knock(unknown, guard)).status, 401);
    assert.equal((await world.knock(token, guard)).status, 401);
    world.lies.delete('/jwks');
  });

  it('R-095 stays bounded: a hundred thousand worthless tokens leave no trace', async () => {
    const guard = world.guard();
    const honest = forge(header(), world.claims(), keys.ES256.privateKey);
    assert.equal((await world.knock(honest, guard)).status, 200);
    const bearing = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
    for (let index = 0; index < 100_000; index++) await guard(bearing(`${index}.x.${index}`)).catch(() => {});
    world.asked.length = 0;
    assert.equal((await world.knock(honest, guard)).status, 200);
    assert.deepEqual(world.asked, []);
  });
});
