/** Mixing up third parties: an answer, a code or a key of one of them at the connection of another. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { type ScriptedProvider, startScriptedProvider } from '@safeconduct/test-support/scripted-provider';
import { Visitor } from '../flows/ways.fixtures.test.ts';
import { accessToken, connectAccount, exchangeForProxy, goThere, type ReachWorld, startReachWorld } from './reach.fixtures.test.ts';

describe('hostile: mixing up third parties', () => {
  let world: ReachWorld;
  let evil: ScriptedProvider;
  before(async () => {
    [world, evil] = await Promise.all([startReachWorld(), startScriptedProvider('attacker')]);
  });
  after(async () => {
    await world?.stop();
    await evil?.close();
  });
  beforeEach(() => {
    world.there.script = {};
    world.there.calls.clear();
    evil.calls.clear();
  });

  const nothingConnected = async (visitor: Visitor) => {
    const { error } = await exchangeForProxy(world, await accessToken(world, visitor));
    assert.equal(error, 'federated_connection_account_not_found');
  };
  const refused = async (visitor: Visitor, callback: URL) => {
    const page = await visitor.get(callback);
    assert.ok(page.status >= 400 || callback.searchParams.has('error'), `${page.status} ${page.url}`);
    assert.ok(!page.text.includes('both of these'), page.text);
    assert.equal(world.there.calls.get('/token'), undefined, 'no code was sent');
    await nothingConnected(visitor);
  };

  it('R-070 RPC-02 takes no answer of one connection at the callback of another', async () => {
    const visitor = new Visitor();
    const callback = world.there.answer(await goThere(world, visitor, { connection: 'calendar' }));
    callback.pathname = '/connections/mail/callback';
    await refused(visitor, callback);
  });

  it('R-071 RPC-05 takes no answer that another issuer gave, or one that does not say who gave it', async () => {
    for (const iss of [evil.issuer, `${world.there.issuer}/`, undefined, '']) {
      const visitor = new Visitor();
      const url = await goThere(world, visitor);
      await refused(visitor, world.there.answer(url, { iss }));
    }
  });

  it('R-071 sends the code of an honest third party to no other, though the answer names it', async () => {
    const visitor = new Visitor();
    const url = await goThere(world, visitor);
    const callback = world.there.answer(url, { iss: evil.issuer });
    await refused(visitor, callback);
    assert.deepEqual([...evil.calls.keys()], []);
  });

  it('R-070 RPC-03 takes no code of another request: neither nonce nor verifier fit', async () => {
    const [attacker, victim] = [new Visitor(), new Visitor()];
    const injected = world.there.answer(await goThere(world, attacker)).searchParams.get('code') ?? '';
    const callback = world.there.answer(await goThere(world, victim));
    callback.searchParams.set('code', injected);
    const page = await victim.get(callback);
    assert.ok(!page.text.includes('both of these'));
    await nothingConnected(victim);
  });

  it('R-070 RPC-01 takes no answer in another browser, and none twice', async () => {
    const [attacker, victim] = [new Visitor(), new Visitor()];
    await goThere(world, victim);
    const callback = world.there.answer(await goThere(world, attacker));
    await refused(victim, callback);
  });

  it('R-072 RPC-11 takes no ID token of another third party, whoever signed it', async () => {
    for (const lie of [
      (claims: object) => ({ ...claims, iss: evil.issuer }),
      (claims: object) => ({ ...claims, aud: 'safeconduct-mail' }),
    ]) {
      const visitor = new Visitor();
      world.there.script = { idTokenClaims: lie };
      const page = await visitor.get(world.there.answer(await goThere(world, visitor)));
      assert.ok(!page.text.includes('both of these'), page.text);
      await nothingConnected(visitor);
    }
  });

  it('connects when nobody interferes', async () => {
    const visitor = new Visitor();
    await connectAccount(world, visitor);
    assert.ok((await exchangeForProxy(world, await accessToken(world, visitor))).access_token);
  });

  it('says no code, state or token in the log', () => {
    const text = world.log.join('');
    assert.ok(!/code=|state=|id_token/.test(text));
  });
});
