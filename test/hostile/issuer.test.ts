import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { forge, header, startWorld, type World } from './world.fixtures.test.ts';

let world: World;
before(async () => {
  world = await startWorld();
});
after(() => world.close());

describe('a token of another issuer', () => {
  it('R-092 is refused, however alike its issuer is, although the key is the right one', async () => {
    const { issuer } = world;
    const alike = [
      undefined,
      null,
      '',
      'evil',
      `${issuer}/`,
      `${issuer}#`,
      `${issuer}?`,
      issuer.toUpperCase(),
      issuer.replace('127.0.0.1', 'localhost'),
      ` ${issuer}`,
      `${issuer}/realms/x`,
      issuer.replace('http:', 'https:'),
      [issuer],
      { iss: issuer },
      issuer.replace('1', '１'),
    ];
    for (const iss of alike) assert.equal((await world.knock(forge(header(), world.claims({ iss })))).status, 401, JSON.stringify(iss));
  });

  it('R-092 is refused when its subject is none, empty, no text or longer than 255 characters', async () => {
    for (const sub of [undefined, null, '', 1, true, ['ada'], { sub: 'ada' }, 'a'.repeat(256)])
      assert.equal((await world.knock(forge(header(), world.claims({ sub })))).status, 401, JSON.stringify(sub));
    assert.equal((await world.knock(forge(header(), world.claims({ sub: 'a'.repeat(255) })))).status, 200);
  });

  it('R-092 is refused when it names no client, or one that is no text', async () => {
    for (const client_id of [undefined, null, '', 1, ['shop'], {}])
      assert.equal((await world.knock(forge(header(), world.claims({ client_id })))).status, 401, JSON.stringify(client_id));
  });

  it('R-092 does not get one member past the guard by naming it twice', async () => {
    const { iss: _iss, ...rest } = world.claims();
    const text = JSON.stringify(rest).slice(1);
    const twice = (first: unknown, second: unknown) => `{"iss":${JSON.stringify(first)},"iss":${JSON.stringify(second)},${text}`;
    assert.equal((await world.knock(forge(header(), twice(world.issuer, 'evil')))).status, 401);
    assert.equal((await world.knock(forge(header(), `{"__proto__":{"iss":${JSON.stringify(world.issuer)}},${text}`))).status, 401);
  });
});
