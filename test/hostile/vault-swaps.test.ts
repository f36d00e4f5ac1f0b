/** Somebody who can write to the database moves ciphertexts of the vault about, to get at tokens of other people. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, beforeEach, describe, it } from 'node:test';
import { ADA, EVE, keksOf, openWorld, WEB, type World } from '../../packages/issuer/src/connections/vault.fixtures.test.ts';
import { declare } from '../../packages/issuer/src/store/stores.fixtures.test.ts';

describe('ciphertexts of the vault that were moved or changed', () => {
  const fixture = declare('pglite');
  let world: World;
  let ada: string;
  let eve: string;
  before(async () => {
    world = await openWorld(fixture.store());
    await world.sql(`insert into issuer.organization (id, name) values ('other-org', 'Another')`);
  });
  after(() => world.close());
  beforeEach(async () => {
    await world.sql('delete from issuer.connected_account');
    await world.sql(`update issuer.users set organization_id = 'shop-org' where id = $1`, [EVE]);
    world.party.asked = 0;
    world.told.length = 0;
    ada = (await world.connect(ADA)).id;
    eve = (await world.connect(EVE)).id;
  });

  const ask = async (person: string, { connection = 'calendar' } = {}) => {
    const answer = await world.vault.token({ userId: person, applicationId: WEB, connection: await world.connection(connection) });
    await world.vault.settle();
    return answer;
  };
  const box = async (id: string) => String((await world.sql('select tokens from issuer.connected_account where id = $1', [id]))[0]?.tokens);
  const put = (id: string, tokens: string) => world.sql('update issuer.connected_account set tokens = $2 where id = $1', [id, tokens]);
  const refused = { kind: 'not-connected', reason: 'reconnect' };
  /** Nobody got a token, the third party was not asked, the operator knows, and nothing of it is in the log. */
  const closed = async (person: string, of?: { connection?: string }) => {
    const events = async () =>
      (await world.sql(`select count(*)::int as n from issuer.event where type = 'vault.unreadable'`))[0]?.n as number;
    const before = await events();
    assert.deepEqual(await ask(person, of), refused);
    await world.sql(`update issuer.connected_account set expires_at = now() - interval '1 second' where user_id = $1`, [person]);
    assert.deepEqual(await ask(person, of), refused);
    assert.equal(world.party.asked, 0);
    assert.ok((await events()) > before);
    assert.ok(world.told.every((line) => line.startsWith('vault_unreadable: ')) && world.told.length > 0);
  };

  it("R-124 VLT-14 another person's tokens in my row do not open", async () => {
    await put(eve, await box(ada));
    await closed(EVE);
    const answer = await ask(ADA);
    assert.ok(answer.kind === 'token' && world.party.personOf(answer.accessToken) === ADA);
  });

  it('R-124 VLT-14 a row that is given to another person does not open', async () => {
    await world.sql('delete from issuer.connected_account where id = $1', [eve]);
    await world.sql('update issuer.connected_account set user_id = $2 where id = $1', [ada, EVE]);
    await closed(EVE);
  });

  it('R-124 VLT-15 tokens of one connection do not open in a row of another', async () => {
    const mail = await world.connect(ADA, { connection: 'mail' });
    await put(mail.id, await box(ada));
    await closed(ADA, { connection: 'mail' });
  });

  it('R-124 VLT-15 a row that is moved to another connection does not open', async () => {
    await world.sql(`update issuer.connected_account set connection_id = 'mail' where id = $1`, [ada]);
    await closed(ADA, { connection: 'mail' });
  });

  it('R-124 VLT-15 a row that is moved to another organization does not open', async () => {
    await world.sql(`update issuer.connected_account set organization_id = 'other-org' where id = $1`, [ada]);
    await closed(ADA);
  });

  it('R-124 VLT-16 an older version put back does not open', async () => {
    const old = await box(ada);
    await world.connect(ADA);
    await put(ada, old);
    await closed(ADA);
  });

  it('R-124 VLT-16 two accounts of one person cannot be exchanged', async () => {
    const work = await world.connect(ADA, { account: 'ada-at-work' });
    const [home, there] = [await box(ada), await box(work.id)];
    await put(ada, there);
    await put(work.id, home);
    await closed(ADA);
  });

  it('R-124 VLT-17 what was cut, changed or made up does not open', async () => {
    const good = await box(ada);
    const middle = Math.floor(good.length / 2);
    const flipped = good.slice(0, middle) + (good[middle] === 'A' ? 'B' : 'A') + good.slice(middle + 1);
    for (const bad of [
      good.slice(0, -8),
      good.slice(0, 20),
      flipped,
      `v2${good.slice(2)}`,
      'v1.',
      '',
      `v1.${randomBytes(200).toString('base64url')}`,
    ]) {
      await put(ada, bad);
      await world.expire(ada, 3600);
      await closed(ADA);
    }
  });

  it('R-124 VLT-17 a data key that was exchanged, or wrapped for another purpose, opens nothing', async () => {
    const mail = await world.connect(ADA, { connection: 'mail' });
    const [theirs] = await world.sql('select data_key_id from issuer.connected_account where id = $1', [mail.id]);
    const fresh = await world.open();
    await world.sql('update issuer.connected_account set data_key_id = $2 where id = $1', [ada, theirs?.data_key_id]);
    const asked = { userId: ADA, applicationId: WEB, connection: await world.connection() };
    assert.deepEqual(await fresh.token(asked), refused);
    // The wrapped key of one connection put into the row of another does not unwrap.
    await world.sql(
      `update issuer.data_key k set wrapped = m.wrapped from issuer.data_key m where k.connection_id = 'calendar' and m.connection_id = 'mail'`,
    );
    assert.deepEqual(await (await world.open()).token({ ...asked, userId: EVE }), refused);
    await fresh.settle();
  });

  it('R-124 VLT-17 a vault with another key opens nothing', async () => {
    const keks = await keksOf(randomBytes(32).toString('base64url'));
    const stranger = await world.open({ keks });
    assert.equal((await stranger.token({ userId: ADA, applicationId: WEB, connection: await world.connection() })).kind, 'unavailable');
    assert.doesNotMatch(world.told.join('\n'), /\b[ar]t-[0-9a-f]{24}|v1\.[\w-]{40}/);
  });
});
