import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { Identity } from '../../core/identity/identity.ts';
import { createWorld, type World } from './reach.fixtures.test.ts';

const type = 'urn:safeconduct:params:oauth:token-type:connection-access-token';
const sound = { access_token: 'upstream-1', issued_token_type: type, token_type: 'Bearer', expires_in: 600, scope: 'a b' };

describe('an answer of the vault', () => {
  let world: World;
  let identity: Identity;
  beforeEach(async () => {
    world = await createWorld();
    identity = (await world.signIn()).identity;
  });
  const answering = (body: BodyInit | object, status = 200) => {
    world.vault.script.answer = ({ path }) =>
      path !== '/oauth/token' ? undefined : typeof body === 'string' ? new Response(body, { status }) : Response.json(body, { status });
  };

  it('splits scopes by spaces and by commas, as third parties write them', async () => {
    answering({ ...sound, scope: 'repo,read:user gist' });
    const outcome = await world.reach.tokenFor(identity, 'github');
    assert.deepEqual(outcome.kind === 'token' && outcome.scopes, ['repo', 'read:user', 'gist']);
  });

  it('without a lifetime is used for five minutes at most', async () => {
    const { expires_in: _, ...rest } = sound;
    answering(rest);
    const outcome = await world.reach.tokenFor(identity, 'calendar');
    assert.equal(outcome.kind === 'token' && outcome.expiresAt.getTime(), world.time + 300_000);
  });

  for (const [what, body, status] of [
    ['another type of token', { ...sound, issued_token_type: 'urn:ietf:params:oauth:token-type:refresh_token' }, 200],
    ['a token that is no bearer token', { ...sound, token_type: 'N_A' }, 200],
    ['no token', { ...sound, access_token: undefined }, 200],
    ['a lifetime that is no number', { ...sound, expires_in: 'soon' }, 200],
    ['something that is no JSON', '<html>', 200],
    ['a refusal without a reason', '<html>', 403],
    ['a redirect', '', 302],
  ] as const) {
    it(`with ${what} is not trusted`, async () => {
      answering(body, status);
      await assert.rejects(world.reach.tokenFor(identity, 'calendar'), { code: 'provider_invalid', status: 502 });
    });
  }

  it('R-132 is repeated in no message', async () => {
    for (const status of [200, 400, 401, 403, 500]) {
      answering({ error: 'access_denied', error_description: 'secret-in-text', access_token: 'upstream-1', token_type: 'odd' }, status);
      const error = await world.reach
        .tokenFor(identity, 'calendar')
        .then(JSON.stringify, (thrown: Error) => `${thrown.stack} ${thrown.cause}`);
      assert.doesNotMatch(error, /upstream-1|secret-in-text/);
    }
  });

  it('that never comes is an outage', async () => {
    world.vault.script.answer = ({ path }) => {
      if (path === '/oauth/token') throw new TypeError('fetch failed');
      return undefined;
    };
    await assert.rejects(world.reach.tokenFor(identity, 'calendar'), { code: 'provider_unreachable' });
  });

  it('whose connection broke is asked for once more: the subject token is not used up by asking', async () => {
    let broken = 0;
    world.vault.script.answer = ({ path }) => {
      if (path !== '/oauth/token') return undefined;
      if (broken++ === 0) throw Object.assign(new TypeError('fetch failed'), { cause: Object.assign(new Error(), { code: 'ECONNRESET' }) });
      return Response.json(sound);
    };
    assert.equal((await world.reach.tokenFor(identity, 'calendar')).kind, 'token');
  });
});
