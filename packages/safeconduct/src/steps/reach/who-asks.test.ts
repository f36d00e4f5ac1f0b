import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { safeconduct } from '../../core/providers/safeconduct.ts';
import { refreshLogin } from '../login/refresh.ts';
import { protect } from '../protect/protect.ts';
import { calendar, createWorld, exchanges, revealed, type World } from './reach.fixtures.test.ts';

describe('who may ask for a token', () => {
  let world: World;
  beforeEach(async () => {
    world = await createWorld();
    world.vault.accounts.push({ ...calendar });
  });

  it('is nobody without a verified identity', async () => {
    const { identity } = await world.signIn();
    await assert.rejects(world.reach.tokenFor({ ...identity }, 'calendar'), TypeError);
    assert.throws(() => world.reach.fetchAs({ ...identity }, 'calendar', { through: 'proxy' }), TypeError);
  });

  it('R-074 is nobody of another provider: no token of theirs is sent', async () => {
    const { identity } = await world.signIn();
    const elsewhere = world.reachWith({ provider: safeconduct({ issuer: 'https://other.example' }) });
    await assert.rejects(elsewhere.tokenFor(identity, 'calendar'), /comes from https:\/\/id\.example/);
    assert.deepEqual(exchanges(world), []);
  });

  it('is an API, with the access token that called it', async () => {
    const token = await world.vault.accessToken({ client_id: 'phone', scope: 'read' });
    const { provider, vault } = world;
    const guard = protect({ provider, audience: 'https://api.example', fetch: vault.fetch, clock: () => world.time });
    const identity = await guard({ headers: new Headers({ authorization: `Bearer ${token}` }) });
    assert.equal(revealed(await world.reach.tokenFor(identity, 'calendar')), 'upstream-1');
    const [seen] = exchanges(world);
    assert.equal(seen?.form.get('subject_token_type'), 'urn:ietf:params:oauth:token-type:access_token');
    assert.equal(seen?.form.get('subject_token'), token);
  });

  for (const [what, seconds, asked] of [
    ['an opaque access token', 600, ['sc_opaque-1']],
    ['a token that lives for hours, such as a personal one: it is not kept for that', 7_200, []],
  ] as const) {
    it(`R-132 is an API that was called with ${what}`, async () => {
      const { provider, vault } = world;
      vault.script.answer = ({ path }) => introspected(path, seconds);
      const introspection = { clientId: 'planner', clientSecret: 'top-secret' };
      const clock = () => world.time;
      const guard = protect({ provider, audience: 'https://api.example', introspection, fetch: vault.fetch, clock });
      const identity = await guard({ headers: new Headers({ authorization: 'Bearer sc_opaque-1' }) });
      await assert.rejects(world.reach.tokenFor(identity, 'calendar'), { code: 'identity_ended' });
      assert.deepEqual(
        exchanges(world).map(({ form }) => form.get('subject_token')),
        asked,
      );
    });
  }

  function introspected(path: string, seconds: number): Response | undefined {
    const issuer = 'https://id.example';
    if (path.endsWith('openid-configuration'))
      return Response.json({ issuer, introspection_endpoint: `${issuer}/introspect`, token_endpoint: `${issuer}/oauth/token` });
    const exp = Math.floor(world.time / 1000) + seconds;
    const facts = { active: true, iss: issuer, sub: 'person-1', aud: 'https://api.example', client_id: 'phone', token_type: 'Bearer', exp };
    return path === '/introspect' ? Response.json(facts) : undefined;
  }

  it('is told why, when it was called with a token that is not kept', async () => {
    const { provider, vault } = world;
    vault.script.answer = ({ path }) => introspected(path, 7_200);
    const introspection = { clientId: 'planner', clientSecret: 'top-secret' };
    const guard = protect({ provider, audience: 'https://api.example', introspection, fetch: vault.fetch, clock: () => world.time });
    const identity = await guard({ headers: new Headers({ authorization: 'Bearer sc_opaque-1' }) });
    await assert.rejects(world.reach.tokenFor(identity, 'calendar'), /more than an hour is not kept/);
  });

  it('is no service', async () => {
    const token = await world.vault.accessToken({ client_id: 'robot', sub: 'robot' });
    const { provider, vault } = world;
    const guard = protect({ provider, audience: 'https://api.example', fetch: vault.fetch, clock: () => world.time });
    const identity = await guard({ headers: new Headers({ authorization: `Bearer ${token}` }) });
    await assert.rejects(world.reach.tokenFor(identity, 'calendar'), { code: 'kind_refused', status: 403 });
  });

  it('R-074 is another application with the access token alone: the refresh token is not its own', async () => {
    const { identity } = await world.signIn();
    await world
      .reachWith({ clientId: 'another' })
      .tokenFor(identity, 'calendar')
      .catch(() => undefined);
    assert.deepEqual(
      exchanges(world).map(({ form }) => form.get('subject_token_type')),
      ['urn:ietf:params:oauth:token-type:access_token'],
    );
  });

  it('is a sign-in whose refresh token another request has renewed meanwhile: its access token speaks', async () => {
    const { identity } = await world.signIn();
    world.vault.script.answer = ({ form }) =>
      form.get('subject_token_type') === 'urn:ietf:params:oauth:token-type:refresh_token'
        ? Response.json({ error: 'invalid_request' }, { status: 400 })
        : undefined;
    assert.equal(revealed(await world.reach.tokenFor(identity, 'calendar')), 'upstream-1');
  });

  it('is a sign-in that was refreshed', async () => {
    const first = await world.signIn();
    world.time += 599_000;
    const next = await refreshLogin(world.login, first);
    world.time += 2_000;
    await assert.rejects(world.reach.tokenFor(first.identity, 'calendar'), { code: 'identity_ended' });
    assert.equal(revealed(await world.reach.tokenFor(next.identity, 'calendar')), 'upstream-1');
  });
});
