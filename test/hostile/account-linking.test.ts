/** Becoming somebody else by what a third party says: only the issuer and the subject that were linked count. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { postgresSkipped } from '@safeconduct/test-support/postgres';
import {
  ADA,
  BEN,
  claimsOf,
  leadsTo,
  linkUpToTheQuestion,
  OLA,
  openLogin,
  press,
  says,
  signInThrough,
  signInWithPassword,
  startWays,
  titleOf,
  Visitor,
  type Ways,
} from '../flows/ways.fixtures.test.ts';

const ADAS = { sub: 'acme-ada', email: 'ada@acme.example', email_verified: true };

describe('hostile: account linking', { skip: postgresSkipped }, () => {
  let ways: Ways;
  before(async () => {
    ways = await startWays();
  });
  after(() => ways.stop());
  beforeEach(async () => {
    ways.acme.script = {};
    ways.guild.script = {};
    await ways.sql('delete from issuer.linked_identity');
    await ways.sql(`delete from issuer.users where id <> all($1::text[])`, [[ADA.id, BEN.id, OLA.id]]);
  });
  const links = () =>
    ways.sql('select organization_id, issuer, subject, user_id from issuer.linked_identity order by organization_id, subject');

  for (const email_verified of [true, false, undefined, 'true', 1]) {
    it(`R-148 CON-01 never signs in as whoever has the e-mail here (email_verified: ${JSON.stringify(email_verified)})`, async () => {
      says(ways.acme, { sub: 'acme-mallory', email: ADA.email, email_verified });
      const result = await signInThrough(ways, new Visitor(), 'acme');
      if (email_verified === true) assert.equal(titleOf(result.page), 'You have an account here already');
      else assert.notEqual((await claimsOf(ways, result)).sub, ADA.id);
      const rows = await ways.sql('select user_id from issuer.linked_identity where user_id = $1', [ADA.id]);
      assert.deepEqual(rows, []);
    });
  }

  it('R-148 CON-02 goes on knowing somebody by subject when their e-mail there changes to another person’s', async () => {
    says(ways.acme, ADAS);
    const first = await claimsOf(ways, await signInThrough(ways, new Visitor(), 'acme'));
    says(ways.acme, { ...ADAS, email: BEN.email });
    const second = await claimsOf(ways, await signInThrough(ways, new Visitor(), 'acme'));
    assert.equal(second.sub, first.sub);
    assert.equal(second.email, 'ada@acme.example', 'nor does the e-mail here follow');
  });

  it('R-148 R-081 CON-03 takes the same subject of another issuer for somebody else', async () => {
    const ada = new Visitor();
    await signInWithPassword(ways, ada);
    says(ways.guild, { sub: 'the-same', email: ADA.email, email_verified: true });
    await ada.submit(await linkUpToTheQuestion(ways, ada, 'guild'), '/confirm', { decision: 'link' });
    says(ways.acme, { sub: 'the-same', email: 'other@acme.example', email_verified: true });
    const claims = await claimsOf(ways, await signInThrough(ways, new Visitor(), 'acme'));
    assert.notEqual(claims.sub, ADA.id);
  });

  it('R-148 CON-04 lets no connection of another organization vouch for somebody, though the issuer and the subject are the same', async () => {
    says(ways.acme, ADAS);
    const ada = new Visitor();
    await signInWithPassword(ways, ada);
    await ada.submit(await linkUpToTheQuestion(ways, ada, 'acme'), '/confirm', { decision: 'link' });
    const { page } = await signInThrough(ways, new Visitor(), 'elsewhere', { client: 'other-web' });
    assert.equal(titleOf(page), 'Nobody here is linked to that account');
    const ola = new Visitor();
    const { page: login } = await openLogin(ways, ola, { client: 'other-web' });
    await ola.submit(login, '/login', OLA);
    await ola.submit(await linkUpToTheQuestion(ways, ola, 'elsewhere'), '/confirm', { decision: 'link' });
    assert.deepEqual(
      (await links()).map((one) => Object.values(one)),
      [
        ['other-org', ways.acme.issuer, 'acme-ada', OLA.id],
        ['shop-org', ways.acme.issuer, 'acme-ada', ADA.id],
      ],
    );
    const back = await claimsOf(ways, await signInThrough(ways, new Visitor(), 'elsewhere', { client: 'other-web' }), 'other-web');
    assert.equal(back.sub, OLA.id);
  });

  it('R-148 CON-05 links nothing that is linked to another user, and does not say whose it is', async () => {
    says(ways.acme, ADAS);
    const [ada, ben] = [new Visitor(), new Visitor()];
    await signInWithPassword(ways, ada);
    await ada.submit(await linkUpToTheQuestion(ways, ada, 'acme'), '/confirm', { decision: 'link' });
    await signInWithPassword(ways, ben, BEN);
    const page = await linkUpToTheQuestion(ways, ben, 'acme');
    assert.equal(page.status, 403);
    assert.equal(titleOf(page), 'That account is linked to somebody else');
    assert.doesNotMatch(page.text, /Ada Brandt|usr_ada|ada@shop/);
    assert.equal((await ways.events('identity.linked')).at(-1)?.reason, 'linked_to_another_user');
  });

  it('R-148 CON-06 asks two at once for one account, and links it to one of them', async () => {
    says(ways.acme, ADAS);
    const [ada, ben] = [new Visitor(), new Visitor()];
    await Promise.all([signInWithPassword(ways, ada), signInWithPassword(ways, ben, BEN)]);
    const questions = await Promise.all([linkUpToTheQuestion(ways, ada, 'acme'), linkUpToTheQuestion(ways, ben, 'acme')]);
    const answers = await Promise.all([
      ada.submit(questions[0], '/confirm', { decision: 'link' }),
      ben.submit(questions[1], '/confirm', { decision: 'link' }),
    ]);
    assert.deepEqual(answers.map(({ status }) => status).toSorted(), [200, 403]);
    assert.equal((await links()).length, 1);
  });

  it('R-070 RPC-01 ends a sign-in that comes back in another browser (login CSRF), and is good once', async () => {
    says(ways.acme, ADAS);
    const [attacker, victim] = [new Visitor(), new Visitor()];
    const { page } = await openLogin(ways, attacker);
    const callback = ways.acme.answer(await press(attacker, page, 'acme'));
    const stolen = await victim.get(callback);
    assert.equal(stolen.status, 400);
    assert.equal(victim.cookies.has('sc_session@/'), false);
    const own = await attacker.get(callback);
    assert.ok(own.url.searchParams.get('code'), 'whoever began it can still finish it');
    const again = await attacker.get(callback);
    assert.equal(again.status, 400, 'once');
  });

  it('R-070 RPC-02 takes no answer of one connection at the address of another (mix-up)', async () => {
    says(ways.acme, ADAS);
    const visitor = new Visitor();
    const { page } = await openLogin(ways, visitor);
    const callback = ways.acme.answer(await press(visitor, page, 'acme'));
    const mixed = new URL(callback.href.replace('/connections/acme/', '/connections/guild/'));
    assert.equal((await visitor.get(mixed)).status, 400);
    const codes = ways.guild.calls.get('/token');
    const foreign = ways.acme.answer(await press(visitor, page, 'acme'), { iss: ways.guild.issuer });
    const refused = await visitor.get(foreign);
    assert.equal(titleOf(refused), 'We can’t trust that answer');
    assert.equal(ways.guild.calls.get('/token'), codes, 'no code went to the other');
  });

  it('R-148 CON-07 links nothing to a victim whose browser an attacker sends to the callback', async () => {
    says(ways.acme, { sub: 'acme-mallory', email: 'mallory@acme.example', email_verified: true });
    const [mallory, ada] = [new Visitor(), new Visitor()];
    await signInWithPassword(ways, mallory, BEN);
    await signInWithPassword(ways, ada);
    const asked = await mallory.get(`${ways.url}/account/link/acme`);
    const callback = ways.acme.answer(leadsTo(await mallory.submit(asked, '/account/link/acme')));
    assert.equal((await ada.get(callback)).status, 400);
    // Not even when the victim's browser has been given the attacker's cookie of the trip.
    const planted = ways.acme.answer(leadsTo(await mallory.submit(asked, '/account/link/acme')));
    ada.cookies.set('sc_trip@/', mallory.cookies.get('sc_trip@/') ?? { value: '', path: '/' });
    assert.equal((await ada.get(planted)).status, 400);
    assert.deepEqual(await links(), []);
  });

  it('R-148 CON-08 does not link by a form from elsewhere, or by one of another session', async () => {
    says(ways.acme, ADAS);
    const [ada, ben] = [new Visitor(), new Visitor()];
    await Promise.all([signInWithPassword(ways, ada), signInWithPassword(ways, ben, BEN)]);
    const question = await linkUpToTheQuestion(ways, ben, 'acme');
    const fields = { key: /name="key" value="([^"]+)"/.exec(question.text)?.[1] ?? '', decision: 'link' };
    const target = `${ways.url}/account/link/acme/confirm`;
    const bens = /name="csrf" value="([^"]+)"/.exec(question.text)?.[1] ?? '';
    const adas = /name="csrf" value="([^"]+)"/.exec((await ada.get(`${ways.url}/account/link/acme`)).text)?.[1] ?? '';
    assert.equal((await ada.post(target, { ...fields, csrf: bens })).status, 403);
    assert.equal((await ada.post(target, { ...fields, csrf: adas })).status, 400, 'the question was not put to her');
    assert.equal((await ben.post(target, { ...fields, csrf: bens }, { 'sec-fetch-site': 'cross-site' })).status, 403);
    assert.equal((await ben.post(target, { ...fields, csrf: bens }, { origin: 'https://evil.example' })).status, 403);
    assert.deepEqual(await links(), []);
    const linked = await ben.post(target, { ...fields, csrf: bens });
    assert.match(linked.text, /Acme is linked/);
  });

  it('R-072 CON-09 signs nobody in whose ID token is unsigned, for another, or of another issuer', async () => {
    for (const claims of [{ aud: 'somebody-else' }, { iss: ways.guild.issuer }, { nonce: 'not-ours' }, { exp: 1 }, { sub: undefined }]) {
      says(ways.acme, { ...ADAS, ...claims });
      const { page } = await signInThrough(ways, new Visitor(), 'acme');
      assert.equal(titleOf(page), 'We can’t trust that answer', JSON.stringify(claims));
    }
    assert.deepEqual(await links(), []);
  });
});
