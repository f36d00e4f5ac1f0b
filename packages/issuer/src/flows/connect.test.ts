import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { postgresSkipped } from '@safeconduct/test-support/postgres';
import {
  allowThere,
  BEN,
  BEN_THERE,
  CALLBACK,
  CHAT,
  connectLink,
  formIn,
  goToConfirm,
  heading,
  ODA,
  open,
  type Place,
  type Seen,
  startPlace,
  Visitor,
} from './connecting.fixtures.test.ts';

const link = { client_id: 'shop-web', scope: 'calendar.read', return_to: CHAT };
const engines = [
  { engine: 'pglite', skip: false },
  { engine: 'postgres', skip: postgresSkipped },
] as const;

for (const { engine, skip } of engines)
  describe(`connecting an account on ${engine}`, { skip }, () => {
    let place: Place;
    before(async () => {
      place = await startPlace(engine);
    });
    after(() => place?.stop());

    it('R-126 VLT-20 shows both accounts and the scopes before anything is connected, and goes back to the app', async () => {
      const browser = new Visitor(place);
      const asked = await open(browser, connectLink(place, link));
      assert.equal(heading(asked), 'Connect Almanac?');
      for (const shown of ['Ada Brandt', 'ada@shop.example', 'Quay Shop', 'shop-web', 'this computer (localhost)', 'calendar.read'])
        assert.ok(asked.text.includes(shown), shown);
      const confirm = await allowThere(browser, await browser.submit(asked, { decision: 'allow' }));
      assert.equal(heading(confirm), 'Are both of these you?');
      for (const shown of ['ada@shop.example', 'ada@almanac.example', 'calendar.read']) assert.ok(confirm.text.includes(shown), shown);
      const back = await browser.submit(confirm, { decision: 'allow' });
      assert.equal(back.url.href, `${CHAT}?connected=calendar`);
      // The browser's back button, and a second press of the button.
      for (const again of [await browser.get(confirm.url), await browser.submit(confirm, { decision: 'allow' })]) {
        assert.match(again.text, /You answered it already/);
        assert.match(again.text, /href="\/account">Your account/);
        assert.doesNotMatch(again.text, /Nothing was connected/);
      }
    });

    it('R-126 asks for a yes of its own for each app, and makes no second trip for it', async () => {
      const browser = new Visitor(place);
      const asked = await open(browser, connectLink(place, { client_id: 'other-web', scope: 'calendar.read' }));
      assert.match(asked.text, /Checked by us<\/dt><dd>No/);
      assert.match(asked.text, /each request goes through us/);
      assert.match(asked.text, /Nothing more to do there/);
      const account = /name="account" value="(cac_[A-Za-z0-9]+)" checked/.exec(asked.text)?.[1] ?? '';
      const end = await browser.submit(asked, { decision: 'allow', account });
      assert.equal(heading(end), 'Almanac is connected');
      assert.ok(!browser.went.some(({ origin }) => origin === place.calendar.url), 'nobody went to the third party');
    });

    it('says when the account there is another one than before, and keeps both', async () => {
      const browser = new Visitor(place);
      const confirm = await goToConfirm(browser, connectLink(place, link), { there: BEN_THERE });
      assert.match(confirm.text, /This is another account/);
      assert.match(confirm.text, /You have connected <b>ada@almanac\.example<\/b> before\. Both stay connected\./);
      await browser.submit(confirm, { decision: 'allow' });
      const again = await open(browser, connectLink(place, link));
      assert.match(again.text, /<b>ada@almanac\.example<\/b>/);
      assert.match(again.text, /<b>ben@almanac\.example<\/b>/);
    });

    it('asks for more at the third party when the app asks for more, and keeps what was there', async () => {
      const browser = new Visitor(place);
      const asked = await open(browser, connectLink(place, { ...link, scope: 'calendar.write' }));
      assert.match(asked.text, /Almanac asks you for more/);
      const account = [...asked.text.matchAll(/value="(cac_\w+)"[^>]*>\s*<span><b>ada@/g)][0]?.[1] ?? '';
      const left = await browser.submit(asked, { decision: 'allow', account }, { follow: false });
      const out = new URL(/url=(.*)$/.exec(left.headers.get('refresh') ?? '')?.[1] ?? '');
      assert.ok(['calendar.read', 'calendar.write'].every((scope) => out.searchParams.get('scope')?.split(' ').includes(scope)));
      assert.equal(out.searchParams.get('login_hint'), 'ada@almanac.example');
      assert.equal(out.searchParams.get('code_challenge_method'), 'S256');
      const confirm = await allowThere(browser, await browser.get(out));
      assert.equal((await browser.submit(confirm, { decision: 'allow' })).url.searchParams.get('connected'), 'calendar');
    });

    it('says so before an account that is connected again gives less than it did', async () => {
      const browser = new Visitor(place);
      const confirm = await goToConfirm(browser, connectLink(place, link));
      assert.match(confirm.text, /Less than before[\s\S]*<code>calendar\.write<\/code>/);
      await browser.submit(confirm, { decision: 'deny' });
    });

    it('connects nothing when the person cancels, before the trip and after it', async () => {
      const browser = new Visitor(place);
      const asked = await open(browser, connectLink(place, link, 'tasks'), BEN);
      const refused = await browser.submit(asked, { decision: 'deny' });
      assert.equal(refused.url.searchParams.get('error'), 'access_denied');
      assert.equal(refused.url.searchParams.get('connection'), 'tasks');
      const confirm = await goToConfirm(browser, connectLink(place, link, 'tasks'), { here: BEN, there: BEN_THERE });
      const revoked = place.calendar.figures.revocations;
      const cancelled = await browser.submit(confirm, { decision: 'deny' });
      assert.equal(cancelled.url.searchParams.get('error'), 'access_denied');
      assert.ok(place.calendar.figures.revocations > revoked, 'what nobody keeps is ended at the third party');
      assert.ok(!(await open(browser, connectLink(place, link, 'tasks'))).text.includes('ben@almanac'));
    });

    it('says so when the third party says no, with the way back', async () => {
      const browser = new Visitor(place);
      const page = await browser.submit(await open(browser, connectLink(place, link, 'tasks'), BEN), { decision: 'allow' });
      const consent = await browser.submit(page, { do: 'sign-in', email: BEN_THERE.email, password: BEN_THERE.password });
      const end = await browser.submit(consent, { do: 'deny' });
      assert.equal(heading(end), 'Almanac tasks said no');
      assert.match(end.text, /href="http:\/\/localhost:3999\/chat\?error=access_denied/);
    });

    it('R-125 keeps tokens and codes out of pages, addresses and the log', async () => {
      const browser = new Visitor(place);
      const confirm = await goToConfirm(browser, connectLink(place, link, 'tasks'));
      const callback = browser.went.find(({ pathname }) => pathname === '/connections/tasks/callback');
      const [code, state] = ['code', 'state'].map((name) => callback?.searchParams.get(name) ?? 'none');
      const line = place.log.join('');
      for (const secret of [code, state, formIn(confirm).hidden.trip ?? 'none'])
        assert.ok(secret && secret.length > 20 && !line.includes(secret));
      assert.ok(code && !confirm.text.includes(code) && !confirm.url.href.includes(code));
      assert.equal(confirm.headers.get('cache-control'), 'no-store');
      assert.equal(confirm.headers.get('referrer-policy'), 'no-referrer');
      assert.ok(line.includes('/connections/:connection/callback'));
    });

    it('tells people plainly why a link cannot be followed', async () => {
      const titles: readonly (readonly [Record<string, string>, string, string])[] = [
        [{ ...link, client_id: 'unlisted-web' }, 'calendar', 'This app may not use that service'],
        [{ ...link, client_id: 'nobody' }, 'calendar', 'We don’t know this app'],
        [link, 'nowhere', 'We don’t know this service'],
        [{ scope: 'calendar.read' }, 'calendar', 'We can’t follow this link'],
        [{ ...link, client_id: 'shop\0web' }, 'calendar', 'We can’t follow this link'],
        [{ ...link, scope: 'calendar.read "' }, 'calendar', 'We can’t follow this link'],
        [{ client_id: 'other-web', scope: 'calendar.write' }, 'calendar', 'The app asks for too much'],
        [{ ...link, return_to: 'https://evil.example/' }, 'calendar', 'We stopped before asking you'],
      ];
      for (const [query, connection, title] of titles) {
        const page = await open(new Visitor(place), connectLink(place, query, connection));
        assert.equal(heading(page), title);
        assert.ok(page.status >= 400);
      }
    });

    it('lets another person take the place of the one who is signed in', async () => {
      const browser = new Visitor(place);
      await open(browser, connectLink(place, link));
      const page = await open(browser, `${connectLink(place, link)}&person=another`, BEN);
      assert.equal(heading(page), 'Connect Almanac?');
      assert.match(page.text, /ben@shop\.example/);
      assert.ok(!page.text.includes('ada@'));
    });

    it('begins with the account that a link is about, though another needs less', async () => {
      const browser = new Visitor(place);
      await open(browser, connectLink(place, link));
      await browser.submit(await goToConfirm(browser, connectLink(place, link), { there: BEN_THERE }), { decision: 'allow' });
      const chosen = async (query: object) => {
        const { text } = await browser.get(connectLink(place, { ...link, ...query }));
        return { all: [...text.matchAll(/value="(cac_\w+)"/g)].map(([, id = '']) => id), one: /value="(\w+)" checked/.exec(text)?.[1] };
      };
      const { all, one } = await chosen({});
      assert.ok(all.length > 1);
      for (const account of all) assert.equal((await chosen({ account })).one, account);
      assert.equal((await chosen({ account: 'cac_of_somebody_else' })).one, one);
      const later = await open(new Visitor(place), connectLink(place, { ...link, account: all.at(-1) ?? '' }));
      assert.ok(later.text.includes(`value="${all.at(-1)}" checked`), 'after a sign-in on the way, too');
    });

    it('does not show a connection to people of another organization', async () => {
      const page = await open(new Visitor(place), connectLink(place, link), ODA);
      assert.equal(heading(page), 'We don’t know this service');
    });

    it('takes a registered address with a query of its own, and for an API those of the apps that call it', async () => {
      const browser = new Visitor(place);
      const page: Seen = await open(browser, connectLink(place, { client_id: 'shop-api', return_to: `${CALLBACK}?chat=7` }));
      assert.match(page.text, /Shop assistant/);
      const refused = await browser.submit(page, { decision: 'deny' });
      assert.equal(refused.url.searchParams.get('chat'), '7');
      assert.equal(refused.url.searchParams.get('error'), 'access_denied');
    });

    it('F-13 says so when the third party is away, and connects nothing', async () => {
      const browser = new Visitor(place);
      const page = await browser.submit(await open(browser, connectLink(place, link, 'tasks'), BEN), { decision: 'allow' });
      const consent = await browser.submit(page, { do: 'sign-in', email: BEN_THERE.email, password: BEN_THERE.password });
      let answer = await browser.submit(consent, { do: 'allow' }, { follow: false });
      const back = () => new URL(answer.headers.get('location') ?? '', answer.url);
      while (!back().pathname.endsWith('/callback')) answer = await browser.get(back(), { follow: false });
      await place.calendar.close();
      const end = await browser.get(back());
      assert.equal(heading(end), 'The service doesn’t answer');
      assert.equal(end.status, 503);
      assert.ok(end.headers.get('retry-after'));
    });

    it('writes down who connected what, without a token', async () => {
      const events = await place.rows(
        `select type, client, reason, details from issuer.event where type like 'connect.%' or type like 'vault.%'`,
      );
      const types = new Set(events.map(({ type }) => type));
      for (const type of ['vault.connected', 'vault.reconnected', 'connect.allowed', 'connect.denied']) assert.ok(types.has(type), type);
    });
  });
