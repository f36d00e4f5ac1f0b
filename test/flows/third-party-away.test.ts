/** A third party that does not answer when a browser is to be sent there: each page says so and leads back, and nothing is used up. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { postgresSkipped } from '@safeconduct/test-support/postgres';
import { ADA, openLogin, signInWithPassword, startWays, titleOf, Visitor, type Ways } from './ways.fixtures.test.ts';

describe('a third party that is away', { skip: postgresSkipped }, () => {
  let ways: Ways;
  before(async () => {
    ways = await startWays();
    ways.guild.script = { down: () => 503 };
  });
  after(() => ways.stop());

  it('F-13 leads back to the sign-in, where another way is open', async () => {
    const visitor = new Visitor();
    const { page } = await openLogin(ways, visitor);
    const stopped = await visitor.submit(page, '/connection/guild');
    assert.equal(titleOf(stopped), 'The Guild does not answer');
    assert.equal(stopped.status, 503);
    assert.equal((await ways.events('login.failed')).at(-1)?.reason, 'connection_away');
    const back = /href="([^"]+)">Back to sign-in/.exec(stopped.text)?.[1] ?? '';
    assert.equal(titleOf(await visitor.get(new URL(back, ways.url))), 'Sign in');
  });

  it('F-13 leads back to the account from linking', async () => {
    const visitor = new Visitor();
    await signInWithPassword(ways, visitor);
    const stopped = await visitor.submit(await visitor.get(`${ways.url}/account/link/guild`), '/account/link/guild');
    assert.equal(titleOf(stopped), 'The Guild does not answer');
    assert.match(stopped.text, /href="\/account">Back to your account/);
  });

  it('F-13 uses up no ticket that an application gave for it', async () => {
    const ticket = 'a-ticket-of-the-tests';
    await ways.sql(
      `insert into issuer.connect_ticket (id, auth_session, user_id, application_id, connection_id, redirect_uri, code_challenge, scopes, expires_at)
        values ($1, 'none', $2, 'shop-web', 'guild', 'http://localhost:3999/callback', 'none', '{members.read}', now() + interval '1 minute')`,
      [createHash('sha256').update(ticket).digest('base64url'), ADA.id],
    );
    const visitor = new Visitor();
    await signInWithPassword(ways, visitor);
    const page = await visitor.get(`${ways.url}/connect?ticket=${ticket}`);
    const away = await visitor.submit(page, '/connect/guild', { decision: 'allow' });
    assert.equal(titleOf(away), 'The service doesn’t answer');
    assert.equal(away.status, 503);
    assert.equal(titleOf(await visitor.get(page.url)), 'Connect The Guild?', 'it can be opened again');
  });
});
