import assert from 'node:assert/strict';
import { after, before, beforeEach, it } from 'node:test';
import type { Store } from '../store/database.ts';
import { onBothEngines } from '../store/stores.fixtures.test.ts';
import type { Connection } from './connection.ts';
import { ADA, EVE, openWorld, SCOPES, WEB, type World } from './vault.fixtures.test.ts';
import type { Vault, VaultAnswer } from './vault.ts';

onBothEngines('renewing a token of a third party', (fixture) => {
  let world: World;
  let beside: Store | undefined;
  /** Two vaults: on PostgreSQL with a pool each, as two processes have them. */
  let vaults: Vault[];
  let id: string;
  let connection: Connection;
  before(async () => {
    world = await openWorld(fixture.store());
    connection = await world.connection();
    beside = fixture.engine === 'postgres' ? await fixture.open() : undefined;
  });
  after(async () => {
    await world.close();
    await beside?.close();
  });
  beforeEach(async () => {
    vaults = [await world.open(), await world.open(beside && { on: beside })];
    Object.assign(world.party, { mood: 'well', asked: 0, refreshes: 0, alarms: 0, expiresIn: 3600, revoked: [], gate: Promise.resolve() });
    await world.sql('delete from issuer.connected_account');
    id = (await world.connect(ADA)).id;
  });

  const ask = async (vault = vaults[0], { person = ADA, safe = false } = {}): Promise<VaultAnswer> => {
    assert.ok(vault);
    return vault.token({ userId: person, applicationId: WEB, connection: safe ? { ...connection, refreshRetry: 'safe' } : connection });
  };
  const whose = (answer: VaultAnswer) => (answer.kind === 'token' ? world.party.personOf(answer.accessToken) : answer.kind);
  const outcome = (answer: VaultAnswer) => (answer.kind === 'not-connected' ? answer.reason : answer.kind);
  const row = async () => {
    const [found] = await world.sql('select state, state_reason, version, refresh_claim from issuer.connected_account where id = $1', [id]);
    return found;
  };
  const claimedFor = (seconds: number, claim = 'somebody') =>
    world.sql(
      `update issuer.connected_account set refresh_claim = $3, refresh_claimed_at = now() - $2::float8 * interval '1 second' where id = $1`,
      [id, seconds, claim],
    );
  const lastEvent = async () => {
    const [event] = await world.sql(
      `select type, outcome, actor, client, target, reason from issuer.event where type like 'vault.refresh%' and target = $1
      order by at desc, id desc limit 1`,
      [id],
    );
    return event;
  };
  const held = () => {
    let release = () => {};
    world.party.gate = new Promise((resolve) => {
      release = resolve;
    });
    return release;
  };
  const whenAsked = async (times = 1) => {
    while (world.party.asked < times) await new Promise((resolve) => setImmediate(resolve));
  };

  it('R-122 F-17 asks the third party once for two hundred callers, and gives all of them what was stored', async () => {
    await world.expire(id);
    const answers = await Promise.all(Array.from({ length: 200 }, (_, index) => ask(vaults[index % 2])));
    assert.deepEqual(new Set(answers.map(whose)), new Set([ADA]));
    assert.equal(new Set(answers.map((answer) => answer.kind === 'token' && answer.accessToken)).size, 1);
    assert.deepEqual([world.party.refreshes, world.party.alarms], [1, 0]);
    assert.deepEqual(await row(), { state: 'active', state_reason: null, version: 2, refresh_claim: null });
    assert.deepEqual(await lastEvent(), { type: 'vault.refreshed', outcome: 'ok', actor: ADA, client: WEB, target: id, reason: null });
  });

  it('R-123 renews again and again with a refresh token that changes each time', async () => {
    for (let round = 1; round <= 4; round++) {
      await world.expire(id);
      assert.equal(whose(await ask(vaults[round % 2])), ADA);
      assert.equal(world.party.refreshes, round);
    }
    assert.equal(world.party.alarms, 0);
  });

  it('R-075 gives the new token to nobody before it is stored', async () => {
    await world.expire(id);
    const seen: unknown[] = [];
    const vault = await world.open({ hooks: { at: async (point) => void (point === 'answered' && seen.push(await row())) } });
    assert.equal(whose(await ask(vault)), ADA);
    assert.equal((seen[0] as { version: number }).version, 1);
  });

  it('renews a little early, and gives the old token while the third party is away', async () => {
    await world.expire(id, 20);
    world.party.mood = 'busy';
    const old = await ask();
    assert.equal(whose(old), ADA);
    assert.ok(old.kind === 'token' && Number(old.expiresAt) - Date.now() < 21_000);
    world.party.mood = 'well';
    const renewed = await ask(vaults[1]);
    assert.ok(renewed.kind === 'token' && Number(renewed.expiresAt) - Date.now() > 3_000_000);
  });

  it('F-13 gives what has not ended while the third party is away, and asks to come back when it has', async () => {
    world.party.mood = 'busy';
    assert.equal(whose(await ask()), ADA);
    assert.equal(world.party.asked, 0);
    await world.expire(id);
    assert.deepEqual(await ask(), { kind: 'unavailable', retryAfter: 3 });
    assert.equal((await row())?.refresh_claim, null);
    // Not asked again at once by this process: it rests.
    assert.equal((await ask()).kind, 'unavailable');
    assert.equal(world.party.asked, 1);
    world.party.mood = 'well';
    assert.equal(whose(await ask(vaults[1])), ADA);
  });

  it('closes an account that the third party refuses to renew, once', async () => {
    await world.expire(id);
    world.party.mood = 'refuses';
    assert.equal(outcome(await ask()), 'reconnect');
    assert.equal(outcome(await ask(vaults[1])), 'reconnect');
    assert.equal(world.party.asked, 1);
    assert.deepEqual([(await row())?.state, (await row())?.state_reason], ['reconnect', 'refused']);
    assert.equal((await lastEvent())?.type, 'vault.refresh_refused');
  });

  it('keeps the account when the third party refuses us and not the token', async () => {
    await world.expire(id);
    world.party.mood = 'refuses the client';
    assert.equal((await ask()).kind, 'unavailable');
    assert.equal((await row())?.state, 'active');
    world.party.mood = 'well';
    assert.equal(whose(await ask(vaults[1])), ADA);
    assert.ok(world.told.some((line) => line.startsWith('invalid_client')));
  });

  it('F-03 marks an account for reconnection when nobody can know whether it was renewed, and sends nothing twice', async () => {
    await world.expire(id);
    world.party.mood = 'lost';
    assert.equal(outcome(await ask()), 'reconnect');
    assert.equal(outcome(await ask(vaults[1])), 'reconnect');
    assert.deepEqual([world.party.asked, world.party.alarms], [1, 0]);
    assert.deepEqual([(await row())?.state_reason, (await lastEvent())?.type], ['refresh_interrupted', 'vault.refresh_interrupted']);
    world.party.mood = 'well';
    await world.connect(ADA);
    assert.equal(whose(await ask()), ADA);
  });

  it('F-13 gives what has not ended even when it is not known whether it was renewed', async () => {
    await world.expire(id, 20);
    world.party.mood = 'lost';
    assert.equal(outcome(await ask()), 'token');
    await world.expire(id);
    assert.equal(outcome(await ask()), 'reconnect');
  });

  it('tries again where the third party allows that', async () => {
    await world.expire(id);
    world.party.mood = 'busy';
    await claimedFor(60);
    assert.equal((await ask(vaults[0], { safe: true })).kind, 'unavailable');
    world.party.mood = 'well';
    assert.equal(whose(await ask(vaults[1], { safe: true })), ADA);
    assert.equal((await row())?.version, 2);
  });

  it('F-03 closes an account whose renewal a dead process had begun, and waits for one that may live', async () => {
    await world.expire(id);
    await claimedFor(60);
    assert.equal(outcome(await ask()), 'reconnect');
    assert.equal(world.party.asked, 0);
    assert.equal((await lastEvent())?.type, 'vault.refresh_interrupted');
    await world.connect(ADA);
    await world.expire(id);
    await claimedFor(6);
    const begun = performance.now();
    assert.equal(outcome(await ask()), 'reconnect');
    assert.ok(performance.now() - begun > 500);
    assert.equal(world.party.asked, 0);
  });

  it('takes the answer of a process that was only slow, and heals the account with it', async () => {
    await world.expire(id);
    const release = held();
    const slow = ask();
    await whenAsked();
    await world.sql(`update issuer.connected_account set refresh_claimed_at = now() - interval '1 minute' where id = $1`, [id]);
    assert.equal(outcome(await ask(vaults[1])), 'reconnect');
    release();
    assert.equal(whose(await slow), ADA);
    assert.equal((await row())?.state, 'active');
    assert.equal(whose(await ask(vaults[1])), ADA);
    assert.equal(world.party.asked, 1);
  });

  it('drops an answer that comes after the account was connected again, and gives the newer token', async () => {
    await world.expire(id);
    const release = held();
    const late = ask();
    await whenAsked();
    await world.connect(ADA);
    const newest = await ask(vaults[1]);
    release();
    const given = await late;
    assert.ok(given.kind === 'token' && newest.kind === 'token' && given.accessToken === newest.accessToken);
    assert.deepEqual(world.party.revoked, []);
    assert.equal((await row())?.version, 2);
  });

  it('revokes an answer that comes after the account was disconnected', async () => {
    await world.expire(id);
    const release = held();
    const late = ask();
    await whenAsked();
    const gone = vaults[1]?.disconnect(id, { userId: ADA });
    await gone;
    release();
    assert.equal(outcome(await late), 'none');
    assert.ok(world.party.revoked.length >= 2);
    assert.equal(world.party.alive(ADA), false);
  });

  it('gives no token to an application that lost its use while the token was renewed', async () => {
    await world.expire(id);
    const release = held();
    const late = ask();
    await whenAsked();
    await vaults[1]?.withdraw(id, { applicationId: WEB, userId: ADA });
    release();
    assert.equal(outcome(await late), 'not-allowed');
    await world.vault.allow(id, { applicationId: WEB, scopes: SCOPES, userId: ADA });
    assert.equal(whose(await ask()), ADA);
  });

  it('renews early what the third party has just refused, and not again at once', async () => {
    const first = await ask();
    assert.ok(first.kind === 'token');
    const insist = (rejected: string) => vaults[0]?.token({ userId: ADA, applicationId: WEB, connection, rejected });
    // All whose token was refused at the same time get the new one.
    const [second, ...others] = await Promise.all(Array.from({ length: 10 }, () => insist(first.accessToken)));
    assert.ok(second?.kind === 'token' && second.accessToken !== first.accessToken);
    assert.ok(others.every((other) => other?.kind === 'token' && other.accessToken === second.accessToken));
    // Somebody else had it renewed already.
    assert.deepEqual((await insist(first.accessToken))?.kind === 'token' && world.party.refreshes, 1);
    await insist(second.accessToken);
    assert.equal(world.party.refreshes, 1);
  });

  it('renews the accounts of two people at once, each for itself', async () => {
    const eve = await world.connect(EVE);
    await Promise.all([world.expire(id), world.expire(eve.id)]);
    const people = Array.from({ length: 40 }, (_, index) => (index % 2 === 0 ? ADA : EVE));
    const answers = await Promise.all(people.map((person, index) => ask(vaults[index % 2], { person })));
    assert.deepEqual(answers.map(whose), people);
    assert.equal(world.party.refreshes, 2);
  });
});
