import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { forge, header, startWorld, type World } from './world.fixtures.test.ts';

let world: World;
before(async () => {
  world = await startWorld();
});
after(() => world.close());

/** `{"a":{"a":…}}` or `[[…]]`, written by hand: a parser is what is under attack. */
const nested = (open: string, close: string, depth: number) => `${open.repeat(depth)}1${close.repeat(depth)}`;

describe('a token that is too much', () => {
  it('R-091 is refused above 16 kB without being looked at', async () => {
    const long = forge(header(), world.claims({ filler: 'x'.repeat(17_000) }));
    assert.deepEqual([(await world.knock(long)).status, (await world.knock(long)).code], [401, 'token_malformed']);
    for (const size of [100_000, 1_000_000]) assert.equal((await world.knock('x'.repeat(size))).status, 401);
  });

  it('R-091 is refused when its header is deep or wide, although it is signed', async () => {
    assert.equal(
      (await world.knock(forge(`{"alg":"ES256","typ":"at+jwt","kid":"ES256","x":${nested('{"a":', '}', 400)}}`, world.claims()))).status,
      401,
    );
    assert.equal(
      (await world.knock(forge(`{"alg":"ES256","typ":"at+jwt","kid":"ES256","x":${nested('[', ']', 2000)}}`, world.claims()))).status,
      401,
    );
    const wide = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`k${index}`, index]));
    assert.equal((await world.knock(forge(header(wide), world.claims()))).status, 401);
  });

  it('R-091 does no harm when its payload is deep: it is refused, or read without an error', async () => {
    const { iss, ...rest } = world.claims();
    for (const [open, close, depth] of [
      ['{"a":', '}', 1000],
      ['[', ']', 4000],
    ] as const) {
      const payload = `{"iss":${JSON.stringify(iss)},"x":${nested(open, close, depth)},${JSON.stringify(rest).slice(1)}`;
      const { status } = await world.knock(forge(header(), payload));
      assert.ok(status === 401 || status === 200, String(status));
    }
  });

  it('R-091 is refused when it has more or fewer than three parts, even a hundred thousand', async () => {
    const token = forge(header(), world.claims());
    for (const text of [token.replace('.', ''), `${token}.x`, `x.${token}`, '.'.repeat(15_000), 'a.'.repeat(7_000), `${token}.${token}`])
      assert.equal((await world.knock(text)).status, 401);
  });

  it('R-091 takes no longer the more it is', async () => {
    const cost = async (text: string) => {
      const began = process.cpuUsage();
      for (let time = 0; time < 200; time++) await world.knock(text);
      const { user, system } = process.cpuUsage(began);
      return user + system;
    };
    await cost('x');
    const short = await cost('x'.repeat(100));
    // A hundred thousand times the work for a thousand times the text would show; a slow machine does not.
    assert.ok((await cost('.'.repeat(16_000))) < short * 200);
    assert.ok((await cost(`${'='.repeat(16_000)}x`)) < short * 200);
  });
});
