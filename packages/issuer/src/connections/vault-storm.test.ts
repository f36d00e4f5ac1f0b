/** Everything at once: people connect, disconnect and are renewed, keys change, and administrators panic. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { postgresSkipped } from '@safeconduct/test-support/postgres';
import type { Store } from '../store/database.ts';
import { declare } from '../store/stores.fixtures.test.ts';
import { ADA, EVE, openWorld, WEB, type World } from './vault.fixtures.test.ts';
import type { Vault } from './vault.ts';

const ROUNDS = 25;

describe('a storm over the vault', { skip: postgresSkipped }, () => {
  const fixture = declare('postgres');
  let world: World;
  let beside: Store;
  let vaults: readonly Vault[];
  before(async () => {
    world = await openWorld(fixture.store());
    beside = await fixture.open();
    vaults = [world.vault, await world.open({ on: beside })];
  });
  after(async () => {
    await Promise.all(vaults.map((vault) => vault.settle()));
    await world.close();
    await beside.close();
  });

  it("R-122 R-124 never gives somebody else's token, sends no refresh token twice, and leaves every account usable or marked", async () => {
    const connection = await world.connection();
    const given: { readonly person: string; readonly owner: string | undefined }[] = [];
    const ask = async (vault: Vault, person: string) => {
      const answer = await vault.token({ userId: person, applicationId: WEB, connection });
      assert.notEqual(answer.kind, 'unavailable');
      // A token that was revoked meanwhile belongs to nobody any more.
      if (answer.kind === 'token') given.push({ person, owner: world.party.personOf(answer.accessToken) });
    };
    for (let round = 0; round < ROUNDS; round++) {
      const accounts = await Promise.all([world.connect(ADA), world.connect(EVE)]);
      await Promise.all(accounts.map(({ id }) => world.expire(id)));
      const [here, there] = vaults as [Vault, Vault];
      const asked = Array.from({ length: 12 }, (_, index) => ask(index % 2 ? here : there, index % 3 ? ADA : EVE));
      const more = [
        () => here.disconnect(String(accounts[0]?.id), { userId: ADA }),
        () => world.connect(ADA),
        () => there.rotate(),
        () => here.maintain(),
        () => there.maintain(),
        () => (round % 5 === 4 ? there.panic('calendar') : undefined),
      ];
      await Promise.all([...asked, ...more.filter((_, index) => (round >> (index % 3)) & 1 || index > 3).map((work) => work())]);
    }
    assert.ok(given.length > ROUNDS);
    assert.deepEqual(
      given.filter(({ person, owner }) => owner !== undefined && owner !== person),
      [],
    );
    assert.equal(world.party.alarms, 0);
    const left = await world.sql(`select count(*)::int as n from issuer.connected_account
      where refresh_claim is not null or (state = 'reconnect') <> (state_reason is not null)`);
    assert.deepEqual(left, [{ n: 0 }]);
    for (const person of [ADA, EVE]) {
      await world.connect(person);
      const answer = await world.vault.token({ userId: person, applicationId: WEB, connection });
      assert.ok(answer.kind === 'token' && world.party.personOf(answer.accessToken) === person);
    }
    assert.ok(world.told.every((line) => !line.startsWith('vault_unreadable')));
  });
});
