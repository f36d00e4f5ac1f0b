import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { forge, header, part, startWorld, type World } from './world.fixtures.test.ts';

let world: World;
before(async () => {
  world = await startWorld();
});
after(() => world.close());

describe('a token without a signature', () => {
  it('R-090 S3.4 is refused, however its algorithm is spelled', async () => {
    const [, , signature = ''] = forge(header(), world.claims()).split('.');
    for (const alg of ['none', 'None', 'NONE', 'nOnE', 'none ', 'null', '', null, undefined, false])
      for (const tail of ['', 'AA', signature]) {
        const { status } = await world.knock(`${part(header({ alg }))}.${part(world.claims())}.${tail}`);
        assert.equal(status, 401, `${String(alg)} with ${tail === '' ? 'no' : 'a'} signature`);
      }
  });

  it('R-090 is refused when the signature of an honest token was cut, emptied or zeroed', async () => {
    const [head = '', body = '', signature = ''] = forge(header(), world.claims()).split('.');
    const zeros = Buffer.alloc(64).toString('base64url');
    for (const tail of ['', signature.slice(0, -2), signature.slice(0, 42), zeros, `${signature}AA`, signature.replace(/^./, '')])
      assert.equal((await world.knock(`${head}.${body}.${tail}`)).status, 401);
    for (const whole of [`${head}.${body}`, `${head}..${signature}`, `.${body}.${signature}`, `${head}.${body}.${signature}.`, '..', '.'])
      assert.equal((await world.knock(whole)).status, 401, whole.slice(0, 8));
  });

  it('R-090 is refused when ECDSA’s r or s is zero or beyond the order of the curve', async () => {
    const [head = '', body = '', tail = ''] = forge(header(), world.claims()).split('.');
    const honest = Buffer.from(tail, 'base64url');
    const order = Buffer.from('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551', 'hex');
    const zero = Buffer.alloc(32);
    const r = honest.subarray(0, 32);
    const s = honest.subarray(32);
    for (const [first, second] of [
      [zero, s],
      [r, zero],
      [order, s],
      [r, order],
      [zero, zero],
      [order, order],
    ] as const)
      assert.equal((await world.knock(`${head}.${body}.${Buffer.concat([first, second]).toString('base64url')}`)).status, 401);
  });
});
