/** Reaching third parties with the vendors' presets: where the vendor has a vault, and what is said where it has none. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type ScriptedProvider, startScriptedProvider } from '@safeconduct/test-support/scripted-provider';
import { refreshLogin, type SignedIn } from 'safeconduct/login';
import { createReach, type Reach } from 'safeconduct/reach';
import { loginAt, signInAt, vendors } from './own-library.fixtures.test.ts';
import { CALLBACK, SECRET, SHOP_ORG, startWorld, Visitor, type World } from './world.fixtures.test.ts';

const connectPath = (connection: string) => `http://localhost:3999/connect/${connection}`;
const vendor = vendors.find(({ dialect }) => dialect === 'auth0') ?? assert.fail();

describe('reach with the preset for auth0', () => {
  let world: World;
  let almanac: ScriptedProvider;
  let signedIn: SignedIn;

  before(async () => {
    almanac = await startScriptedProvider('alm-3107');
    world = await startWorld({ dialects: ['auth0'], declare: (base) => ({ ...base, connections: [connectionTo(almanac)] }) });
    signedIn = await signInAt(loginAt(world, vendor));
  });
  after(async () => {
    await world?.stop();
    await almanac?.close();
  });

  /** One that remembers nothing yet. */
  const reach = (clientSecret = SECRET, sharedSubject = false): Reach =>
    createReach({ provider: vendor.provider(world, sharedSubject), clientId: 'shop-web', clientSecret, connectPath });

  it('gives the application’s own link first', async () => {
    const outcome = await reach().tokenFor(signedIn.identity, 'almanac', { scopes: ['orders:read'] });
    const link = connectPath('almanac');
    assert.deepEqual(outcome, { kind: 'needs-connection', connection: 'almanac', link, missing: ['orders:read'] });
  });

  it('connects an account over the accounts API, and lists it', async () => {
    const { url, transaction } = await reach().startLink(signedIn.identity, 'almanac', { redirectUri: CALLBACK, scopes: ['orders:read'] });
    const account = await reach().finishLink(signedIn.identity, await connect(world, almanac, url), transaction);
    assert.deepEqual([account.connection, account.scopes.includes('orders:read')], ['almanac', true]);
    const [listed, ...others] = await reach().listLinks(signedIn.identity);
    assert.deepEqual([listed?.id, others], [account.id, []]);
  });

  it('S2.6 S2.9 gives its token again and again for one refresh token, which goes on to work', async () => {
    for (let round = 0; round < 3; round++) {
      const outcome = await reach().tokenFor(signedIn.identity, 'almanac', { scopes: ['orders:read'] });
      assert.ok(outcome.kind === 'token' && outcome.expiresAt.getTime() > Date.now());
    }
    assert.ok(await refreshLogin(loginAt(world, vendor), signedIn));
  });

  it('gives it as well where people go by the name that they share with other origins', async () => {
    const { identity } = await signInAt(loginAt(world, vendor, true));
    assert.notEqual(identity.subject, signedIn.identity.subject);
    assert.equal((await reach(SECRET, true).tokenFor(identity, 'almanac')).kind, 'token');
  });

  it('tells what the provider has against it, in our codes', async () => {
    await assert.rejects(reach().tokenFor(signedIn.identity, 'crm'), { code: 'connection_refused' });
    await assert.rejects(reach('wrong').tokenFor(signedIn.identity, 'almanac'), { code: 'connection_refused' });
  });

  it('disconnects it', async () => {
    const [account] = await reach().listLinks(signedIn.identity, 'almanac');
    assert.equal(await reach().unlink(signedIn.identity, account?.id ?? ''), true);
    assert.equal((await reach().tokenFor(signedIn.identity, 'almanac')).kind, 'needs-connection');
  });
});

describe('reach with a preset of a vendor that keeps no connected accounts', () => {
  it('says so when it is made', () => {
    const world = { at: () => 'https://localhost:8443', home: 'http://localhost:8090' };
    for (const { dialect, provider } of vendors.filter((one) => one.dialect !== 'auth0' && one.dialect !== 'standard'))
      assert.throws(() => createReach({ provider: provider(world), clientId: 'shop-web', clientSecret: SECRET }), {
        name: 'TypeError',
        message: new RegExp(`^${dialect} keeps no connected accounts.*safeconduct or auth0`),
      });
  });
});

const connectionTo = ({ issuer }: ScriptedProvider) => ({
  id: 'almanac',
  organization: SHOP_ORG,
  name: 'Almanac',
  preset: 'oidc' as const,
  issuer,
  clientId: 'safeconduct',
  secret: SECRET,
  scopes: ['openid', 'offline_access'],
  applications: { 'shop-web': { scopes: ['orders:read'] } },
});

/** The browser’s part: through the issuer’s pages to the third party, and back. */
async function connect({ home }: World, almanac: ScriptedProvider, url: URL): Promise<URL> {
  assert.equal(url.origin, home);
  const visitor = new Visitor();
  const there = leadsTo(await visitor.visit(url.href));
  assert.equal(there.origin, almanac.issuer);
  return leadsTo(await visitor.visit(almanac.answer(there).href));
}

/** Where a page leads, by itself if it does. */
function leadsTo({ url, response }: Awaited<ReturnType<Visitor['visit']>>): URL {
  const [, address] = /^0; url=(.*)$/.exec(response.headers.get('refresh') ?? '') ?? [];
  return address === undefined ? url : new URL(address);
}
