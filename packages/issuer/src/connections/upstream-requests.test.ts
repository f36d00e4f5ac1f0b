import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, it } from 'node:test';
import { parseMasterKeys } from '../secrets/master-key.ts';
import { createSeal } from '../secrets/seal.ts';
import { onBothEngines } from '../store/stores.fixtures.test.ts';
import { type ConnectTrip, createUpstreamRequests, newKey, type UpstreamRequests } from './upstream-requests.ts';
import { ADA, openWorld, WEB, type World } from './vault.fixtures.test.ts';

const request = {
  redirectUri: 'https://id.example/connections/calendar/callback',
  state: 's',
  nonce: 'n',
  codeVerifier: 'v',
  scopes: ['a'],
};
const trip: ConnectTrip = { request, userId: ADA, session: 'session', applicationId: WEB, scopes: ['a'] };

onBothEngines('trips to third parties', (fixture) => {
  let world: World;
  let trips: UpstreamRequests;
  before(async () => {
    world = await openWorld(fixture.store());
    trips = createUpstreamRequests({ store: fixture.store(), seal: createSeal(parseMasterKeys(randomBytes(32).toString('base64url'))) });
  });
  after(() => world?.close());

  const begun = async () => {
    const where = { key: newKey(), connectionId: 'calendar', browser: newKey() };
    await trips.put(where, 'connect', trip);
    return where;
  };

  it('R-070 RPC-01 come back once, however many come at the same time', async () => {
    const where = await begun();
    const taken = await Promise.all([1, 2, 3].map(() => trips.take(where, ['connect'])));
    assert.deepEqual(
      taken.filter((one) => one !== undefined),
      [{ purpose: 'connect', carried: trip }],
    );
    assert.equal(await trips.take(where, ['connect']), undefined);
  });

  it('R-070 RPC-03 come back to their browser, connection and purpose only, and a wrong one uses nothing up', async () => {
    const where = await begun();
    const wrongs = [{ browser: newKey() }, { browser: undefined }, { connectionId: 'mail' }, { key: newKey() }];
    for (const wrong of wrongs) assert.equal(await trips.take({ ...where, ...wrong }, ['connect']), undefined);
    assert.equal(await trips.take(where, ['sign-in', 'link']), undefined);
    assert.equal((await trips.take(where, ['connect']))?.purpose, 'connect');
  });

  it('R-070 RPC-24 let several tabs of a browser be away at the same time', async () => {
    const browser = newKey();
    const tabs = [newKey(), newKey()].map((key) => ({ key, connectionId: 'calendar', browser }));
    for (const tab of tabs) await trips.put(tab, 'connect', { ...trip, session: tab.key });
    for (const tab of tabs.toReversed()) assert.equal((await trips.take(tab, ['connect']))?.carried.session, tab.key);
  });

  it('R-070 end after ten minutes', async () => {
    const where = await begun();
    await world.sql(`update issuer.upstream_request set expires_at = now() - interval '1 second'`);
    assert.equal(await trips.look(where, ['connect']), undefined);
    assert.equal(await trips.take(where, ['connect']), undefined);
    const fresh = await begun();
    const [{ left } = { left: 0 }] = await world.sql<{ left: number }>(
      'select max(extract(epoch from expires_at - now()))::float8 as left from issuer.upstream_request',
    );
    assert.ok(left > 590 && left <= 600);
    assert.ok(await trips.look(fresh, ['connect']));
  });

  it('R-070 keep nothing in the database that leads back: no state, no cookie, no verifier, and no token when taken', async () => {
    const where = await begun();
    const account = {
      issuer: 'i',
      subject: 's',
      name: 'n',
      email: undefined,
      emailVerified: false,
      fullName: undefined,
      authenticatedAt: undefined,
    };
    const tokens = { accessToken: 'an-access-token', refreshToken: 'a-refresh-token', expiresAt: new Date(1e12), scopes: undefined };
    const after = { ...where, key: newKey() };
    await trips.put(after, 'confirm-connect', { ...trip, account, tokens });
    const text = JSON.stringify(await world.sql('select * from issuer.upstream_request'));
    for (const secret of [where.key, where.browser, after.key, 'an-access-token', 'session']) assert.ok(!text.includes(secret));
    const taken = await trips.take(after, ['confirm-connect']);
    assert.deepEqual(taken?.carried.tokens.expiresAt, tokens.expiresAt);
    const [row] = await world.sql<{ payload: string }>(
      'select payload from issuer.upstream_request where consumed_at is not null order by consumed_at desc limit 1',
    );
    assert.equal(row?.payload, '');
  });

  it('R-070 do not open when one row is put in another’s place', async () => {
    const [mine, other] = [await begun(), await begun()];
    await world.sql(`update issuer.upstream_request set payload = (select payload from issuer.upstream_request where id <> u.id
      and consumed_at is null and expires_at > now() limit 1) from issuer.upstream_request u where u.id = issuer.upstream_request.id and u.consumed_at is null`);
    await assert.rejects(trips.look(mine, ['connect']));
    await assert.rejects(trips.look(other, ['connect']));
  });
});
