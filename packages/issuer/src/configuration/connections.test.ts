import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { createConnections } from '../connections/registry.ts';
import { resealConnections, setConnectionDisabled, setConnectionSecret } from '../connections/stored-connection.ts';
import { parseMasterKeys } from '../secrets/master-key.ts';
import { createSeal, type MasterKey } from '../secrets/seal.ts';
import { Secret } from '../secrets/secret.ts';
import type { Statement } from '../store/database.ts';
import { onBothEngines } from '../store/stores.fixtures.test.ts';
import { applyConfiguration } from './apply.ts';
import { type ConnectionDeclaration, defineConfig, demo, type IssuerConfiguration } from './define.ts';
import { liveDemoOwners } from './demo.ts';
import { ConfigurationError } from './schema.ts';

const calendar: ConnectionDeclaration = {
  id: 'calendar',
  organization: 'shop',
  name: 'Calendar',
  preset: 'oidc',
  issuer: 'https://calendar.example',
  clientId: 'shop-at-calendar',
  secret: 'a secret of the calendar',
  scopes: ['openid', 'offline_access'],
  applications: { 'shop-web': true, 'shop-api': { scopes: ['calendar.read'], tokens: false } },
  proxy: { baseUrl: 'https://api.calendar.example/v3', methods: ['GET', 'POST'], paths: ['/events', '/events/*'] },
};
const withConnections = (...connections: readonly ConnectionDeclaration[]): IssuerConfiguration =>
  defineConfig({
    organizations: [
      { id: 'shop', name: 'The Shop' },
      { id: 'other', name: 'Another' },
    ],
    projects: [
      {
        id: 'shop',
        organization: 'shop',
        name: 'Shop',
        apis: [{ id: 'shop-api', name: 'Shop API', resource: 'https://api.shop.example', scopes: {} }],
        applications: [
          { id: 'shop-web', name: 'Shop', kind: 'web', secret: 'one-secret-one-secret-one-secret-one' },
          { id: 'shop-spa', name: 'Page', kind: 'spa' },
          { id: 'shop-job', name: 'Job', kind: 'service', secret: 'two-secret-two-secret-two-secret-two' },
        ],
      },
    ],
    connections,
  });
const newKeys = (): MasterKey[] => parseMasterKeys(randomBytes(32).toString('base64'));
const all: Statement = { name: 'all of connection', text: `select c::text as text from issuer.connection c where id = $1` };

onBothEngines('applying connections', (fixture) => {
  const keys = newKeys();
  const seal = createSeal(keys);
  const apply = (configuration: IssuerConfiguration, masterKeys = keys) =>
    applyConfiguration(fixture.store(), configuration, { mode: 'development', masterKeys });
  const find = (id: string, by = seal) => createConnections({ store: fixture.store(), seal: by, maxAge: 0 }).find(id);
  const stored = async (id: string) => (await fixture.store().run<{ text: string }>(all, [id]))[0]?.text ?? '';
  const { secret: _secret, ...unproven } = calendar;

  it('refuses a connection without its secret, an organization or an application that is not there', async () => {
    await assert.rejects(apply(withConnections(unproven)), /connection calendar: .*needs the secret that the third party gave you/);
    await assert.rejects(apply(withConnections({ ...calendar, organization: 'nobody' })), /calendar: there is no organization nobody/);
    await assert.rejects(
      apply(withConnections({ ...calendar, applications: { 'shop-wbe': true, 'shop-spa': true, 'shop-job': true } })),
      (error: unknown) => {
        assert.ok(error instanceof ConfigurationError);
        assert.match(error.message, /application shop-wbe: there is no such application or API/);
        assert.match(error.message, /application shop-spa: it cannot prove itself \(spa\): set publicClients to true/);
        assert.match(error.message, /application shop-job: a service acts for itself/);
        return true;
      },
    );
    assert.equal(await find('calendar'), undefined);
  });

  it('creates what it declares, and nothing the second time', async () => {
    const applied = await apply(withConnections(calendar));
    assert.deepEqual(applied.at(-1), { what: 'connection', id: 'calendar', change: 'created' });
    assert.deepEqual(await apply(withConnections(calendar)), []);
  });

  it('R-120 says who may use it, and how far', async () => {
    const connection = await find('calendar');
    assert.deepEqual(Object.fromEntries(connection?.applications ?? []), {
      'shop-web': { scopes: 'all', tokens: true },
      'shop-api': { scopes: ['calendar.read'], tokens: false },
    });
    const { clientSecret, applications: _applications, ...rest } = connection ?? {};
    assert.equal(clientSecret?.reveal(), 'a secret of the calendar');
    assert.deepEqual(rest, {
      id: 'calendar',
      organizationId: 'shop',
      name: 'Calendar',
      preset: 'oidc',
      signIn: false,
      signUp: false,
      accounts: true,
      issuer: 'https://calendar.example',
      endpoints: {},
      clientId: 'shop-at-calendar',
      authMethod: 'client_secret_basic',
      scopes: ['openid', 'offline_access'],
      authorizationParams: {},
      publicClients: false,
      refreshRetry: 'never',
      proxy: calendar.proxy,
      disabled: false,
    });
  });

  it('takes what is not declared from the preset', async () => {
    await apply(
      withConnections({ id: 'google', organization: 'shop', name: 'Google', preset: 'google', clientId: 'x', secret: 'y', signIn: true }),
    );
    const google = await find('google');
    assert.deepEqual(
      [google?.issuer, google?.refreshRetry, google?.accounts, google?.signIn],
      ['https://accounts.google.com', 'safe', false, true],
    );
    assert.ok(google?.scopes.includes('openid'));
  });

  it('R-146 stores the secret sealed, bound to its row, and shows it nowhere', async () => {
    const [text, connection] = [await stored('calendar'), await find('calendar')];
    assert.ok(!text.includes('a secret of'));
    assert.match(text, /sc1\./);
    assert.doesNotMatch(JSON.stringify(connection), /a secret of/);
    const box = /sc1\.[\w.-]+/.exec(text)?.[0] ?? '';
    const MOVE: Statement = {
      name: 'move box',
      text: `update issuer.connection set client_secret = $1 where id = 'google' returning client_secret`,
    };
    await fixture.store().run(MOVE, [box]);
    await assert.rejects(find('google'), /the secret of the connection google cannot be opened: give it anew/);
    const others = await createConnections({ store: fixture.store(), seal }).ofOrganization('shop');
    assert.deepEqual(
      others.map(({ id }) => id),
      ['calendar'],
    );
    await fixture.store().transaction((run) => setConnectionSecret(run, 'google', { seal, secret: new Secret('y') }));
    assert.equal((await find('google'))?.clientSecret?.reveal(), 'y');
  });

  it('keeps the stored secret when the file names none, and replaces it when it names another', async () => {
    assert.deepEqual(await apply(withConnections(unproven)), []);
    assert.deepEqual(await apply(withConnections({ ...calendar, secret: 'another one' })), [
      { what: 'connection', id: 'calendar', change: 'changed' },
    ]);
    assert.equal((await find('calendar'))?.clientSecret?.reveal(), 'another one');
    await apply(withConnections(calendar));
  });

  it('R-120 takes it away from an application that is no longer listed, and leaves all of them alone when none are', async () => {
    const { applications: _applications, ...unlisted } = calendar;
    assert.deepEqual(await apply(withConnections(unlisted)), []);
    assert.equal((await apply(withConnections({ ...calendar, applications: { 'shop-web': { scopes: ['calendar.read'] } } }))).length, 1);
    assert.deepEqual(Object.fromEntries((await find('calendar'))?.applications ?? []), {
      'shop-web': { scopes: ['calendar.read'], tokens: true },
    });
  });

  it('does not enable what an administrator disabled', async () => {
    await setConnectionDisabled(fixture.store().run, 'calendar', true);
    await apply(withConnections({ ...calendar, name: 'The Calendar' }));
    assert.deepEqual([(await find('calendar'))?.name, (await find('calendar'))?.disabled], ['The Calendar', true]);
    await setConnectionDisabled(fixture.store().run, 'calendar', false);
  });

  it('refuses an id that is a connection of another organization', async () => {
    await assert.rejects(apply(withConnections({ ...calendar, organization: 'other' })), /calendar belongs to another organization/);
  });

  it('R-144 refuses a demo secret in production, and finds one that is there already', async () => {
    const shown = withConnections({ ...calendar, secret: demo('a demo secret') });
    await assert.rejects(
      applyConfiguration(fixture.store(), shown, { mode: 'production', masterKeys: keys }),
      /calendar has a demo secret, which everybody may know/,
    );
    await apply(shown);
    assert.deepEqual(await liveDemoOwners(fixture.store().run), ['calendar']);
    await apply(withConnections(calendar));
    assert.deepEqual(await liveDemoOwners(fixture.store().run), []);
  });

  it('asks the database once while an answer is fresh, and sees a change when it is not', async () => {
    const store = fixture.store();
    const connections = createConnections({ store, seal, maxAge: 100 });
    const asked = () => store.statements.get('find connection') ?? 0;
    const before = asked();
    const [one, other] = await Promise.all([connections.find('nothing'), connections.find('nothing')]);
    assert.deepEqual([one, other, asked()], [undefined, undefined, before + 1]);
    assert.equal((await createConnections({ store, seal: createSeal(newKeys()) }).ofOrganization('other')).length, 0);
    const seen = async () => (await connections.ofOrganization('shop')).find(({ id }) => id === 'calendar')?.disabled;
    await setConnectionDisabled(store.run, 'calendar', true);
    const until = performance.now() + 5_000;
    while ((await seen()) !== true) {
      assert.ok(performance.now() < until, 'the change was never seen');
      await pause(20);
    }
    await setConnectionDisabled(store.run, 'calendar', false);
  });

  it('seals again what an older master key sealed', async () => {
    const [old] = keys;
    assert.ok(old);
    const newer = createSeal([...newKeys(), old]);
    assert.equal(await fixture.store().transaction((run) => resealConnections(run, newer)), 2);
    assert.equal(await fixture.store().transaction((run) => resealConnections(run, newer)), 0);
    assert.equal((await find('calendar', newer))?.clientSecret?.reveal(), 'a secret of the calendar');
    await assert.rejects(
      find('calendar'),
      (error: unknown) => error instanceof Error && error.cause instanceof Error && /SAFECONDUCT_MASTER_KEY/.test(error.cause.message),
    );
  });
});
