import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { forge, header, startWorld, type World } from './world.fixtures.test.ts';

let world: World;
before(async () => {
  world = await startWorld();
});
after(() => world.close());

describe('a token of another type', () => {
  it('R-092 is refused: an ID token, a logout token, a security event, a DPoP proof, an assertion, a token without a type', async () => {
    const types = [
      'JWT',
      'jwt',
      'id_token+jwt',
      'logout+jwt',
      'secevent+jwt',
      'dpop+jwt',
      'client-authentication+jwt',
      'oauth-authz-req+jwt',
      '',
      undefined,
    ];
    for (const typ of types) assert.equal((await world.knock(forge(header({ typ }), world.claims()))).status, 401, String(typ));
  });

  it('R-092 is refused when its type is nearly right, or no text', async () => {
    for (const typ of [
      'at+jwt ',
      ' at+jwt',
      'at+jwt;v=1',
      'at jwt',
      'at+jwt\u0000',
      'xat+jwt',
      'text/at+jwt',
      ['at+jwt'],
      { typ: 'at+jwt' },
      null,
      1,
      true,
    ])
      assert.equal((await world.knock(forge(header({ typ }), world.claims()))).status, 401, JSON.stringify(typ));
  });

  it('R-092 is let in with the media type in full and in any letter case (RFC 7515 section 4.1.9)', async () => {
    for (const typ of ['at+jwt', 'application/at+jwt', 'AT+JWT'])
      assert.equal((await world.knock(forge(header({ typ }), world.claims()))).status, 200, typ);
  });
});
