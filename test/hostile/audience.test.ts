import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { AUDIENCE, forge, header, startWorld, type World } from './world.fixtures.test.ts';

let world: World;
before(async () => {
  world = await startWorld();
});
after(() => world.close());

const knock = async (aud: unknown) => (await world.knock(forge(header(), world.claims({ aud })))).status;

describe('a token for somebody else', () => {
  it('R-092 is refused: another audience, none, or one that only looks like this API', async () => {
    const others = [
      undefined,
      null,
      '',
      [],
      'https://other.example',
      `${AUDIENCE}/`,
      `${AUDIENCE}.evil.example`,
      AUDIENCE.toUpperCase(),
      `${AUDIENCE} `,
      `${AUDIENCE}#`,
      `x${AUDIENCE}`,
      AUDIENCE.slice(0, -1),
      `${AUDIENCE},https://other.example`,
      `${AUDIENCE} https://other.example`,
    ];
    for (const aud of others) assert.equal(await knock(aud), 401, JSON.stringify(aud));
  });

  it('R-092 is refused when its audience is no text or list of texts', async () => {
    for (const aud of [{ 0: AUDIENCE, length: 1 }, [[AUDIENCE]], [{ aud: AUDIENCE }], { [AUDIENCE]: true }, true, 1, [1, 2], [null]])
      assert.equal(await knock(aud), 401, JSON.stringify(aud));
  });

  it('R-092 is let in when this API is one of several', async () => {
    assert.equal(await knock(['https://other.example', AUDIENCE]), 200);
  });
});
