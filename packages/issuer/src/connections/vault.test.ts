import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { onBothEngines } from '../store/stores.fixtures.test.ts';
import { ADA, EVE, OTHER, openWorld, SCOPES, WEB, type World } from './vault.fixtures.test.ts';
import type { VaultAnswer } from './vault.ts';
import { type VaultQuestion, vaultRow } from './vault-row.ts';

onBothEngines('the vault', (fixture) => {
  let world: World;
  before(async () => {
    world = await openWorld(fixture.store());
  });
  after(() => world.close());

  const ask = async (
    person: string,
    { connection, ...more }: Partial<Omit<VaultQuestion, 'connection'>> & { connection?: string } = {},
  ): Promise<VaultAnswer> =>
    world.vault.token({ userId: person, applicationId: WEB, ...more, connection: await world.connection(connection) });
  const refused = (answer: VaultAnswer) => (answer.kind === 'not-connected' ? answer.reason : answer.kind);
  const whose = (answer: VaultAnswer) => (answer.kind === 'token' ? world.party.personOf(answer.accessToken) : answer.kind);
  const events = async (type: string) =>
    world.sql<{ actor: string; client: string | null; target: string; details: { scopes?: string[] } }>(
      'select actor, client, target, details from issuer.event where type = $1 order by at, id',
      [type],
    );

  it('R-125 gives an allowed application the access token, its end and its scopes, and nothing else', async () => {
    const account = await world.connect(ADA);
    const answer = await ask(ADA);
    assert.ok(answer.kind === 'token');
    assert.deepEqual(Object.keys(answer).toSorted(), ['accessToken', 'accountId', 'expiresAt', 'kind', 'scopes']);
    assert.equal(whose(answer), ADA);
    assert.equal(answer.accountId, account.id);
    assert.deepEqual(answer.scopes, ['calendar.read', 'calendar.write']);
    assert.ok(Math.abs(Number(answer.expiresAt) - Date.now() - 3_600_000) < 10_000);
  });

  it('R-121 finds an account by the person who asks, and by nothing that the request could choose', async () => {
    await world.connect(ADA);
    await world.connect(EVE);
    assert.equal(whose(await ask(ADA)), ADA);
    assert.equal(whose(await ask(EVE)), EVE);
    assert.equal(refused(await ask(ADA, { account: EVE })), 'none');
    assert.equal(refused(await ask('usr_nobody')), 'none');
    assert.equal(refused(await ask(ADA, { connection: 'mail' })), 'none');
  });

  it('S2.12 keeps the accounts of several connections apart', async () => {
    await world.connect(ADA, { connection: 'mail', account: 'ada-at-mail' });
    const mail = await ask(ADA, { connection: 'mail' });
    const calendar = await ask(ADA);
    assert.ok(mail.kind === 'token' && calendar.kind === 'token');
    assert.notEqual(mail.accessToken, calendar.accessToken);
    assert.equal(refused(await ask(ADA, { connection: 'mail', account: ADA })), 'none');
  });

  it('R-126 gives nothing to an application that the person did not allow, or the connection does not list', async () => {
    const account = await world.connect(ADA);
    assert.equal(refused(await ask(ADA, { applicationId: OTHER })), 'not-allowed');
    assert.equal(refused(await ask(ADA, { applicationId: 'unlisted' })), 'not-listed');
    await world.vault.allow(account.id, { applicationId: OTHER, scopes: SCOPES, userId: ADA });
    assert.equal(whose(await ask(ADA, { applicationId: OTHER })), ADA);
    await assert.rejects(world.vault.allow(account.id, { applicationId: OTHER, scopes: SCOPES, userId: EVE }), { name: 'Refused' });
  });

  it('R-126 names the scopes that are missing, and adds what the person allows later', async () => {
    const account = await world.connect(EVE);
    const lacking = await ask(EVE, { scopes: ['calendar.read', 'calendar.write', 'calendar.own'] });
    assert.deepEqual(lacking, { kind: 'not-connected', reason: 'scopes', missing: ['calendar.write', 'calendar.own'] });
    await world.vault.allow(account.id, { applicationId: WEB, scopes: ['calendar.write', 'calendar.own'], userId: EVE });
    assert.equal((await ask(EVE, { scopes: ['calendar.read', 'calendar.write'] })).kind, 'token');
    // What the third party never granted stays missing, whatever the person allows here.
    assert.deepEqual(await ask(EVE, { scopes: ['calendar.own'] }), { kind: 'not-connected', reason: 'scopes', missing: ['calendar.own'] });
  });

  it('gives nothing beyond what the connection lists for the application, and nothing while it is off', async () => {
    await world.connect(ADA);
    const connection = await world.connection();
    const applications = new Map([[WEB, { scopes: ['calendar.write'], tokens: true }]]);
    const asked = { userId: ADA, applicationId: WEB, scopes: SCOPES };
    assert.equal(refused(await world.vault.token({ ...asked, connection: { ...connection, applications } })), 'scopes');
    assert.equal(refused(await world.vault.token({ ...asked, connection: { ...connection, disabled: true } })), 'not-listed');
    assert.equal(refused(await world.vault.token({ ...asked, connection: { ...connection, accounts: false } })), 'not-listed');
  });

  it('R-125 takes an application its use away, and shows the person what each may do', async () => {
    const account = await world.connect(ADA);
    await ask(ADA);
    await world.vault.settle();
    const [shown] = await world.vault.list(ADA, { connectionId: 'calendar' });
    assert.deepEqual(
      shown?.uses.map(({ applicationId, applicationName, scopes }) => [applicationId, applicationName, scopes]),
      [
        [OTHER, OTHER, ['calendar.read']],
        [WEB, WEB, ['calendar.read']],
      ],
    );
    assert.ok(shown?.uses[1]?.lastUsedAt instanceof Date);
    assert.doesNotMatch(JSON.stringify(await world.vault.list(ADA)), /\b[ar]t-[0-9a-f]{24}|"v1\./);
    assert.equal(await world.vault.withdraw(account.id, { applicationId: WEB, userId: EVE }), false);
    assert.equal(await world.vault.withdraw(account.id, { applicationId: WEB, userId: ADA }), true);
    assert.equal(refused(await ask(ADA)), 'not-allowed');
    assert.equal((await events('vault.withdrawn')).length, 1);
  });

  it('writes down that a token was given, once a minute for each application', async () => {
    const { id } = await world.connect(EVE);
    await world.sql('update issuer.connected_account_use set last_used_at = null where account_id = $1', [id]);
    const before = (await events('vault.token_given')).length;
    await Promise.all(Array.from({ length: 20 }, () => ask(EVE)));
    await world.vault.settle();
    await ask(EVE);
    await world.vault.settle();
    const written = (await events('vault.token_given')).slice(before);
    assert.deepEqual(
      written.map(({ actor, client, target }) => ({ actor, client, target })),
      [{ actor: EVE, client: WEB, target: id }],
    );
  });

  it('replaces everything when an account is connected again, and keeps what applications were allowed', async () => {
    const first = await world.connect(ADA);
    const connection = await world.connection();
    const tokens = { ...world.party.grant(ADA), refreshToken: undefined, scopes: ['calendar.read'] };
    const account = { issuer: world.party.url, subject: ADA, name: undefined, email: undefined, emailVerified: false, fullName: undefined };
    const given = { userId: ADA, organizationId: 'shop-org', connection, tokens, asked: SCOPES };
    const again = await world.vault.keep({ ...given, account: { ...account, authenticatedAt: undefined } });
    assert.equal(again.id, first.id);
    assert.deepEqual(again.scopes, ['calendar.read']);
    assert.equal(again.accountName, first.accountName);
    const answer = await ask(ADA);
    assert.ok(answer.kind === 'token' && answer.accessToken === tokens.accessToken);
    // Without a way to renew it, its end is the end.
    await world.expire(first.id);
    assert.equal(refused(await ask(ADA)), 'reconnect');
    const [shown] = await world.vault.list(ADA, { connectionId: 'calendar' });
    assert.deepEqual([shown?.state, shown?.reason], ['reconnect', 'expired']);
    assert.deepEqual((await events('vault.reconnected')).at(-1)?.details.scopes, ['calendar.read']);
  });

  it('takes the account that was allowed last, unless the request chooses another of the same person', async () => {
    await world.connect(EVE, { account: 'eve-at-work' });
    const connection = await world.connection();
    const [home, work] = await world.vault.list(EVE, { connectionId: connection.id });
    const chosen = async (account?: string) => {
      const answer = await ask(EVE, { account });
      return answer.kind === 'token' && answer.accountId;
    };
    assert.equal(await chosen(), work?.id);
    assert.equal(await chosen(EVE), home?.id);
    await world.vault.allow(String(home?.id), { applicationId: WEB, scopes: [], userId: EVE });
    assert.equal(await chosen(), home?.id);
  });

  it('connects the same account twice at once as one', async () => {
    const accounts = await Promise.all(Array.from({ length: 5 }, () => world.connect(ADA, { account: 'ada-twice' })));
    assert.equal(new Set(accounts.map(({ id }) => id)).size, 1);
    const answer = await ask(ADA, { account: 'ada-twice' });
    assert.equal(whose(answer), ADA);
  });

  it('gives an access token without an end as it is', async () => {
    const { id } = await world.connect(ADA, { account: 'ada-endless' });
    await world.sql('update issuer.connected_account set expires_at = null where id = $1', [id]);
    const answer = await ask(ADA, { account: 'ada-endless' });
    assert.ok(answer.kind === 'token' && answer.expiresAt === undefined);
  });

  it('answers from a row that somebody else read, when it needs nothing more', async () => {
    const { id } = await world.connect(ADA, { account: 'ada-hot' });
    const connection = await world.connection();
    const asked = { userId: ADA, connection, applicationId: WEB, account: 'ada-hot' };
    const read = async () => {
      const keys = { user: '$1', connection: '$2', application: '$3', account: '$4' };
      const [row] = await world.sql(vaultRow(keys), [ADA, connection.id, WEB, 'ada-hot']);
      assert.ok(row);
      return row as Parameters<typeof world.vault.hotToken>[0];
    };
    assert.equal(whose(world.vault.hotToken(await read(), asked) ?? { kind: 'unavailable', retryAfter: 0 }), ADA);
    assert.equal(world.vault.hotToken(await read(), { ...asked, userId: EVE }), undefined);
    assert.equal(world.vault.hotToken(await read(), { ...asked, scopes: ['calendar.own'] }), undefined);
    assert.equal((await world.open()).hotToken(await read(), asked), undefined, 'a key that is not in memory');
    await world.expire(id);
    assert.equal(world.vault.hotToken(await read(), asked), undefined);
  });

  it('R-074 sends and gives nothing once a connection has become another third party', async () => {
    const { id } = await world.connect(EVE, { account: 'eve-moved' });
    const connection = await world.connection();
    const asked = { userId: EVE, applicationId: WEB, account: 'eve-moved' };
    const { endpoints } = connection;
    const elsewhere = 'https://collector.example';
    const others = [
      { ...connection, issuer: elsewhere },
      { ...connection, clientId: 'another-client' },
      { ...connection, endpoints: { ...endpoints, token: `${elsewhere}/token` } },
      { ...connection, endpoints: { ...endpoints, revocation: `${elsewhere}/revoke` } },
      { ...connection, endpoints: { ...endpoints, userinfo: `${elsewhere}/me` } },
    ];
    for (const other of others) assert.equal(refused(await world.vault.token({ ...asked, connection: other })), 'reconnect');
    await world.expire(id);
    const before = world.party.asked;
    for (const other of others) assert.equal(refused(await world.vault.token({ ...asked, connection: other })), 'reconnect');
    assert.equal(world.party.asked, before);
    assert.equal(whose(await world.vault.token({ ...asked, connection })), EVE);
  });
});
