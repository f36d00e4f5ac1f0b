/** The account page, over real HTTP: who is signed in, what apps reach, and the ways in. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { postgresSkipped } from '@safeconduct/test-support/postgres';
import {
  ADA,
  BEN,
  claimsOf,
  formsOf,
  formTokenIn,
  linkUpToTheQuestion,
  openLogin,
  putConnectedAccount,
  says,
  signInThrough,
  signInWithPassword,
  startWays,
  titleOf,
  Visitor,
  type Ways,
} from './ways.fixtures.test.ts';

const NEWCOMER = { sub: 'acme-new', email: 'new@acme.example', email_verified: true, name: 'Nina Newcomer' };

describe('the account page', { skip: postgresSkipped }, () => {
  let ways: Ways;
  before(async () => {
    ways = await startWays();
  });
  after(() => ways.stop());
  const account = (visitor: Visitor, query = '') => visitor.get(`${ways.url}/account${query}`);

  it('asks whoever is not signed in to sign in, and comes back', async () => {
    const visitor = new Visitor();
    const login = await visitor.get(`${ways.url}/`);
    assert.equal(titleOf(login), 'Sign in');
    assert.match(login.text, /Then we take you back to <b>Your account<\/b>/);
    const page = await visitor.submit(login, '/login', ADA);
    assert.equal(page.url.pathname, '/account');
    assert.equal(titleOf(page), 'Your account');
    assert.match(page.text, /Ada Brandt/);
    assert.match(page.text, /Quay Shop/);
    assert.match(page.text, /usr_ada/);
    assert.match(page.text, /Nothing is connected/);
    assert.equal(page.headers.get('cache-control'), 'no-store');
  });

  it('offers the ways of the organization that its address names, and of none where several have some', async () => {
    const unnamed = await account(new Visitor());
    assert.doesNotMatch(unnamed.text, /Acme|Elsewhere/);
    const named = await account(new Visitor(), '?organization=other-org');
    assert.match(named.text, /Elsewhere/);
    assert.doesNotMatch(named.text, /Acme/);
    says(ways.acme, NEWCOMER);
    const visitor = new Visitor();
    const login = await account(visitor, '?organization=shop-org');
    const away = (await visitor.submit(login, '/connection/acme')).headers.get('refresh')?.slice('0; url='.length) ?? '';
    assert.equal((await visitor.get(ways.acme.answer(new URL(away)))).url.pathname, '/account');
  });

  it('R-079 takes no way back from a sign-in but to our own pages', async () => {
    const visitor = new Visitor();
    await signInWithPassword(ways, visitor);
    for (const state of ['', 'https://evil.example/', 'eyJiYWNrVG8iOiIvL2V2aWwifQ.AAAA']) {
      const page = await visitor.get(`${ways.url}/account/signed-in?code=x&state=${encodeURIComponent(state)}`);
      assert.equal(page.status, 400);
      assert.equal(page.url.origin, ways.url);
    }
  });

  it('signs in with a code that nobody can redeem: the session is all that our own pages need', async () => {
    const visitor = new Visitor();
    await signInWithPassword(ways, visitor);
    const cookie = [...visitor.cookies].map(([key, { value }]) => `${key.split('@')[0]}=${value}`).join('; ');
    const asked = await fetch(`${ways.url}/account`, { redirect: 'manual' });
    const granted = await fetch(new URL(asked.headers.get('location') ?? '', ways.url), { redirect: 'manual', headers: { cookie } });
    const back = new URL(granted.headers.get('location') ?? '', ways.url);
    assert.equal(`${back.origin}${back.pathname}`, `${ways.url}/account/signed-in`);
    const fields = { grant_type: 'authorization_code', client_id: 'safeconduct-account', redirect_uri: `${ways.url}/account/signed-in` };
    const body = new URLSearchParams({ ...fields, code: back.searchParams.get('code') ?? '', code_verifier: 'v'.repeat(43) });
    const answer = await fetch(`${ways.url}/oauth2/token`, { method: 'POST', body });
    assert.deepEqual([answer.status, ((await answer.json()) as { error: string }).error], [400, 'invalid_grant']);
  });

  it('stops, with a page that says why, where a browser keeps no cookies', async () => {
    const visitor = new Visitor();
    const login = await account(visitor);
    const { action, hidden } = formsOf(login)[0] ?? { action: '', hidden: {} };
    const target = new URL(action, ways.url);
    const answer = await new Visitor().post(target, { ...hidden, email: ADA.email, password: ADA.password });
    assert.equal(answer.status, 400);
    assert.match(answer.text, /cookies/);
    const direct = await fetch(`${ways.url}/account`, { redirect: 'manual' });
    const state = new URL(direct.headers.get('location') ?? '', ways.url).searchParams.get('state') ?? '';
    const back = await new Visitor().get(`${ways.url}/account/signed-in?state=${encodeURIComponent(state)}&code=x`);
    assert.equal(titleOf(back), 'You are not signed in');
  });

  it('is for people who may sign in now: neither a session that ended nor a disabled person sees it', async () => {
    const visitor = new Visitor();
    await signInWithPassword(ways, visitor, BEN);
    assert.equal(titleOf(await account(visitor)), 'Your account');
    // What disabling a person does, in one transaction.
    await ways.sql(`update issuer.users set state = 'disabled' where id = $1`, [BEN.id]);
    await ways.sql('update issuer.artifact set revoked_at = now() where account_id = $1', [BEN.id]);
    assert.equal(titleOf(await account(visitor)), 'Sign in');
    await ways.sql(`update issuer.users set state = 'active' where id = $1`, [BEN.id]);
    assert.equal(titleOf(await account(visitor)), 'Sign in', 'what ended stays ended');
    await signInWithPassword(ways, visitor, BEN);
    const page = await account(visitor);
    const signOut = /href="(\/oauth2\/logout[^"]*)"/.exec(page.text)?.[1] ?? '';
    const asked = await visitor.get(new URL(signOut, ways.url));
    await visitor.submit(asked, /logout/, { logout: 'yes' });
    assert.equal(titleOf(await account(visitor)), 'Sign in');
  });

  it('links a way to sign in after showing both accounts, and unlinks it', async () => {
    says(ways.guild, { sub: 'guild-ada', email: 'ada@guild.example', email_verified: true });
    const visitor = new Visitor();
    await signInWithPassword(ways, visitor);
    const question = await linkUpToTheQuestion(ways, visitor, 'guild');
    assert.equal(titleOf(question), 'Are both of these you?');
    assert.match(question.text, /Ada Brandt/);
    assert.match(question.text, /ada@shop\.example/);
    assert.match(question.text, /ada@guild\.example/);
    const linked = await visitor.submit(question, '/confirm', { decision: 'link' });
    assert.match(linked.text, /role="status"><strong>The Guild is linked/);
    assert.equal((await ways.events('identity.linked')).at(-1)?.actor, ADA.id);
    assert.equal((await claimsOf(ways, await signInThrough(ways, new Visitor(), 'guild'))).sub, ADA.id);
    const unlinked = await visitor.submit(await account(visitor), '/unlink');
    assert.match(unlinked.text, /The Guild is unlinked/);
    assert.equal((await ways.events('identity.unlinked')).at(-1)?.actor, ADA.id);
    assert.equal(titleOf((await signInThrough(ways, new Visitor(), 'guild')).page), 'Nobody here is linked to that account');
  });

  it('links nothing when the last question is answered with no, or twice', async () => {
    says(ways.guild, { sub: 'guild-ada', email: 'ada@guild.example' });
    const visitor = new Visitor();
    await signInWithPassword(ways, visitor);
    const question = await linkUpToTheQuestion(ways, visitor, 'guild');
    assert.match((await visitor.submit(question, '/confirm', { decision: 'deny' })).text, /Nothing was linked/);
    const again = await visitor.submit(question, '/confirm', { decision: 'link' });
    assert.equal(again.status, 400);
    assert.match(again.text, /href="\/account">Back to your account/);
    assert.equal(titleOf(await visitor.get(question.url)), 'This is no longer open');
    assert.deepEqual(await ways.sql(`select 1 from issuer.linked_identity where subject = 'guild-ada'`), []);
  });

  it('wants a fresh sign-in before it links, however long the session lasts', async () => {
    const visitor = new Visitor();
    await signInWithPassword(ways, visitor);
    const page = await visitor.get(`${ways.url}/account/link/guild`);
    assert.equal(titleOf(page), 'Link The Guild');
    const old = Math.floor(Date.now() / 1000) - 700;
    await ways.sql(`update issuer.artifact set payload = payload || jsonb_build_object('loginTs', $1::int) where kind = 'Session'`, [old]);
    const stale = await visitor.submit(page, '/account/link/guild');
    assert.equal(titleOf(stale), 'Sign in again', 'nor does a form from before do');
    const login = await visitor.get(`${ways.url}/account/link/guild`);
    assert.equal(titleOf(login), 'Sign in again');
    const back = await visitor.submit(login, '/login', ADA);
    assert.equal(titleOf(back), 'Link The Guild');
  });

  it('keeps the only way in', async () => {
    says(ways.acme, NEWCOMER);
    const visitor = new Visitor();
    await signInThrough(ways, visitor, 'acme');
    const page = await account(visitor);
    assert.match(page.text, /Nina Newcomer/);
    assert.match(page.text, /Your only way in/);
    assert.equal(
      formsOf(page).some(({ action }) => action === '/account/unlink'),
      false,
    );
    const csrf = formTokenIn(await visitor.get(`${ways.url}/account/link/acme`));
    const forced = await visitor.post(`${ways.url}/account/unlink`, { csrf, issuer: ways.acme.issuer, subject: NEWCOMER.sub });
    assert.match(forced.text, /Acme stays linked/);
  });

  it('says what was done to the session that did it, and lets no link put words in its mouth', async () => {
    says(ways.guild, { sub: 'guild-ben', email: 'ben@guild.example' });
    const [ben, ada] = [new Visitor(), new Visitor()];
    await Promise.all([signInWithPassword(ways, ben, BEN), signInWithPassword(ways, ada)]);
    const done = await ben.submit(await linkUpToTheQuestion(ways, ben, 'guild'), '/confirm', { decision: 'link' });
    assert.match(done.text, /The Guild is linked/);
    assert.match(done.url.search, /^\?said=/);
    assert.doesNotMatch((await account(ada, done.url.search)).text, /is linked/);
    assert.doesNotMatch((await account(ben, `${done.url.search}x`)).text, /is linked/);
  });

  it('takes forms from its own pages in this session only', async () => {
    const visitor = new Visitor();
    await signInWithPassword(ways, visitor);
    const paths = [
      '/account/unlink',
      '/account/link/guild',
      '/account/link/guild/confirm',
      '/account/connected/cac_x/disconnect',
      '/account/connected/cac_x/take-away',
    ];
    for (const path of paths) assert.equal((await visitor.post(`${ways.url}${path}`, { csrf: 'x' })).status, 403, path);
    for (const path of paths) assert.equal((await new Visitor().post(`${ways.url}${path}`, { csrf: 'x' })).status, 403, path);
    const csrf = formTokenIn(await visitor.get(`${ways.url}/account/link/guild`));
    const odd = await visitor.post(`${ways.url}/account/unlink`, { csrf, issuer: 'a\0b', subject: 'c' });
    assert.equal(odd.status, 400, 'nor what no database can hold');
  });

  it('does not tell a sign-in for itself from any other: an application’s session is good here', async () => {
    const visitor = new Visitor();
    assert.equal(titleOf((await openLogin(ways, visitor)).page), 'Sign in');
    await signInWithPassword(ways, visitor);
    assert.equal(titleOf(await account(visitor)), 'Your account');
  });

  it('R-125 shows what each application may do with a connected account, and takes it away', async () => {
    await putConnectedAccount(ways, { id: 'cac_ada1', userId: ADA.id });
    const visitor = new Visitor();
    await signInWithPassword(ways, visitor);
    const page = await account(visitor);
    assert.match(page.text, /Shop may use <code>members\.read<\/code>/);
    assert.match(page.text, /usr_ada at the guild/);
    assert.match(page.text, /Never used/);
    assert.doesNotMatch(page.text, /You can connect/);
    const after = await visitor.submit(page, '/cac_ada1/take-away');
    assert.match(after.text, /Shop can no longer use The Guild/);
    assert.match(after.text, /No app may use it/);
    assert.match(after.text, /aria-label="Connect The Guild for Shop"/, 'which can be allowed again');
    assert.deepEqual(await ways.sql(`select 1 from issuer.connected_account_use where account_id = 'cac_ada1'`), []);
    assert.equal((await ways.events('vault.withdrawn')).at(-1)?.actor, ADA.id);
  });

  it('R-125 says what to do when the third party could not be told that it is over', async () => {
    await putConnectedAccount(ways, { id: 'cac_ada2', userId: ADA.id });
    const visitor = new Visitor();
    await signInWithPassword(ways, visitor);
    const page = await visitor.submit(await account(visitor), '/cac_ada2/disconnect');
    assert.match(page.text, /data-tone="caution" role="alert"><strong>The Guild is disconnected here/);
    assert.match(page.text, /Open its security settings there and remove our access/);
    assert.deepEqual(await ways.sql(`select 1 from issuer.connected_account where id = 'cac_ada2'`), []);
  });

  it('says why a connected account does not work, and where to connect it again', async () => {
    await putConnectedAccount(ways, { id: 'cac_ben1', userId: BEN.id, state: 'reconnect', reason: 'refused' });
    const visitor = new Visitor();
    await signInWithPassword(ways, visitor, BEN);
    const page = await account(visitor);
    assert.match(page.text, /data-state="refused">The Guild has ended this\. Connect it again/);
    assert.match(
      page.text,
      /href="\/connect\/guild\?client_id=shop-web&amp;scope=members\.read&amp;account=cac_ben1" aria-label="Connect again: The Guild/,
    );
  });

  it('R-122 lets nobody touch the account of somebody else', async () => {
    await putConnectedAccount(ways, { id: 'cac_ben2', userId: BEN.id });
    const visitor = new Visitor();
    await signInWithPassword(ways, visitor);
    assert.doesNotMatch((await account(visitor)).text, /cac_ben|usr_ben/);
    const csrf = formTokenIn(await visitor.get(`${ways.url}/account/link/guild`));
    for (const [what, more] of [
      ['disconnect', {}],
      ['take-away', { application: 'shop-web' }],
    ] as const) {
      const answer = await visitor.post(`${ways.url}/account/connected/cac_ben2/${what}`, { csrf, ...more });
      assert.match(answer.text, /That was gone already/, 'it reads as if it were not there');
    }
    assert.equal((await ways.sql(`select 1 from issuer.connected_account_use where account_id = 'cac_ben2'`)).length, 1);
  });
});
