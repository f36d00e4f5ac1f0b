import assert from 'node:assert/strict';
import { after, before, beforeEach, it } from 'node:test';
import type { Store } from '../store/database.ts';
import { onBothEngines } from '../store/stores.fixtures.test.ts';
import { StoreUnavailable } from '../store/unavailable.ts';
import { ADA, openWorld, WEB, type World } from './vault.fixtures.test.ts';
import type { Vault } from './vault.ts';

onBothEngines('a renewal whose answers get lost', (fixture) => {
  let world: World;
  let id: string;
  before(async () => {
    world = await openWorld(fixture.store());
  });
  after(() => world.close());
  beforeEach(async () => {
    Object.assign(world.party, { asked: 0, revoked: [] });
    await world.sql('delete from issuer.connected_account');
    id = (await world.connect(ADA)).id;
    await world.expire(id);
  });

  const ask = async (vault: Vault) => {
    const answer = await vault.token({ userId: ADA, applicationId: WEB, connection: await world.connection() });
    return answer.kind === 'token' ? world.party.personOf(answer.accessToken) : answer.kind;
  };
  const row = async () => (await world.sql('select version, refresh_claim from issuer.connected_account where id = $1', [id]))[0];
  /** A vault that does not hear of one commit, though it happens: the first whose result is like this. */
  const deafTo = (like: (result: unknown) => boolean) => {
    const store = fixture.store();
    let deaf = true;
    const transaction: Store['transaction'] = async (work) => {
      const result = await store.transaction(work);
      if (!deaf || !like(result)) return result;
      deaf = false;
      throw new StoreUnavailable(new Error('cut'));
    };
    return world.open({ store: { ...store, transaction } });
  };

  it('F-04 finds its own token when the answer to its commit was lost', async () => {
    assert.equal(await ask(await deafTo((result) => result === true)), ADA);
    assert.deepEqual([await row(), world.party.asked, world.party.revoked], [{ version: 2, refresh_claim: null }, 1, []]);
  });

  it('F-04 costs nobody an account when the answer to its claim was lost: nothing was sent', async () => {
    const vault = await deafTo((result) => result === 'mine');
    await assert.rejects(ask(vault), StoreUnavailable);
    await vault.settle();
    assert.deepEqual([await row(), world.party.asked], [{ version: 1, refresh_claim: null }, 0]);
    assert.equal(await ask(vault), ADA);
  });

  it('is not closed before a renewal is stored, also when nobody waits for it any more', async () => {
    let release = () => {};
    world.party.gate = new Promise((resolve) => {
      release = resolve;
    });
    const asked = ask(world.vault);
    while (world.party.asked === 0) await new Promise((resolve) => setImmediate(resolve));
    const settled = world.vault.settle().then(() => 'settled');
    assert.equal(await Promise.race([settled, row().then(() => 'waits')]), 'waits');
    release();
    await settled;
    assert.equal((await row())?.version, 2);
    assert.equal(await asked, ADA);
  });
});
