/** Signing in through a third party, over real HTTP. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { postgresSkipped } from '@safeconduct/test-support/postgres';
import {
  ADA,
  claimsOf,
  leadsTo,
  linkUpToTheQuestion,
  openLogin,
  press,
  says,
  signInThrough,
  signInWithPassword,
  startWays,
  titleOf,
  Visitor,
  type Ways,
} from './ways.fixtures.test.ts';

const person = (n: number) => ({ sub: `acme-${n}`, email: `person-${n}@acme.example`, email_verified: true, name: `Person ${n}` });

describe('signing in through a third party', { skip: postgresSkipped }, () => {
  let ways: Ways;
  before(async () => {
    ways = await startWays();
  });
  after(() => ways.stop());

  it('offers the ways of the organization that the application belongs to, and no others', async () => {
    const [shop, other] = [new Visitor(), new Visitor()];
    const { page } = await openLogin(ways, shop);
    assert.match(page.text, /Continue with <\/span>Acme</);
    assert.match(page.text, /Continue with <\/span>The Guild</);
    assert.doesNotMatch(page.text, /Elsewhere/);
    const there = await openLogin(ways, other, { client: 'other-web' });
    assert.match(there.page.text, /Continue with <\/span>Elsewhere</);
    assert.doesNotMatch(there.page.text, /Acme|Guild/);
    const forced = await other.post(`${ways.url}${there.page.url.pathname}/connection/acme`, {});
    assert.equal(forced.status, 403, 'nor is the way of another organization to be had without its button');
  });

  it('makes a new user of whoever signs in for the first time, where the connection does so, and knows them the next time', async () => {
    says(ways.acme, person(1));
    const first = await claimsOf(ways, await signInThrough(ways, new Visitor(), 'acme'));
    assert.equal(first.email, 'person-1@acme.example');
    assert.equal(first.email_verified, true);
    assert.equal(first.name, 'Person 1');
    assert.equal(first.org_id, 'shop-org');
    const second = await claimsOf(ways, await signInThrough(ways, new Visitor(), 'acme'));
    assert.equal(second.sub, first.sub);
    assert.equal((await ways.events('user.signed_up')).length, 1);
    assert.equal((await ways.events('login.ok')).at(-1)?.details.connection, 'acme');
  });

  it('says nothing about how somebody proved who they are elsewhere: no amr, and auth_time is this sign-in’s', async () => {
    says(ways.acme, person(1));
    const claims = await claimsOf(ways, await signInThrough(ways, new Visitor(), 'acme'));
    assert.equal('amr' in claims, false);
    assert.ok(Math.abs(Number(claims.auth_time) - Date.now() / 1000) < 60);
  });

  it('takes no e-mail that the third party has not verified', async () => {
    says(ways.acme, { ...person(2), email_verified: false });
    const claims = await claimsOf(ways, await signInThrough(ways, new Visitor(), 'acme'));
    assert.equal(claims.email, undefined);
  });

  it('signs two tabs of one newcomer in as one user', async () => {
    for (let newcomer = 100; newcomer < 120; newcomer++) await inTwoTabs(newcomer);
  });

  async function inTwoTabs(newcomer: number): Promise<void> {
    says(ways.acme, person(newcomer));
    const [one, other] = [new Visitor(), new Visitor()];
    const pages = await Promise.all([openLogin(ways, one), openLogin(ways, other)]);
    const away = await Promise.all([press(one, pages[0].page, 'acme'), press(other, pages[1].page, 'acme')]);
    const back = await Promise.all([one.get(ways.acme.answer(away[0])), other.get(ways.acme.answer(away[1]))]);
    const claims = await Promise.all(back.map((page, at) => claimsOf(ways, { page, verifier: pages[at]?.verifier ?? '' })));
    assert.equal(claims[0]?.sub, claims[1]?.sub);
  }

  it('turns somebody unknown away where the connection makes no users, and says what to do', async () => {
    says(ways.guild, { sub: 'guild-9', email: 'nobody@guild.example', email_verified: true });
    const visitor = new Visitor();
    const { page } = await signInThrough(ways, visitor, 'guild');
    assert.equal(page.status, 403);
    assert.equal(titleOf(page), 'Nobody here is linked to that account');
    assert.equal((await ways.events('login.failed')).at(-1)?.reason, 'connection_unknown');
    const back = /<a class="button primary" href="([^"]+)">Back to sign-in/.exec(page.text)?.[1] ?? '';
    assert.equal(titleOf(await visitor.get(new URL(back, ways.url))), 'Sign in', 'and the sign-in is still open');
  });

  it('signs a linked person in, and a disabled one not', async () => {
    const visitor = new Visitor();
    await signInWithPassword(ways, visitor);
    says(ways.guild, { sub: 'guild-ada', email: 'somebody@guild.example' });
    await visitor.submit(await linkUpToTheQuestion(ways, visitor, 'guild'), '/confirm', { decision: 'link' });
    const claims = await claimsOf(ways, await signInThrough(ways, new Visitor(), 'guild'));
    assert.equal(claims.sub, ADA.id);
    assert.equal(claims.email, ADA.email, 'the e-mail here stays what it was');
    await ways.sql(`update issuer.users set state = 'disabled' where id = $1`, [ADA.id]);
    const { page } = await signInThrough(ways, new Visitor(), 'guild');
    await ways.sql(`update issuer.users set state = 'active' where id = $1`, [ADA.id]);
    assert.equal(titleOf(page), 'That account may not sign in');
    assert.equal((await ways.events('login.failed')).at(-1)?.reason, 'connection_closed');
  });

  it('R-054 begins a session under a new id', async () => {
    says(ways.acme, person(1));
    const visitor = new Visitor();
    visitor.cookies.set('sc_session@/', { value: 'chosen-by-somebody-else', path: '/' });
    await signInThrough(ways, visitor, 'acme');
    const first = visitor.cookies.get('sc_session@/')?.value;
    assert.ok(first && first !== 'chosen-by-somebody-else');
    await signInThrough(ways, visitor, 'acme', { more: { prompt: 'login' } });
    assert.notEqual(visitor.cookies.get('sc_session@/')?.value, first);
  });

  it('R-072 hands a demand to sign in again on, and refuses an answer that did not meet it', async () => {
    says(ways.acme, person(1));
    for (const more of [{ prompt: 'login' }, { max_age: '60' }]) {
      const visitor = new Visitor();
      const { page } = await openLogin(ways, visitor, { more });
      const away = await press(visitor, page, 'acme');
      assert.equal(away.searchParams.get('prompt'), 'login');
      assert.equal(away.searchParams.get('max_age'), '0');
      assert.ok((await visitor.get(ways.acme.answer(away))).url.searchParams.get('code'));
    }
    for (const auth_time of [Math.floor(Date.now() / 1000) - 3600, undefined]) {
      says(ways.acme, { ...person(1), auth_time });
      const { page } = await signInThrough(ways, new Visitor(), 'acme', { more: { prompt: 'login' } });
      assert.equal(titleOf(page), 'Acme did not ask you again');
    }
    says(ways.acme, { ...person(1), auth_time: Math.floor(Date.now() / 1000) - 3600 });
    const { page } = await signInThrough(ways, new Visitor(), 'acme');
    assert.ok(page.url.searchParams.get('code'), 'where nobody demands it, their session there is good enough');
  });

  it('lets somebody who cancels there, or whose third party is away, choose again', async () => {
    const visitor = new Visitor();
    const { page } = await openLogin(ways, visitor);
    const away = await press(visitor, page, 'acme');
    const cancelled = await visitor.get(ways.acme.answer(away, { code: undefined, error: 'access_denied' }));
    assert.equal(titleOf(cancelled), 'You stopped at Acme');
    says(ways.acme, person(1));
    ways.acme.script.down = (path) => (path === '/token' ? 503 : undefined);
    const failed = await visitor.get(ways.acme.answer(await press(visitor, page, 'acme')));
    assert.equal(titleOf(failed), 'Acme does not answer');
    assert.equal(failed.status, 503);
    says(ways.acme, person(1));
    const back = await visitor.get(ways.acme.answer(await press(visitor, page, 'acme')));
    assert.ok(back.url.searchParams.get('code'));
  });

  it('leads back from a third party that was switched off meanwhile, from signing in as from linking', async () => {
    const [newcomer, ada] = [new Visitor(), new Visitor()];
    const { page } = await openLogin(ways, newcomer);
    const away = await press(newcomer, page, 'guild');
    await signInWithPassword(ways, ada);
    const linking = leadsTo(await ada.submit(await ada.get(`${ways.url}/account/link/guild`), '/account/link/guild'));
    await ways.sql(`update issuer.connection set disabled_at = now() where id = 'guild'`);
    // What is known of a connection is good for a few seconds.
    while (titleOf(await ada.get(`${ways.url}/connect/guild?client_id=shop-web`)) !== 'This service is switched off') await setTimeout(200);
    const [signIn, link] = [await newcomer.get(ways.guild.answer(away)), await ada.get(ways.guild.answer(linking))];
    await ways.sql(`update issuer.connection set disabled_at = null where id = 'guild'`);
    for (const stopped of [signIn, link]) assert.equal(titleOf(stopped), 'The Guild is not offered any more');
    assert.match(signIn.text, /Back to sign-in/);
    assert.match(link.text, /Back to your account/);
  });

  it('F-13 lets people in with a password while every third party is away', async () => {
    ways.acme.script = { down: () => 503 };
    ways.guild.script = { down: () => 503 };
    const page = await signInWithPassword(ways, new Visitor());
    assert.ok(page.url.searchParams.get('code'));
  });

  it('keeps no token of the third party: signing in connects nothing', async () => {
    says(ways.acme, person(1));
    await signInThrough(ways, new Visitor(), 'acme');
    assert.deepEqual(await ways.sql('select id from issuer.connected_account'), []);
  });
});
