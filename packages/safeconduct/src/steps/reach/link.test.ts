import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { Identity } from '../../core/identity/identity.ts';
import { createWorld, type World } from './reach.fixtures.test.ts';

const redirectUri = 'https://planner.example/connected';

for (const dialect of ['auth0', 'safeconduct'] as const) {
  describe(`connecting an account at a provider that speaks ${dialect}`, () => {
    let world: World;
    let identity: Identity;
    beforeEach(async () => {
      world = await createWorld(dialect);
      const resource = `${world.vault.issuer.replace(/\/$/, '')}/me/`;
      identity = (await world.signIn(dialect === 'auth0' ? {} : { resource })).identity;
    });

    it('begins, comes back and finishes, and the account can be used then', async () => {
      const { url, transaction } = await world.reach.startLink(identity, 'calendar', { scopes: ['calendar.read'], redirectUri });
      const account = await world.reach.finishLink(identity, world.vault.visit(url), structuredClone(transaction));
      assert.deepEqual(account, {
        id: 'cac_1',
        connection: 'calendar',
        scopes: ['calendar.read'],
        connectedAt: new Date('2026-11-22T10:00:00.000Z'),
      });
      assert.equal((await world.reach.tokenFor(identity, 'calendar')).kind, 'token');
    });

    it('R-071 binds the answer to the one who asked: state, PKCE, session and person', async () => {
      const { url, transaction } = await world.reach.startLink(identity, 'calendar', { redirectUri });
      assert.equal(new URL(url).searchParams.get('code_challenge'), null);
      const invalid = { code: 'link_invalid', status: 400 };
      await assert.rejects(world.reach.finishLink(identity, world.vault.visit(url, { state: 'x' }), transaction), invalid);
      await assert.rejects(world.reach.finishLink(identity, world.vault.visit(url, { connect_code: 'x' }), transaction), invalid);
      await assert.rejects(world.reach.finishLink(identity, world.vault.visit(url, { connect_code: '' }), transaction), invalid);
      const other = { ...transaction, subject: 'person-2' };
      await assert.rejects(world.reach.finishLink(identity, world.vault.visit(url), other), invalid);
      const verifier = { ...transaction, verifier: 'another' };
      await assert.rejects(world.reach.finishLink(identity, world.vault.visit(url), verifier), invalid);
      assert.deepEqual(world.vault.accounts, []);
    });

    it('R-071 sends nothing for an answer that is not the one that was waited for', async () => {
      const { url, transaction } = await world.reach.startLink(identity, 'calendar', { redirectUri });
      const answer = world.vault.visit(url);
      const before = world.vault.seen.length;
      for (const [callback, held] of [
        [world.vault.visit(url, { state: 'x' }), transaction],
        [answer, { ...transaction, subject: 'person-2' }],
        [answer, { ...transaction, issuer: 'https://other.example' }],
        [answer, { ...transaction, clientId: 'another' }],
      ] as const)
        await assert.rejects(world.reach.finishLink(identity, callback, held), { code: 'link_invalid' });
      assert.equal(world.vault.seen.length, before);
    });

    it('R-070 is finished once, and not after its time', async () => {
      const { url, transaction } = await world.reach.startLink(identity, 'calendar', { redirectUri });
      const callback = world.vault.visit(url);
      await world.reach.finishLink(identity, callback, transaction);
      await assert.rejects(world.reach.finishLink(identity, callback, transaction), { code: 'link_invalid' });
      const late = await world.reach.startLink(identity, 'calendar', { redirectUri });
      const answer = world.vault.visit(late.url);
      world.time += 300_000;
      await assert.rejects(world.reach.finishLink(identity, answer, late.transaction), { code: 'link_invalid' });
    });

    it('tells that the person refused', async () => {
      const { url, transaction } = await world.reach.startLink(identity, 'calendar', { redirectUri });
      const refused = world.vault.visit(url, { connect_code: undefined, error: 'access_denied' });
      await assert.rejects(world.reach.finishLink(identity, refused, transaction), { code: 'link_denied', status: 403 });
    });

    it('lists all pages of the accounts, and disconnects one', async () => {
      for (const id of ['cac_1', 'cac_2', 'cac_3'])
        world.vault.accounts.push({ id, connection: 'calendar', account: id, scopes: ['calendar.read'], token: id });
      const ids = async () => (await world.reach.listLinks(identity, 'calendar')).map((account) => account.id);
      assert.deepEqual(await ids(), ['cac_1', 'cac_2', 'cac_3']);
      assert.deepEqual(await world.reach.listLinks(identity, 'github'), []);
      assert.equal(await world.reach.unlink(identity, 'cac_2'), true);
      assert.equal(await world.reach.unlink(identity, 'cac_2'), false);
      assert.equal(await world.reach.unlink(identity, '../connect'), false);
      assert.deepEqual(await ids(), ['cac_1', 'cac_3']);
    });

    it('forgets the token of an account that was disconnected', async () => {
      world.vault.accounts.push({ id: 'cac_1', connection: 'calendar', account: 'a', scopes: [], token: 'upstream-1' });
      assert.equal((await world.reach.tokenFor(identity, 'calendar')).kind, 'token');
      await world.reach.unlink(identity, 'cac_1');
      assert.equal((await world.reach.tokenFor(identity, 'calendar')).kind, 'needs-connection');
    });

    it('tells what the provider has against it, in our codes', async () => {
      await assert.rejects(world.reach.startLink(identity, 'crm', { redirectUri }), { code: 'connection_refused' });
      for (const [status, code] of [
        [401, 'identity_ended'],
        [403, 'connection_refused'],
        [429, 'vault_unavailable'],
        [503, 'vault_unavailable'],
      ] as const) {
        world.vault.script.answer = ({ path }) => (path.startsWith('/me/') ? new Response('<html>', { status }) : undefined);
        await assert.rejects(world.reach.startLink(identity, 'calendar', { redirectUri }), { code }, String(status));
      }
    });

    it('sends nobody to an address that is not https', async () => {
      for (const connect_uri of ['http://id.example/connect', 'http://localhost:8090/connect', 'javascript:alert(1)', '/connect', 7]) {
        world.vault.script.answer = ({ path }) =>
          path.endsWith('/connect')
            ? Response.json({ connect_uri, connect_params: { ticket: 't' }, auth_session: 's', expires_in: 60 }, { status: 201 })
            : undefined;
        await assert.rejects(
          world.reach.startLink(identity, 'calendar', { redirectUri }),
          { code: 'provider_invalid' },
          String(connect_uri),
        );
      }
    });
  });
}

describe('the token for the accounts API', () => {
  it('comes from the refresh token at Auth0, which must not rotate it', async () => {
    const world = await createWorld('auth0');
    const { identity } = await world.signIn();
    await world.reach.listLinks(identity);
    const { form } = world.vault.seen.findLast(({ path }) => path === '/oauth/token') ?? {};
    assert.equal(form?.get('grant_type'), 'refresh_token');
    assert.equal(form?.get('audience'), 'https://acme.eu.auth0.com/me/');
    assert.equal(form?.get('scope'), 'read:me:connected_accounts');
    world.vault.script.answer = ({ path }) =>
      path === '/oauth/token'
        ? Response.json({ access_token: 'a', token_type: 'Bearer', expires_in: 60, refresh_token: 'rotated' })
        : undefined;
    await assert.rejects(world.reach.listLinks(identity), { code: 'provider_invalid', message: /rotates refresh tokens/ });
  });

  it('says what to ask for when the sign-in has none', async () => {
    const world = await createWorld();
    const { identity } = await world.signIn();
    await assert.rejects(world.reach.listLinks(identity), {
      code: 'connection_refused',
      message: /https:\/\/id\.example\/me\/.*as resource/,
    });
  });
});
