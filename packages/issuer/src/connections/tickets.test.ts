import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { after, before, it } from 'node:test';
import { parseMasterKeys } from '../secrets/master-key.ts';
import { createSeal } from '../secrets/seal.ts';
import { onBothEngines } from '../store/stores.fixtures.test.ts';
import { createTickets, type TicketResult, type Tickets } from './tickets.ts';
import { newKey } from './upstream-requests.ts';
import { ADA, EVE, OTHER, openWorld, WEB, type World } from './vault.fixtures.test.ts';

const redirectUri = 'http://127.0.0.1/callback';
const result: TicketResult = {
  account: {
    issuer: 'i',
    subject: 'there',
    name: 'n',
    email: 'n@there.example',
    emailVerified: false,
    fullName: 'N',
    authenticatedAt: new Date(1e12),
  },
  tokens: { accessToken: 'an-access-token', refreshToken: 'a-refresh-token', expiresAt: new Date(1e12), scopes: ['calendar.read'] },
};

onBothEngines('tickets to connect an account', (fixture) => {
  let world: World;
  let tickets: Tickets;
  before(async () => {
    world = await openWorld(fixture.store());
    tickets = createTickets({ store: fixture.store(), seal: createSeal(parseMasterKeys(randomBytes(32).toString('base64url'))) });
  });
  after(() => world?.close());

  const opened = async () => {
    const codeVerifier = newKey();
    const codeChallenge = createHash('sha256').update(codeVerifier).digest('base64url');
    const asked = {
      userId: ADA,
      applicationId: WEB,
      connectionId: 'calendar',
      redirectUri,
      state: 'x',
      codeChallenge,
      scopes: ['calendar.read'],
      params: {},
    };
    const { ticket, authSession } = (await tickets.open(asked)) ?? { ticket: '', authSession: '' };
    const found = await tickets.find(ticket);
    return { ticket, authSession, codeVerifier, id: found?.id ?? '' };
  };
  const arrived = async () => {
    const { id, authSession, codeVerifier } = await opened();
    await tickets.use(id, ADA);
    const connectCode = (await tickets.arrive(id, result)) ?? '';
    return { userId: ADA, applicationId: WEB, authSession, connectCode, redirectUri, codeVerifier };
  };

  it('begin one trip, for their person', async () => {
    const { id, ticket } = await opened();
    assert.equal(await tickets.use(id, EVE), false);
    const used = await Promise.all([tickets.use(id, ADA), tickets.use(id, ADA)]);
    assert.deepEqual(used.toSorted(), [false, true]);
    assert.equal(await tickets.find(ticket), undefined);
    assert.equal((await tickets.underWay(id))?.state, 'x');
  });

  it('take one result, after the trip has begun', async () => {
    const { id } = await opened();
    assert.equal(await tickets.arrive(id, result), undefined);
    await tickets.use(id, ADA);
    const codes = await Promise.all([tickets.arrive(id, result), tickets.arrive(id, result)]);
    assert.equal(codes.filter((code) => code !== undefined).length, 1);
    assert.equal(await tickets.underWay(id), undefined);
  });

  it('give the result once, and nothing of it stays', async () => {
    const proof = await arrived();
    const given = await Promise.all([1, 2, 3].map(() => tickets.complete(proof)));
    assert.deepEqual(
      given.filter((one) => one !== undefined).map((one) => one.result),
      [result],
    );
    assert.deepEqual(await world.sql('select 1 from issuer.connect_ticket where completed_at is not null and result is not null'), []);
  });

  it('give it to nobody else, and leave it there for whom it is', async () => {
    const proof = await arrived();
    const others = [{ userId: EVE }, { applicationId: OTHER }, { authSession: newKey() }, { connectCode: newKey() }];
    for (const other of others) assert.equal(await tickets.complete({ ...proof, ...other }), undefined);
    assert.ok(await tickets.complete(proof));
  });

  it('end for good with a wrong verifier or address', async () => {
    for (const wrong of [{ codeVerifier: newKey() }, { redirectUri: `${redirectUri}/` }]) {
      const proof = await arrived();
      assert.equal(await tickets.complete({ ...proof, ...wrong }), undefined);
      assert.equal(await tickets.complete(proof), undefined);
    }
  });

  it('end by time: the ticket, the trip and the code', async () => {
    const [fresh, away, back] = [await opened(), await opened(), await arrived()];
    await tickets.use(away.id, ADA);
    await world.sql(`update issuer.connect_ticket set expires_at = now() - interval '1 second'`);
    assert.equal(await tickets.find(fresh.ticket), undefined);
    assert.equal(await tickets.use(fresh.id, ADA), false);
    assert.equal(await tickets.arrive(away.id, result), undefined);
    assert.equal(await tickets.complete(back), undefined);
  });

  it('are not given without end', async () => {
    const asked = {
      userId: EVE,
      applicationId: WEB,
      connectionId: 'calendar',
      redirectUri,
      state: undefined,
      codeChallenge: newKey(),
      scopes: [],
      params: {},
    };
    const given = [];
    for (let one = 0; one < 101; one++) given.push(await tickets.open(asked));
    assert.deepEqual([given.filter(Boolean).length, given[100]], [100, undefined]);
    assert.ok(await tickets.open({ ...asked, userId: ADA }));
  });

  it('are kept as hashes, and what the third party gave is sealed', async () => {
    const proof = await arrived();
    const { ticket } = await opened();
    const text = JSON.stringify(await world.sql('select * from issuer.connect_ticket'));
    for (const secret of [ticket, proof.authSession, proof.connectCode, 'an-access-token', 'a-refresh-token'])
      assert.ok(!text.includes(secret));
  });
});
