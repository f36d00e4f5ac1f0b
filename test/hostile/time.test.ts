import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { forge, header, startWorld, type World } from './world.fixtures.test.ts';

let world: World;
before(async () => {
  world = await startWorld();
});
after(() => world.close());

const now = () => Math.floor(Date.now() / 1000);
const knock = (changes: Record<string, unknown>) => world.knock(forge(header(), world.claims(changes)));

describe('a token out of its time', () => {
  it('R-092 is refused when it has expired, also by a lifetime ago', async () => {
    for (const exp of [now() - 31, now() - 3600, 1, 0]) {
      const { status, code } = await knock({ exp });
      assert.deepEqual([status, code], [401, 'token_expired'], String(exp));
    }
  });

  it('R-092 is refused when its expiry is no number that stands for a time', async () => {
    for (const exp of [-1, -1e15, undefined, null, '', String(now() + 600), true, [now() + 600], {}, 'never'])
      assert.equal((await knock({ exp })).code, 'token_invalid', JSON.stringify(exp));
    const { exp: _exp, ...rest } = world.claims();
    for (const exp of ['1e400', '-1e400', '9e999', '1e309']) {
      const payload = `{"exp":${exp},${JSON.stringify(rest).slice(1)}`;
      assert.equal((await world.knock(forge(header(), payload))).status, 401, exp);
    }
  });

  it('R-092 is refused when it is not valid yet or was issued in the future', async () => {
    for (const changes of [
      { nbf: now() + 90 },
      { nbf: now() + 1e9 },
      { nbf: 'soon' },
      { nbf: null },
      { iat: now() + 90 },
      { iat: 1e300 },
      { iat: 'today' },
      { iat: {} },
    ])
      assert.equal((await knock(changes)).status, 401, JSON.stringify(changes));
  });

  it('R-092 is forgiven thirty seconds of clock, and no more', async () => {
    assert.equal((await knock({ exp: now() - 20 })).status, 200);
    assert.equal((await knock({ nbf: now() + 20, iat: now() + 20 })).status, 200);
    assert.equal((await knock({ exp: now() - 45 })).status, 401);
    assert.equal((await knock({ nbf: now() + 45 })).status, 401);
  });

  it('R-092 is not let in by a cache after its expiry', async () => {
    let time = Date.now();
    const guard = world.guard({ clock: () => time });
    const token = forge(header(), world.claims());
    assert.equal((await world.knock(token, guard)).status, 200);
    time += 640_000;
    assert.deepEqual([(await world.knock(token, guard)).code, (await world.knock(token, guard)).code], ['token_expired', 'token_expired']);
  });
});
