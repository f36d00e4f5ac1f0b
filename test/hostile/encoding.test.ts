import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { forge, header, keys, part, startWorld, type World } from './world.fixtures.test.ts';

let world: World;
before(async () => {
  world = await startWorld();
});
after(() => world.close());

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** The same bytes, spelled with other unused bits in the last character. */
function otherSpelling(text: string): string | undefined {
  const spare = { 2: 4, 3: 2 }[(text.length % 4) as 2 | 3];
  if (spare === undefined) return undefined;
  const last = alphabet.indexOf(text.at(-1) ?? '');
  return text.slice(0, -1) + alphabet[(last & ~((1 << spare) - 1)) | ((last + 1) & ((1 << spare) - 1))];
}

describe('a token that is spelled in another way', () => {
  it('R-091 is refused with padding, with the letters of plain base64, with blanks or escapes, in any part', async () => {
    const parts = forge(header(), world.claims({ filler: '~~~???>>>' }), keys.ES256.privateKey).split('.');
    assert.equal((await world.knock(parts.join('.'))).status, 200);
    const changes: ((text: string) => string)[] = [
      (text) => `${text}=`,
      (text) => `${text}==`,
      (text) => `${text.slice(0, 5)} ${text.slice(5)}`,
      (text) => `${text.slice(0, 5)}\t${text.slice(5)}`,
      (text) => `${text}%3D`,
      (text) => `${text}!`,
      (text) => `${text}+/`,
      (text) => `/${text}`,
    ];
    for (const place of [0, 1, 2])
      for (const change of changes) {
        const spelled = parts.map((text, index) => (index === place ? change(text) : text)).join('.');
        const { status } = await world.knock(spelled);
        assert.ok(status === 401 || status === 400, `part ${place}: ${status} for ${change}`);
      }
  });

  it('R-091 is refused when unused bits of the last character are set: one signature has one spelling', async () => {
    let tried = 0;
    for (let attempt = 0; attempt < 30; attempt++) {
      const [head = '', body = '', tail = ''] = forge(header(), world.claims({ filler: 'x'.repeat(attempt % 3) })).split('.');
      for (const [first, second, third] of [
        [otherSpelling(head), body, tail],
        [head, otherSpelling(body), tail],
        [head, body, otherSpelling(tail)],
      ])
        if (first !== undefined && second !== undefined && third !== undefined) {
          tried++;
          assert.equal((await world.knock(`${first}.${second}.${third}`)).status, 401);
        }
    }
    assert.ok(tried > 30);
  });

  it('R-091 is refused when a part is no JSON object', async () => {
    for (const text of [
      '',
      'null',
      '[]',
      '"x"',
      '1',
      'true',
      '{',
      '{}x',
      '\ufeff{}',
      '{"alg":"ES256"',
      "{'alg':'ES256'}",
      '\u0000',
      '\ud800',
    ]) {
      assert.equal((await world.knock(forge(text, world.claims()))).status, 401, `header ${text}`);
      assert.equal((await world.knock(forge(header(), text))).status, 401, `payload ${text}`);
    }
  });

  it('R-091 is refused when a part is not UTF-8', async () => {
    const bad = Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]).toString('base64url');
    const [, , tail = ''] = forge(header(), world.claims()).split('.');
    assert.equal((await world.knock(`${bad}.${part(world.claims())}.${tail}`)).status, 401);
    assert.equal((await world.knock(`${part(header())}.${bad}.${tail}`)).status, 401);
  });
});
