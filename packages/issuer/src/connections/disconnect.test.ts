import assert from 'node:assert/strict';
import { after, before, beforeEach, it } from 'node:test';
import type { Store } from '../store/database.ts';
import { onBothEngines } from '../store/stores.fixtures.test.ts';
import { ADA, EVE, openWorld, WEB, type World } from './vault.fixtures.test.ts';

onBothEngines('ending connected accounts', (fixture) => {
  let world: World;
  before(async () => {
    world = await openWorld(fixture.store());
  });
  after(() => world.close());
  beforeEach(async () => {
    await world.sql('delete from issuer.connected_account');
    Object.assign(world.party, { mood: 'well', revokes: true, asked: 0, revoked: [], gate: Promise.resolve() });
  });

  const ask = async (person: string, connection = 'calendar') =>
    world.vault.token({ userId: person, applicationId: WEB, connection: await world.connection(connection) });
  const outcome = async (person: string, connection?: string) => {
    const answer = await ask(person, connection);
    return answer.kind === 'not-connected' ? answer.reason : answer.kind;
  };
  const lastEvent = async (type: string) => {
    const [event] = await world.sql(
      'select outcome, actor, client, target, reason, details from issuer.event where type = $1 order by at desc, id desc limit 1',
      [type],
    );
    return event;
  };
  const connectMany = (people: number, connection = 'calendar') =>
    Promise.all(Array.from({ length: people }, (_, index) => world.connect(ADA, { connection, account: `ada-${index}` })));

  it('R-125 revokes at the third party, forgets the account, and says so', async () => {
    const { id } = await world.connect(ADA);
    const gone = await world.vault.disconnect(id, { userId: ADA });
    assert.deepEqual(gone, { id, connectionId: 'calendar', account: ADA, revoked: 'revoked' });
    assert.equal(world.party.alive(ADA), false);
    assert.deepEqual(await world.vault.list(ADA), []);
    assert.equal(await outcome(ADA), 'none');
    const event = await lastEvent('vault.disconnected');
    assert.deepEqual(event, {
      outcome: 'ok',
      actor: ADA,
      client: null,
      target: id,
      reason: null,
      details: { connection: 'calendar', upstream: 'revoked' },
    });
  });

  it('R-125 forgets the account all the same when the third party does not revoke, and says that', async () => {
    const { id } = await world.connect(ADA);
    world.party.revokes = false;
    const gone = await world.vault.disconnect(id, { userId: ADA, by: { actor: 'usr_admin' } });
    assert.deepEqual([gone?.revoked, gone?.reason], ['failed', 'away']);
    assert.deepEqual(await world.vault.list(ADA), []);
    const event = await lastEvent('vault.disconnected');
    assert.deepEqual([event?.outcome, event?.actor, event?.reason], ['failed', 'usr_admin', 'away']);
  });

  it('says when a third party has no way to revoke', async () => {
    const { id } = await world.connect(ADA);
    await world.sql(`update issuer.connection set endpoints = endpoints - 'revocation' where id = 'calendar'`);
    try {
      assert.equal((await world.vault.disconnect(id, { userId: ADA }))?.revoked, 'unsupported');
    } finally {
      await world.sql(
        `update issuer.connection set endpoints = endpoints || jsonb_build_object('revocation', $1::text) where id = 'calendar'`,
        [`${world.party.url}/revoke`],
      );
    }
  });

  it('R-074 does not send tokens to revoke them where they did not come from', async () => {
    const { id } = await world.connect(ADA);
    await world.sql(`update issuer.connection set client_id = 'another' where id = 'calendar'`);
    try {
      const gone = await world.vault.disconnect(id, { userId: ADA });
      assert.deepEqual([gone?.revoked, gone?.reason], ['failed', 'connection_changed']);
      assert.deepEqual(world.party.revoked, []);
    } finally {
      await world.sql(`update issuer.connection set client_id = $1 where id = 'calendar'`, [world.party.clientId]);
    }
  });

  it("R-121 does not end somebody else's account", async () => {
    const { id } = await world.connect(ADA);
    assert.equal(await world.vault.disconnect(id, { userId: EVE }), undefined);
    assert.equal(await world.vault.disconnect('cac_nothing', { userId: ADA }), undefined);
    assert.equal(await outcome(ADA), 'token');
  });

  it('finishes a disconnecting that a process has left behind', async () => {
    const { id } = await world.connect(ADA);
    await world.sql(
      `update issuer.connected_account set state = 'reconnect', state_reason = 'disconnecting', updated_at = now() - interval '2 minutes' where id = $1`,
      [id],
    );
    assert.equal(await outcome(ADA), 'reconnect');
    await world.vault.maintain();
    assert.deepEqual(await world.vault.list(ADA), []);
    assert.equal(world.party.alive(ADA), false);
  });

  it('leaves an account alone that was connected again before a disconnecting could be finished', async () => {
    const { id } = await world.connect(ADA);
    await world.sql(
      `update issuer.connected_account set state = 'reconnect', state_reason = 'disconnecting', updated_at = now() - interval '2 minutes' where id = $1`,
      [id],
    );
    const store = fixture.store();
    const run: Store['run'] = async (statement, values) => {
      const rows = await store.run(statement, values);
      if (statement.name === 'accounts left disconnecting') await world.connect(ADA);
      return rows as never;
    };
    await (await world.open({ store: { ...store, run } })).maintain();
    assert.equal(await outcome(ADA), 'token');
    assert.deepEqual(world.party.revoked, []);
  });

  it('panic closes every account of a connection at once, revokes each, and leaves the others', async () => {
    const accounts = await connectMany(30);
    await world.connect(ADA, { connection: 'mail' });
    const report = await world.vault.panic('calendar', { actor: 'usr_admin' });
    assert.deepEqual(report, { accounts: 30, revoked: 30, unsupported: 0, failed: [] });
    assert.equal(world.party.revoked.length, 60);
    assert.equal(await outcome(ADA), 'reconnect');
    assert.equal(await outcome(ADA, 'mail'), 'token');
    const shown = await world.vault.list(ADA, { connectionId: 'calendar' });
    assert.deepEqual(new Set(shown.map(({ reason }) => reason)), new Set(['panic_revoked']));
    assert.deepEqual((await lastEvent('vault.panic'))?.details, { accounts: 30, revoked: 30, unsupported: 0, failed: 0 });
    // Nothing is left to do, and what was connected again since is.
    assert.equal((await world.vault.panic('calendar')).accounts, 0);
    await world.connect(ADA, { account: 'ada-3' });
    assert.equal((await world.vault.panic('calendar')).revoked, 1);
    assert.equal(accounts.length, 30);
  });

  it('panic reports what it could not revoke, and revokes it when it is run again', async () => {
    const accounts = await connectMany(5);
    world.party.revokes = false;
    const [first] = accounts;
    await world.sql(`update issuer.connected_account set tokens = 'v1.AAAA' where id = $1`, [first?.id]);
    const report = await world.vault.panic('calendar');
    assert.deepEqual([report.accounts, report.revoked, report.failed.length], [5, 0, 5]);
    assert.deepEqual(
      report.failed.toSorted((a, b) => a.id.localeCompare(b.id)),
      accounts.map(({ id }) => ({ id, reason: id === first?.id ? 'unreadable' : 'away' })).toSorted((a, b) => a.id.localeCompare(b.id)),
    );
    assert.equal(await outcome(ADA), 'reconnect');
    world.party.revokes = true;
    const again = await world.vault.panic('calendar');
    assert.deepEqual([again.accounts, again.revoked, again.failed.map(({ id }) => id)], [5, 4, [first?.id]]);
    assert.doesNotMatch(JSON.stringify([report, again, world.told]), /\b[ar]t-[0-9a-f]{24}/);
  });

  it('panic ends a renewal that is under way', async () => {
    const { id } = await world.connect(ADA);
    await world.expire(id);
    let release = () => {};
    world.party.gate = new Promise((resolve) => {
      release = resolve;
    });
    const late = ask(ADA);
    while (world.party.asked === 0) await new Promise((resolve) => setImmediate(resolve));
    const report = await (await world.open()).panic('calendar');
    assert.equal(report.revoked, 1);
    release();
    const answer = await late;
    assert.deepEqual([answer.kind, answer.kind === 'not-connected' && answer.reason], ['not-connected', 'reconnect']);
    assert.equal(world.party.alive(ADA), false);
  });
});
