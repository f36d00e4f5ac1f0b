/** Processes that renew the same token, and processes that die while they do. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { postgresSkipped } from '@safeconduct/test-support/postgres';
import { declare } from '../store/stores.fixtures.test.ts';
import { ADA, openWorld, WEB, type World } from './vault.fixtures.test.ts';
import { runVaultProcess } from './vault-process.fixtures.test.ts';

describe('renewing in several processes', { skip: postgresSkipped }, () => {
  const fixture = declare('postgres');
  let world: World;
  let id: string;
  before(async () => {
    world = await openWorld(fixture.store());
  });
  after(() => world.close());
  beforeEach(async () => {
    Object.assign(world.party, { mood: 'well', asked: 0, refreshes: 0, alarms: 0, revoked: [] });
    await world.sql('delete from issuer.connected_account');
    id = (await world.connect(ADA)).id;
    await world.expire(id);
  });

  const process = (more: Pick<Parameters<typeof runVaultProcess>[0], 'crash' | 'callers'> = {}) =>
    runVaultProcess({
      databaseUrl: String(fixture.databaseUrl),
      dataDirectory: fixture.dataDirectory,
      masterKey: world.opening.masterKey,
      person: ADA,
      application: WEB,
      ...more,
    });
  /** What a process that came later gets: whose token, or why there is none. */
  const later = async () => {
    const end = await process();
    const [answer = ''] = 'answers' in end ? end.answers : [];
    return world.party.personOf(answer) ?? answer;
  };
  const outlive = () =>
    world.sql(`update issuer.connected_account set refresh_claimed_at = now() - interval '9 seconds' where id = $1`, [id]);
  const row = async () => (await world.sql('select state, state_reason, version from issuer.connected_account where id = $1', [id]))[0];

  it('R-122 F-17 two processes with a hundred callers each cause one renewal, and everybody gets its token', async () => {
    const ends = await Promise.all([process({ callers: 100 }), process({ callers: 100 })]);
    const answers = ends.flatMap((end) => ('answers' in end ? end.answers : ['died']));
    assert.equal(answers.length, 200);
    assert.deepEqual(new Set(answers.map((answer) => world.party.personOf(answer))), new Set([ADA]));
    assert.deepEqual([world.party.refreshes, world.party.alarms], [1, 0]);
  });

  it('F-03 a process that dies before it sends leaves an account to be connected again, and nothing was sent', async () => {
    assert.deepEqual(await process({ crash: 'claimed' }), { signal: 'SIGKILL' });
    await outlive();
    assert.equal(await later(), 'reconnect');
    assert.deepEqual(await row(), { state: 'reconnect', state_reason: 'refresh_interrupted', version: 1 });
    assert.equal(world.party.asked, 0);
  });

  it('F-03 a process that dies between the answer and the commit leaves an account to be connected again, and nothing is sent twice', async () => {
    assert.deepEqual(await process({ crash: 'answered' }), { signal: 'SIGKILL' });
    assert.equal(world.party.refreshes, 1);
    await outlive();
    for (let attempt = 0; attempt < 3; attempt++) assert.equal(await later(), 'reconnect');
    assert.deepEqual([world.party.asked, world.party.alarms], [1, 0]);
    await world.connect(ADA);
    assert.equal(await later(), ADA);
  });

  it('F-03 a process that dies after the commit has stored the token, and the next one gives it', async () => {
    assert.deepEqual(await process({ crash: 'committed' }), { signal: 'SIGKILL' });
    assert.equal(await later(), ADA);
    assert.deepEqual(await row(), { state: 'active', state_reason: null, version: 2 });
    assert.deepEqual([world.party.asked, world.party.alarms], [1, 0]);
  });
});
