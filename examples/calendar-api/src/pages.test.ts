import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ada, authorization, ben, connect, createVisitor, csrfIn, refresh, startCalendar } from './calendar.fixtures.test.ts';
import type { CalendarApi } from './calendar-api.ts';

describe('the pages of the calendar', () => {
  let calendar: CalendarApi;
  before(async () => {
    calendar = await startCalendar();
  });
  after(() => calendar.close());

  it('names who asks and for what, and the account that it would be', async () => {
    const visitor = createVisitor(calendar);
    const login = await visitor.go(authorization('openid offline_access calendar.read', { login_hint: ada.email }));
    assert.match(login.html, /Some app[\s\S]*value="ada@almanac\.example"/);
    const consent = await visitor.go(login.path, { ...ada, csrf: csrfIn(login.html), do: 'sign-in' });
    assert.match(consent.html, /Let Some app use your calendar[\s\S]*Ada Brandt[\s\S]*calendar\.read/);
    assert.doesNotMatch(consent.html, /calendar\.write/);
  });

  it('asks each time, offers another account, and takes it', async () => {
    const { visitor } = await connect(calendar);
    const consent = await visitor.go(authorization());
    assert.match(consent.html, /signed in as <b>Ada Brandt/);
    const login = await visitor.go(`${consent.path}?account=another`);
    const other = await visitor.go(consent.path, { ...ben, csrf: csrfIn(login.html), do: 'sign-in' });
    assert.match(other.html, /signed in as <b>Ben Okafor/);
  });

  it('says that a password is wrong, and keeps the address', async () => {
    const visitor = createVisitor(calendar);
    const login = await visitor.go(authorization());
    const answer = await visitor.go(login.path, { csrf: csrfIn(login.html), do: 'sign-in', email: ada.email, password: ben.password });
    assert.equal(answer.status, 422);
    assert.match(answer.html, /do not belong together[\s\S]*value="ada@almanac\.example"/);
  });

  it('takes no form that another page sent, and none in another browser', async () => {
    const visitor = createVisitor(calendar);
    const login = await visitor.go(authorization());
    assert.equal((await visitor.go(login.path, { ...ada, csrf: 'guessed', do: 'sign-in' })).status, 403);
    const stranger = createVisitor(calendar);
    assert.equal((await stranger.go(login.path, { ...ada, csrf: csrfIn(login.html), do: 'sign-in' })).status, 400);
  });

  it('tells a person whom a wrong request brought here', async () => {
    const { status, html } = await createVisitor(calendar).go('/authorize?client_id=nobody&response_type=code');
    assert.equal(status, 400);
    assert.match(html, /That did not work[\s\S]*invalid_client/);
  });

  it('lets a person send an application away, which ends what it had', async () => {
    const { visitor, refresh_token: token } = await connect(calendar);
    const home = await visitor.go('/');
    assert.match(home.html, /Ada Brandt’s calendar[\s\S]*Some app/);
    assert.equal((await visitor.go('/remove', { csrf: 'guessed', client: 'app' })).status, 403);
    assert.doesNotMatch((await visitor.go('/remove', { csrf: csrfIn(home.html), client: 'app' })).html, /Some app/);
    assert.equal((await refresh(calendar, token)).status, 400);
    assert.match((await visitor.go('/sign-out', { csrf: csrfIn(home.html) })).html, /Nobody is signed in here/);
  });

  it('is shown in nobody’s frame, runs no script and loads nothing from elsewhere', async () => {
    const answer = await fetch(calendar.url);
    assert.match(answer.headers.get('content-security-policy') ?? '', /default-src 'none'.*frame-ancestors 'none'/);
    assert.equal((await fetch(`${calendar.url}/nothing`)).status, 404);
  });
});
