/** Keys of the vault that change, are missing or are out of reach. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, beforeEach, it } from 'node:test';
import { parseMasterKeys } from '../secrets/master-key.ts';
import { onBothEngines } from '../store/stores.fixtures.test.ts';
import { type Kek, type Keks, KekUnavailable } from './kek.ts';
import { createKeks } from './keks.ts';
import { ADA, EVE, keksOf, openWorld, WEB, type World } from './vault.fixtures.test.ts';
import type { Vault } from './vault.ts';

onBothEngines('the keys of the vault', (fixture) => {
  let world: World;
  let id: string;
  before(async () => {
    world = await openWorld(fixture.store());
  });
  after(() => world.close());
  beforeEach(async () => {
    await world.sql('delete from issuer.connected_account');
    await world.sql('delete from issuer.data_key');
    Object.assign(world.party, { mood: 'well', refreshes: 0, alarms: 0, gate: Promise.resolve() });
    // Without what an earlier test left in memory.
    fresh = await world.open();
    id = (await world.connect(ADA)).id;
  });
  let fresh: Vault;

  const ask = async (vault: Vault, person = ADA) =>
    vault.token({ userId: person, applicationId: WEB, connection: await world.connection() });
  const whose = async (vault: Vault, person = ADA) => {
    const answer = await ask(vault, person);
    return answer.kind === 'token' ? world.party.personOf(answer.accessToken) : answer.kind;
  };
  const keys = () => world.sql('select id, kek, retired_at is not null as retired from issuer.data_key order by created_at, id');
  const status = async (vault: Vault) => (await vault.status()).find(({ connection }) => connection === 'calendar');

  it('R-124 keeps tokens in no column as they are', async () => {
    await ask(world.vault);
    const rows = JSON.stringify([
      await world.sql('select * from issuer.connected_account'),
      await world.sql('select * from issuer.data_key'),
    ]);
    assert.doesNotMatch(rows, /\b[ar]t-[0-9a-f]{24}/);
  });

  it('seals with a new key after a rotation, the old accounts in the background, and removes old keys later', async () => {
    assert.deepEqual(await world.vault.rotate({ actor: 'usr_admin' }), { keys: 1 });
    assert.deepEqual(await status(world.vault), { connection: 'calendar', active: 1, reconnect: 0, keys: 1, stale: 1 });
    assert.equal(await whose(fresh), ADA);
    await fresh.maintain();
    assert.equal((await status(world.vault))?.stale, 0);
    assert.equal(await whose(await world.open()), ADA);
    assert.equal((await keys()).length, 2);
    await world.sql(`update issuer.data_key set retired_at = now() - interval '2 hours' where retired_at is not null`);
    await fresh.maintain();
    assert.deepEqual(
      (await keys()).map(({ retired }) => retired),
      [false],
    );
    assert.equal(await whose(await world.open()), ADA);
  });

  it('loses nothing when accounts are renewed, connected again and sealed again at once', async () => {
    for (let round = 0; round < 5; round++) {
      await world.vault.rotate();
      await world.expire(id);
      await Promise.all([ask(fresh), world.vault.maintain(), fresh.maintain(), world.connect(EVE), ask(world.vault)]);
      assert.equal(await whose(await world.open()), ADA);
      assert.equal(await whose(await world.open(), EVE), EVE);
    }
    await fresh.maintain();
    assert.equal((await status(fresh))?.stale, 0);
    assert.equal(world.party.alarms, 0);
  });

  it('makes one data key when many connect for the first time', async () => {
    await world.sql('delete from issuer.connected_account');
    await world.sql('delete from issuer.data_key');
    const vaults = await Promise.all(Array.from({ length: 4 }, () => world.open()));
    const connection = await world.connection();
    const account = {
      issuer: 'x',
      name: undefined,
      email: undefined,
      emailVerified: false,
      fullName: undefined,
      authenticatedAt: undefined,
    };
    await Promise.all(
      vaults.map((vault, index) =>
        vault.keep({
          userId: ADA,
          organizationId: 'shop-org',
          connection,
          account: { ...account, subject: `ada-${index}` },
          tokens: world.party.grant(ADA),
          asked: [],
          application: { id: WEB, scopes: [] },
        }),
      ),
    );
    assert.equal((await keys()).length, 1);
    assert.equal(await whose(await world.open()), ADA);
  });

  it('moves data keys under a new key-encryption key, and refuses to start without one that is still needed', async () => {
    const vaultKeys = parseMasterKeys(randomBytes(32).toString('base64url'));
    const masterKeys = parseMasterKeys(world.opening.masterKey);
    const moved = await world.open({ keks: await createKeks({ masterKeys, vaultKeys }) });
    await moved.check();
    assert.equal((await status(moved))?.stale, 1);
    const without = await world.open({ keks: await createKeks({ masterKeys: vaultKeys }) });
    await assert.rejects(
      without.check(),
      /does not open under master:[0-9a-f]{8}: .*not among those configured: add it after the newest one/,
    );
    assert.equal((await ask(without)).kind, 'unavailable');
    await moved.maintain();
    assert.equal((await status(moved))?.stale, 0);
    const [key] = await keys();
    assert.match(String(key?.kek), /^key:/);
    const alone = await world.open({ keks: await createKeks({ masterKeys: [], vaultKeys }) });
    await alone.check();
    assert.equal(await whose(alone), ADA);
  });

  it('F-22 answers "later" while the key-encryption key is away, and gives no token and loses none', async () => {
    const keks = switchable(await keksOf(world.opening.masterKey));
    const vault = await world.open({ keks, keyMaxAge: 1_500 });
    assert.equal(await whose(vault), ADA);
    keks.away = true;
    // What was unwrapped is used until its age, and no longer.
    assert.equal(await whose(vault), ADA);
    await new Promise((resolve) => setTimeout(resolve, 1_600));
    assert.deepEqual(await ask(vault), { kind: 'unavailable', retryAfter: 3 });
    await world.expire(id);
    assert.equal((await ask(vault)).kind, 'unavailable');
    assert.equal(world.party.refreshes, 0);
    await assert.rejects(
      vault.keep({
        userId: EVE,
        organizationId: 'shop-org',
        connection: await world.connection(),
        account: {
          issuer: 'x',
          subject: 'e',
          name: undefined,
          email: undefined,
          emailVerified: false,
          fullName: undefined,
          authenticatedAt: undefined,
        },
        tokens: world.party.grant(EVE),
        asked: [],
      }),
      KekUnavailable,
    );
    keks.away = false;
    assert.equal(await whose(await world.open({ keks })), ADA);
  });
});

function switchable(keks: Keks): Keks & { away: boolean } {
  const guarded = (kek: Kek): Kek => {
    const near = async <T>(work: () => Promise<T>): Promise<T> => {
      if (switched.away) throw new KekUnavailable('away');
      return work();
    };
    return {
      id: kek.id,
      wrap: (key, context) => near(() => kek.wrap(key, context)),
      unwrap: (wrapped, context) => near(() => kek.unwrap(wrapped, context)),
    };
  };
  const find = (id: string) => {
    const kek = keks.find(id);
    return kek && guarded(kek);
  };
  const switched = { away: false, current: guarded(keks.current), find };
  return switched;
}
