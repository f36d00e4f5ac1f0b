import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { inspect } from 'node:util';
import type { Identity } from '../../core/identity/identity.ts';
import { calendar, createWorld, exchanges, revealed, type World } from './reach.fixtures.test.ts';

for (const dialect of ['auth0', 'safeconduct'] as const) {
  describe(`a token for a connection, from a vault that speaks ${dialect}`, () => {
    let world: World;
    let identity: Identity;
    beforeEach(async () => {
      world = await createWorld(dialect);
      identity = (await world.signIn()).identity;
    });

    it('S2.6 is asked for with the refresh token of the sign-in, in the exact words', async () => {
      world.vault.accounts.push({ ...calendar });
      const outcome = await world.reach.tokenFor(identity, 'calendar');
      assert.equal(revealed(outcome), 'upstream-1');
      assert.deepEqual(outcome.kind === 'token' && outcome.scopes, ['calendar.read']);
      const [seen] = exchanges(world);
      const type = 'federated-connection-access-token';
      assert.deepEqual(Object.fromEntries(seen?.form ?? []), {
        grant_type:
          dialect === 'auth0'
            ? `urn:auth0:params:oauth:grant-type:token-exchange:${type}`
            : 'urn:ietf:params:oauth:grant-type:token-exchange',
        subject_token: seen?.form.get('subject_token'),
        subject_token_type: 'urn:ietf:params:oauth:token-type:refresh_token',
        requested_token_type:
          dialect === 'auth0'
            ? `http://auth0.com/oauth/token-type/${type}`
            : 'urn:safeconduct:params:oauth:token-type:connection-access-token',
        connection: 'calendar',
      });
      assert.equal(seen?.authorization, `Basic ${btoa('planner:top-secret')}`);
    });

    it('S2.9 comes again and again with the same refresh token', async () => {
      world.vault.accounts.push({ ...calendar });
      for (let round = 0; round < 3; round++) {
        world.time += 61_000;
        assert.equal(revealed(await world.reach.tokenFor(identity, 'calendar')), 'upstream-1');
      }
      assert.equal(new Set(exchanges(world).map(({ form }) => form.get('subject_token'))).size, 1);
      assert.equal(exchanges(world).length, 3);
    });

    it('S2.12 is had for each of several connections by its name', async () => {
      world.vault.accounts.push({ ...calendar }, { ...calendar, id: 'cac_2', connection: 'github', token: 'upstream-2' });
      assert.equal(revealed(await world.reach.tokenFor(identity, 'calendar')), 'upstream-1');
      assert.equal(revealed(await world.reach.tokenFor(identity, 'github')), 'upstream-2');
    });

    it('chooses among several accounts by the id of the person there', async () => {
      world.vault.accounts.push({ ...calendar }, { ...calendar, id: 'cac_2', account: 'ada-at-work', token: 'upstream-2' });
      assert.equal(revealed(await world.reach.tokenFor(identity, 'calendar', { account: 'ada-there' })), 'upstream-1');
      assert.equal(revealed(await world.reach.tokenFor(identity, 'calendar', { account: 'ada-at-work' })), 'upstream-2');
    });

    it('B2.10 is a link when nothing is connected, and is asked for anew the next time', async () => {
      const needed = await world.reach.tokenFor(identity, 'calendar', { scopes: ['calendar.read'] });
      assert.deepEqual(needed, {
        kind: 'needs-connection',
        connection: 'calendar',
        link: dialect === 'auth0' ? '/connect/calendar' : 'https://id.example/connect/calendar?client_id=planner&scope=calendar.read',
        missing: ['calendar.read'],
      });
      world.vault.accounts.push({ ...calendar });
      assert.equal(revealed(await world.reach.tokenFor(identity, 'calendar', { scopes: ['calendar.read'] })), 'upstream-1');
    });

    it('is a link that names what is missing when the account grants less than is asked for', async () => {
      world.vault.accounts.push({ ...calendar });
      const needed = await world.reach.tokenFor(identity, 'calendar', { scopes: ['calendar.read', 'calendar.write'] });
      assert.deepEqual(needed.kind === 'needs-connection' && needed.missing, ['calendar.write']);
    });

    it('R-125 R-132 prints nowhere', async () => {
      world.vault.accounts.push({ ...calendar });
      const outcome = await world.reach.tokenFor(identity, 'calendar');
      const shown = [JSON.stringify(outcome), inspect(outcome, { showHidden: true, depth: null }), inspect(world.reach, { depth: null })];
      for (const text of shown) assert.doesNotMatch(text, /upstream-1|top-secret/);
    });

    it('is refused when the sign-in has ended', async () => {
      world.vault.endSessions();
      await assert.rejects(world.reach.tokenFor(identity, 'calendar'), { code: 'identity_ended', status: 401 });
    });

    it('is refused to an application that the connection does not list', async () => {
      await assert.rejects(world.reach.tokenFor(identity, 'crm'), { code: 'connection_refused', status: 403 });
      await assert.rejects(world.reachWith({ clientSecret: 'wrong' }).tokenFor(identity, 'calendar'), { code: 'connection_refused' });
    });

    for (const status of [503, 500, 429]) {
      it(`is unavailable, and nothing worse, when the vault answers ${status}`, async () => {
        world.vault.script.answer = ({ path }) =>
          path === '/oauth/token' ? Response.json({ error: 'temporarily_unavailable' }, { status }) : undefined;
        await assert.rejects(world.reach.tokenFor(identity, 'calendar'), { code: 'vault_unavailable', status: 503 });
        world.vault.script = {};
        world.vault.accounts.push({ ...calendar });
        assert.equal(revealed(await world.reach.tokenFor(identity, 'calendar')), 'upstream-1');
      });
    }
  });
}

describe('a token that is remembered', () => {
  let world: World;
  let identity: Identity;
  beforeEach(async () => {
    world = await createWorld();
    identity = (await world.signIn()).identity;
    world.vault.accounts.push({ ...calendar });
  });

  it('R-076 is asked for once by everybody who asks at the same time, and kept for a minute', async () => {
    const ask = () => world.reach.tokenFor(identity, 'calendar');
    await Promise.all(Array.from({ length: 50 }, ask));
    world.time += 59_000;
    await ask();
    assert.equal(exchanges(world).length, 1);
    world.time += 2_000;
    await ask();
    assert.equal(exchanges(world).length, 2);
  });

  it('R-076 serves no other person, session, connection, account or scopes', async () => {
    const other = (await world.signIn()).identity;
    world.vault.accounts.push({ ...calendar, id: 'cac_2', connection: 'github' });
    const asked = [
      [identity, 'calendar', {}],
      [other, 'calendar', {}],
      [identity, 'github', {}],
      [identity, 'calendar', { account: 'ada-there' }],
      [identity, 'calendar', { scopes: ['calendar.read'] }],
    ] as const;
    for (const [who, connection, options] of asked) {
      await world.reach.tokenFor(who, connection, options);
      await world.reach.tokenFor(who, connection, options);
    }
    assert.equal(exchanges(world).length, asked.length);
  });

  it('R-076 is not served for a session that ended by one of the same person that goes on', async () => {
    const other = (await world.signIn()).identity;
    await world.reach.tokenFor(other, 'calendar');
    world.vault.endSessions();
    await assert.rejects(world.reach.tokenFor(identity, 'calendar'), { code: 'identity_ended' });
  });

  it('R-076 is not used in its last half minute, nor after the identity', async () => {
    world.vault.accounts.splice(0, 1, { ...calendar, expiresIn: 40 });
    await world.reach.tokenFor(identity, 'calendar');
    world.time += 11_000;
    await world.reach.tokenFor(identity, 'calendar');
    assert.equal(exchanges(world).length, 2);
    world.time = identity.expiresAt.getTime();
    await assert.rejects(world.reach.tokenFor(identity, 'calendar'), { code: 'identity_ended' });
  });

  it('is not used when the clock was set back', async () => {
    await world.reach.tokenFor(identity, 'calendar');
    world.time -= 5_000;
    await world.reach.tokenFor(identity, 'calendar');
    assert.equal(exchanges(world).length, 2);
  });
});

describe('a link to connect', () => {
  it('R-079 leads to the provider and nowhere else, whatever the answer says', async () => {
    const world = await createWorld();
    const { identity } = await world.signIn();
    for (const evil of ['https://evil.example/connect/calendar', 'javascript:alert(1)', 'https://id.example/other', '//evil.example', '']) {
      world.vault.script.answer = ({ path }) =>
        path === '/oauth/token'
          ? Response.json({ error: 'federated_connection_account_not_found', connect_uri: evil }, { status: 401 })
          : undefined;
      const needed = await world.reach.tokenFor(identity, 'calendar');
      assert.equal(needed.kind === 'needs-connection' && needed.link, 'https://id.example/connect/calendar?client_id=planner');
    }
  });

  it('says where to go afterwards, if it is told', async () => {
    const world = await createWorld();
    const { identity } = await world.signIn();
    const needed = await world.reach.tokenFor(identity, 'calendar', { returnTo: 'https://planner.example/' });
    assert.equal(needed.kind === 'needs-connection' && new URL(needed.link).searchParams.get('return_to'), 'https://planner.example/');
  });

  it('cannot be made to lead elsewhere by the name of a connection', async () => {
    const world = await createWorld();
    const { identity } = await world.signIn();
    for (const name of ['../evil', '..', '', 'a/b', 'a?b', 'a'.repeat(200), 'kalender\n'])
      await assert.rejects(world.reach.tokenFor(identity, name), { code: 'connection_refused' });
    assert.deepEqual(exchanges(world), []);
  });
});
