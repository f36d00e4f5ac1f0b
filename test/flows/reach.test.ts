/** Reaching a calendar as a person: the library, the issuer and a strict third party, over real HTTP and in a real browser. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type CalendarApi, createCalendarApi } from '@safeconduct/example-calendar-api';
import { calendarPeople } from '@safeconduct/example-calendar-api/people';
import { createIssuer, defineConfig, type Issuer } from '@safeconduct/issuer';
import { chromiumSkipped, launchChromium } from '@safeconduct/test-support/chromium';
import { freePort } from '@safeconduct/test-support/ports';
import { quickStorage, type TestStorage } from '@safeconduct/test-support/postgres';
import type { Browser, Page } from 'playwright-core';
import { createLogin, finishLogin, type Login, refreshLogin, revokeTokens, type SignedIn, startLogin } from 'safeconduct/login';
import { protect } from 'safeconduct/protect';
import { safeconduct } from 'safeconduct/providers';
import { createReach, type Reach } from 'safeconduct/reach';

const secret = 'a-secret-of-the-tests-and-nothing-else';
const person = { email: 'ada@flow.example', password: 'plain tea on the quay' };
const resource = 'https://notes.example/api';
const there = { id: 'flow-issuer', secret };
const adaThere = calendarPeople[0] ?? assert.fail('the calendar has no people');

describe('reaching a calendar as a person', { skip: chromiumSkipped, timeout: 120_000 }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'reach-flow-'));
  let issuer: Issuer;
  let calendar: CalendarApi;
  let browser: Browser;
  let page: Page;
  let url = '';
  // The application: what the browser brings back is read from its address bar.
  const desk = createServer((_request, response) => void response.end('back at the desk'));
  let app = '';
  let login: Login;
  let reach: Reach;
  let storage: TestStorage;
  let signedIn: SignedIn;

  before(async () => {
    await once(desk.listen(0, '127.0.0.1'), 'listening');
    app = `http://localhost:${(desk.address() as AddressInfo).port}`;
    url = `http://localhost:${await freePort()}`;
    const client = { ...there, name: 'The desk', redirectUris: [`${url}/connections/calendar/callback`] };
    calendar = await createCalendarApi({ clients: [client] });
    storage = await quickStorage();
    issuer = await createIssuer({
      ...storage.settings,
      issuer: url,
      dataDirectory: directory,
      logLevel: 'silent',
      configuration: configuration({ calendar: calendar.url, app }),
    });
    await issuer.listen();
    browser = await launchChromium();
    page = await browser.newPage();
    page.setDefaultTimeout(15_000);
    const provider = safeconduct({ issuer: url });
    const scopes = ['openid', 'offline_access', 'notes:read'];
    login = createLogin({ provider, clientId: 'desk', clientSecret: secret, redirectUri: `${app}/callback`, resource, scopes });
    reach = createReach({ provider, clientId: 'desk', clientSecret: secret });
    signedIn = await signIn();
  });
  after(async () => {
    await browser?.close();
    await Promise.all([issuer?.close(100), calendar?.close()]);
    await storage?.drop();
    desk.close();
    desk.closeAllConnections();
    rmSync(directory, { recursive: true, force: true });
  });

  async function signIn(): Promise<SignedIn> {
    const { url: begin, transaction } = await startLogin(login);
    await page.goto(begin.href);
    if (page.url().startsWith(url)) {
      await page.getByLabel('E-mail').fill(person.email);
      await page.getByLabel('Password').fill(person.password);
      await page.getByRole('button', { name: 'Sign in' }).click();
    }
    await page.getByText('back at the desk').waitFor();
    return finishLogin(login, new URL(page.url()), transaction);
  }

  async function connectAt(link: string): Promise<void> {
    await page.goto(link);
    await page.getByRole('button', { name: 'Connect', exact: true }).click();
    await page.getByLabel('E-mail address').fill(adaThere.email);
    await page.getByLabel('Password').fill(adaThere.password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('button', { name: 'Allow', exact: true }).click();
    await page.getByRole('heading', { name: 'Are both of these you?' }).waitFor();
    await page.getByText(adaThere.email).first().waitFor();
    await page.getByRole('button', { name: /^Connect/ }).click();
  }

  it('R-120 S2.6 B2.10 gives a link first, and the token once the person has followed it', async () => {
    const scopes = ['calendar.read', 'calendar.write'];
    const needed = await reach.tokenFor(signedIn.identity, 'calendar', { scopes, returnTo: `${app}/callback` });
    if (needed.kind === 'token') assert.fail('nobody has connected anything yet');
    assert.equal(new URL(needed.link).origin, url);
    await connectAt(needed.link);
    await page.getByText('back at the desk').waitFor();
    const outcome = await reach.tokenFor(signedIn.identity, 'calendar', { scopes });
    if (outcome.kind !== 'token') assert.fail(`not connected: ${outcome.missing}`);
    assert.ok(outcome.expiresAt.getTime() > Date.now());
    assert.deepEqual(
      scopes.filter((scope) => !outcome.scopes.includes(scope)),
      [],
    );
  });

  it('S2.7 asks the calendar as the person, with the token or through the proxy, and both see the same', async () => {
    const direct = reach.fetchAs(signedIn.identity, 'calendar', { origins: [calendar.url] });
    const body = JSON.stringify({ title: 'Parcel of order 1001', day: '2026-11-26' });
    assert.equal((await direct('/calendar/events', { method: 'POST', headers: { 'content-type': 'application/json' }, body })).status, 201);
    const proxied = reach.fetchAs(signedIn.identity, 'calendar', { through: 'proxy' });
    const response = await proxied('/events?from=2026-11-01');
    assert.equal(response.status, 200);
    const { events } = (await response.json()) as { events: { title: string }[] };
    assert.deepEqual(
      events.map(({ title }) => title),
      ['Parcel of order 1001'],
    );
    assert.equal((await proxied('/events', { method: 'DELETE' })).status >= 400, true);
  });

  it('S2.9 comes again and again for one sign-in, and uses up no refresh token here or there', async () => {
    const before = calendar.figures.refreshes;
    for (let round = 0; round < 3; round++) {
      const anew = createReach({ provider: safeconduct({ issuer: url }), clientId: 'desk', clientSecret: secret });
      assert.equal((await anew.tokenFor(signedIn.identity, 'calendar')).kind, 'token');
    }
    assert.equal(calendar.figures.refreshes, before);
    signedIn = await refreshLogin(login, signedIn);
    assert.equal((await reach.tokenFor(signedIn.identity, 'calendar')).kind, 'token');
  });

  it('goes on with a renewed token when the calendar ended one early, renewed once and without an alarm there', async () => {
    const { refreshes } = calendar.figures;
    calendar.expire();
    const asCalendar = reach.fetchAs(signedIn.identity, 'calendar', { origins: [calendar.url] });
    const answers = await Promise.all([1, 2, 3].map(() => asCalendar('/calendar/events')));
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 200, 200],
    );
    assert.equal(calendar.figures.refreshes, refreshes + 1);
    assert.equal(calendar.figures.reuseAlarms, 0);
  });

  it('R-125 asks the person for each application by itself: what one may do, another may not', async () => {
    const guard = protect({ provider: safeconduct({ issuer: url }), audience: resource });
    const api = createReach({ provider: safeconduct({ issuer: url }), clientId: 'notes-api', clientSecret: secret });
    const authorization = `Bearer ${signedIn.tokens.accessToken.reveal()}`;
    const caller = await guard({ headers: new Headers({ authorization }) });
    const needed = await api.tokenFor(caller, 'calendar', { scopes: ['calendar.read'] });
    if (needed.kind === 'token') assert.fail('the person has not allowed the API anything');
    await page.goto(needed.link);
    await page.getByRole('button', { name: /^(Connect|Allow)/ }).click();
    await page.getByRole('heading').first().waitFor();
    const outcome = await api.tokenFor(caller, 'calendar', { scopes: ['calendar.read'] });
    assert.equal(outcome.kind, 'token');
  });

  it('tells what the issuer has against it, in our codes', async () => {
    await assert.rejects(reach.tokenFor(signedIn.identity, 'crm'), { code: 'connection_refused' });
    await assert.rejects(reach.tokenFor(signedIn.identity, 'calendar', { scopes: ['mail.read'] }), { code: 'connection_refused' });
    const foreign = createReach({ provider: safeconduct({ issuer: url }), clientId: 'desk', clientSecret: 'wrong' });
    await assert.rejects(foreign.tokenFor(signedIn.identity, 'calendar'), { code: 'connection_refused' });
  });

  it('R-076 gives nothing more for a sign-in that was revoked', async () => {
    await revokeTokens(login, signedIn.tokens);
    const fresh = createReach({ provider: safeconduct({ issuer: url }), clientId: 'desk', clientSecret: secret });
    await assert.rejects(fresh.tokenFor(signedIn.identity, 'calendar'), { code: 'identity_ended' });
    const again = await signIn();
    assert.equal((await fresh.tokenFor(again.identity, 'calendar')).kind, 'token');
  });
});

function configuration({ calendar, app }: { readonly calendar: string; readonly app: string }) {
  return defineConfig({
    organizations: [{ id: 'flow-org', name: 'Flow' }],
    projects: [
      {
        id: 'desk-project',
        organization: 'flow-org',
        name: 'Desk',
        apis: [{ id: 'notes-api', name: 'Notes', resource, scopes: { 'notes:read': 'Read your notes' }, secret }],
        applications: [
          { id: 'desk', kind: 'web', name: 'Desk', firstParty: true, secret, resources: [resource], redirectUris: [`${app}/callback`] },
        ],
      },
    ],
    connections: [
      {
        id: 'calendar',
        organization: 'flow-org',
        name: 'Almanac',
        preset: 'oidc',
        issuer: calendar,
        clientId: there.id,
        secret: there.secret,
        scopes: ['openid', 'email', 'offline_access'],
        applications: { desk: { scopes: ['calendar.read', 'calendar.write'] }, 'notes-api': { scopes: ['calendar.read'] } },
        proxy: { baseUrl: `${calendar}/calendar`, methods: ['GET', 'POST'], paths: ['/events'] },
      },
    ],
    users: [{ id: 'usr_flow_ada', organization: 'flow-org', name: 'Ada Brandt', ...person, emailVerified: true }],
  });
}
