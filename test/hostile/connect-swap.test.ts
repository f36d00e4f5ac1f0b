/** Somebody tries to connect an account to another person, or to have another person's connected to theirs. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import {
  ADA,
  ADA_THERE,
  BEN,
  BEN_THERE,
  CALLBACK,
  connectLink,
  formIn,
  goToConfirm,
  heading,
  open,
  type Place,
  pkce,
  type Seen,
  startPlace,
  tokenForMe,
  Visitor,
} from '../../packages/issuer/src/flows/connecting.fixtures.test.ts';

const GONE = 'This is no longer open';
const SWAPPED = 'Somebody else is signed in now';
const NOT_YOURS = 'This is for somebody else';
const link = (place: Place, connection = 'calendar') => connectLink(place, { client_id: 'shop-web', scope: 'calendar.read' }, connection);

/** Goes there and allows, and stops before the browser brings the answer back. */
async function answerFor(browser: Visitor, address: string, { here = ADA, there = ADA_THERE } = {}): Promise<URL> {
  const page = await browser.submit(await open(browser, address, here), { decision: 'allow' });
  const consent = await browser.submit(page, { do: 'sign-in', email: there.email, password: there.password });
  let seen = await browser.submit(consent, { do: 'allow' }, { follow: false });
  for (;;) {
    const to = new URL(seen.headers.get('location') ?? '', seen.url);
    if (to.pathname.endsWith('/callback')) return to;
    seen = await browser.get(to, { follow: false });
  }
}

describe('connecting for somebody else', () => {
  let place: Place;
  let ada: Visitor;
  let ben: Visitor;
  const choices = async (browser: Visitor, connection = 'calendar'): Promise<string[]> =>
    [...(await browser.get(link(place, connection))).text.matchAll(/<b>(\w+@almanac\.example)<\/b>/g)].map(([, name = '']) => name);
  before(async () => {
    place = await startPlace('pglite');
  });
  after(() => place?.stop());
  beforeEach(async () => {
    [ada, ben] = [new Visitor(place), new Visitor(place)];
    await open(ada, link(place));
    await open(ben, link(place), BEN);
  });

  it('R-126 R-070 does not take an attacker’s answer in the victim’s browser', async () => {
    const answer = await answerFor(ben, link(place), { here: BEN, there: BEN_THERE });
    assert.equal(heading(await ada.get(answer)), GONE);
    assert.deepEqual(await choices(ada), []);
  });

  it('R-126 R-070 does not take a victim’s answer in the attacker’s browser, and leaves it to the victim', async () => {
    const answer = await answerFor(ada, link(place));
    assert.equal(heading(await ben.get(answer)), GONE);
    assert.equal(heading(await ada.get(answer)), 'Are both of these you?');
    assert.deepEqual(await choices(ben), []);
  });

  it('R-126 stops when another person has signed in in the same browser meanwhile', async () => {
    const answer = await answerFor(ada, link(place));
    ada.jar.delete(`${place.url} sc_session`);
    await open(ada, link(place), BEN);
    assert.equal(heading(await ada.get(answer)), SWAPPED);
    assert.deepEqual(await choices(ada), []);
  });

  it('R-126 stops at the last question, too', async () => {
    const confirm = await goToConfirm(ada, link(place));
    ada.jar.delete(`${place.url} sc_session`);
    assert.equal(heading(await ada.get(confirm.url)), 'You are signed out');
    assert.equal(heading(await ada.submit(confirm, { decision: 'allow' })), 'You are signed out');
    await open(ada, link(place), BEN);
    assert.equal(heading(await ada.get(confirm.url)), SWAPPED);
    assert.equal(heading(await ada.submit(confirm, { decision: 'allow' })), SWAPPED);
    assert.deepEqual(await choices(ada), []);
  });

  it('R-126 does not take the attacker’s last question from the victim', async () => {
    const confirm = await goToConfirm(ben, link(place), { here: BEN, there: BEN_THERE });
    assert.equal(heading(await ada.get(confirm.url)), GONE);
    const own = formIn(await ada.get(link(place))).hidden.csrf ?? '';
    assert.equal(heading(await ada.submit(confirm, { decision: 'allow', csrf: own })), GONE);
    assert.deepEqual(await choices(ada), []);
  });

  it('R-126 does not open the attacker’s ticket for the victim, whoever is signed in when it arrives', async () => {
    const token = await tokenForMe(place, ben, { person: BEN });
    const { challenge } = pkce();
    const response = await fetch(`${place.url}/me/v1/connected-accounts/connect`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ connection: 'calendar', redirect_uri: CALLBACK, code_challenge: challenge, code_challenge_method: 'S256' }),
    });
    const { connect_uri, connect_params } = (await response.json()) as { connect_uri: string; connect_params: { ticket: string } };
    const ticket = `${connect_uri}?ticket=${connect_params.ticket}`;
    assert.equal(heading(await ada.get(ticket)), NOT_YOURS);
    assert.equal(heading(await open(new Visitor(place), ticket, ADA)), NOT_YOURS);
    const forged = await ada.submit(await ada.get(link(place)), { decision: 'allow', ticket: connect_params.ticket });
    assert.equal(heading(forged), NOT_YOURS);
    assert.equal(heading(await ben.get(ticket)), 'Connect Almanac?', 'the ticket is still its person’s');
  });

  it('R-070 takes an answer once', async () => {
    const answer = await answerFor(ada, link(place));
    const [first, second] = await Promise.all([ada.get(answer), ada.get(answer)]);
    assert.deepEqual([heading(first), heading(second)].toSorted(), ['Are both of these you?', GONE]);
    assert.equal(heading(await ada.get(answer)), GONE);
  });

  it('R-070 does not exchange a code that belongs to another trip', async () => {
    const [stolen, own] = [await answerFor(ada, link(place)), await answerFor(ben, link(place), { here: BEN, there: BEN_THERE })];
    own.searchParams.set('code', stolen.searchParams.get('code') ?? '');
    const injected = await ben.get(own);
    assert.equal(heading(injected), 'The service said no');
    assert.deepEqual(await choices(ben), []);
  });

  it('R-071 does not take one connection’s answer at another', async () => {
    const answer = await answerFor(ada, link(place));
    const elsewhere = new URL(answer.href.replace('/connections/calendar/', '/connections/tasks/'));
    assert.equal(heading(await ada.get(elsewhere)), GONE);
    assert.equal(heading(await ada.get(answer)), 'Are both of these you?', 'and it is not used up by that');
    const wrong = await answerFor(ben, link(place, 'tasks'), { here: BEN, there: BEN_THERE });
    wrong.searchParams.set('iss', 'https://evil.example');
    assert.notEqual(heading(await ben.get(wrong)), 'Are both of these you?');
    assert.deepEqual(await choices(ben, 'tasks'), []);
  });

  it('R-071 does not take an answer with two states, or with none', async () => {
    const answer = await answerFor(ada, link(place));
    const [twice, none] = [new URL(answer), new URL(answer)];
    twice.searchParams.append('state', 'another');
    none.searchParams.delete('state');
    for (const wrong of [twice, none]) assert.equal(heading(await ada.get(wrong)), GONE);
  });

  it('R-126 takes a yes from its own page only', async () => {
    const page = await ada.get(link(place));
    const confirm = await goToConfirm(ada, link(place, 'tasks'));
    const forged: readonly (readonly [Seen, Record<string, string>, Record<string, string>])[] = [
      [page, { decision: 'allow', csrf: 'guessed' }, {}],
      [page, { decision: 'allow' }, { origin: 'https://evil.example' }],
      [page, { decision: 'allow' }, { 'sec-fetch-site': 'cross-site' }],
      [page, { decision: 'allow', csrf: formIn(await ben.get(link(place))).hidden.csrf ?? '' }, {}],
      [confirm, { decision: 'allow', csrf: 'guessed' }, {}],
      [confirm, { decision: 'allow' }, { origin: 'https://evil.example' }],
    ];
    for (const [form, fields, headers] of forged) assert.equal((await ada.submit(form, fields, { headers })).status, 403);
    assert.deepEqual(await choices(ada, 'tasks'), []);
  });

  it('R-126 does not let somebody allow the use of an account that is another’s', async () => {
    await ada.submit(await goToConfirm(ada, link(place)), { decision: 'allow' });
    const account = /value="(cac_\w+)"/.exec((await ada.get(link(place))).text)?.[1] ?? '';
    assert.ok(account);
    const left = await ben.submit(await ben.get(link(place)), { decision: 'allow', account }, { follow: false });
    assert.ok(left.headers.get('refresh')?.includes(place.calendar.url), 'it counts as none: the third party is asked who this is');
    assert.deepEqual(await choices(ben), []);
  });

  it('writes down each attempt', async () => {
    const reasons = new Set(
      (await place.rows(`select reason from issuer.event where type = 'connect.refused'`)).map(({ reason }) => reason),
    );
    for (const reason of ['trip_of_another_session', 'ticket_of_another', 'form_of_another_session'])
      assert.ok(reasons.has(reason), reason);
  });
});
