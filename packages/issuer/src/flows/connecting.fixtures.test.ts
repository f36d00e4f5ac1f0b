/** For tests of connecting accounts: an issuer, a third party beside it, and a browser that goes to and fro without script. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { type CalendarApi, createCalendarApi } from '@safeconduct/example-calendar-api';
import { freePort } from '@safeconduct/test-support/ports';
import { createDatabase } from '@safeconduct/test-support/postgres';
import { createIssuer, defineConfig, type IssuerConfiguration } from '../index.ts';
import { openStore, type Row } from '../store/database.ts';

export const ADA = { id: 'usr_ada', email: 'ada@shop.example', password: 'plain tea on the quay', name: 'Ada Brandt' };
export const BEN = { id: 'usr_ben', email: 'ben@shop.example', password: 'salted nuts at midnight', name: 'Ben Okafor' };
export const ODA = { id: 'usr_oda', email: 'oda@other.example', password: 'nine herons on the dike', name: 'Oda Moen' };
/** The same people at the third party. */
export const ADA_THERE = { id: 'alm-3107', email: 'ada@almanac.example', password: 'demo-paper-calendar' };
export const BEN_THERE = { id: 'alm-4211', email: 'ben@almanac.example', password: 'demo-wall-calendar' };

export const SECRET = 'a-secret-of-the-tests-and-nothing-else';
/** Where the app would be: nothing listens there. */
const APP = 'http://localhost:3999';
export const CALLBACK = `${APP}/callback`;
export const CHAT = `${APP}/chat`;
const API = 'http://localhost:3999/api';
const THERE = 'the-secret-that-the-calendar-gave-for-tests';

const application = (id: string, more: object = {}) => ({
  id,
  name: names[id] ?? id,
  kind: 'web' as const,
  secret: SECRET,
  resources: [API],
  ...more,
});
const names: Readonly<Record<string, string>> = { 'shop-web': 'Shop', 'other-web': 'Somebody’s site' };

function configurationFor(calendar: string, app: string): IssuerConfiguration {
  const addresses = { redirectUris: [`${app}/callback`], postLogoutRedirectUris: [`${app}/chat`] };
  const user = ({ id, email, name, password }: typeof ADA, organization: string) => ({
    id,
    organization,
    email,
    emailVerified: true,
    name,
    password,
  });
  const connection = (id: string, more: object = {}) => ({
    id,
    organization: 'shop-org',
    name: id === 'calendar' ? 'Almanac' : `Almanac ${id}`,
    preset: 'oidc' as const,
    issuer: calendar,
    clientId: id,
    secret: THERE,
    scopes: ['openid', 'profile', 'email', 'offline_access'],
    accounts: true,
    proxy: { baseUrl: `${calendar}/calendar`, methods: ['GET' as const], paths: ['/events'] },
    applications: {
      'shop-web': true as const,
      'shop-api': { scopes: ['calendar.read'] },
      'other-web': { scopes: ['calendar.read'], tokens: false },
    },
    ...more,
  });
  return defineConfig({
    organizations: [
      { id: 'shop-org', name: 'Quay Shop' },
      { id: 'other-org', name: 'Dike Works' },
    ],
    projects: [
      {
        id: 'shop',
        organization: 'shop-org',
        name: 'Shop',
        apis: [{ id: 'shop-api', name: 'Shop assistant', resource: API, scopes: { 'orders:read': 'See your orders' }, secret: SECRET }],
        applications: [
          application('shop-web', { ...addresses, firstParty: true }),
          application('other-web', { redirectUris: ['https://other.example/back'], postLogoutRedirectUris: [] }),
          application('unlisted-web', addresses),
        ],
      },
    ],
    users: [user(ADA, 'shop-org'), user(BEN, 'shop-org'), user(ODA, 'other-org')],
    connections: [connection('calendar'), connection('tasks')],
  });
}

export interface Place {
  readonly url: string;
  readonly calendar: CalendarApi;
  readonly log: readonly string[];
  /** Rows of the issuer's database. On PGlite the issuer ends first: it has one process. */
  rows(text: string): Promise<Row[]>;
  stop(): Promise<void>;
}

/** Starts both. `app` is where the app is, if it is anywhere. */
export async function startPlace(engine: 'pglite' | 'postgres', app = APP): Promise<Place> {
  const dataDirectory = mkdtempSync(join(tmpdir(), 'safeconduct-connect-'));
  const database = engine === 'postgres' ? await createDatabase() : undefined;
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const client = (id: string) => ({ id, secret: THERE, redirectUris: [`${url}/connections/${id}/callback`], name: 'Quay Shop' });
  const calendar = await createCalendarApi({ clients: [client('calendar'), client('tasks')] });
  const log: string[] = [];
  const logDestination = new Writable({
    write: (line, _encoding, next) => {
      log.push(String(line));
      next();
    },
  });
  const place = { dataDirectory, ...(database && { databaseUrl: database.url }) };
  const configuration = configurationFor(calendar.issuerUrl, app);
  const issuer = await createIssuer({ ...place, issuer: url, host: '127.0.0.1', port, logDestination, configuration }).catch(
    async (error: unknown) => {
      await calendar.close();
      throw error;
    },
  );
  await issuer.listen();
  let closed: Promise<void> | undefined;
  const close = () => (closed ??= issuer.close(0));
  return {
    url,
    calendar,
    log,
    async rows(text) {
      if (engine === 'pglite') await close();
      const store = await openStore(place);
      try {
        return await store.run({ name: `rows ${text.length}`, text }, []);
      } finally {
        await store.close();
      }
    },
    async stop() {
      await close();
      await calendar.close();
      await database?.drop();
      rmSync(dataDirectory, { recursive: true, force: true });
    },
  };
}

/** What a browser got in the end. */
export interface Seen {
  readonly status: number;
  readonly url: URL;
  readonly headers: Headers;
  readonly text: string;
}

/** A browser without script: keeps cookies by origin, follows redirects and `Refresh`, and stops where nothing of ours listens. */
export class Visitor {
  readonly jar = new Map<string, string>();
  /** Every address it was sent to. */
  readonly went: URL[] = [];
  readonly #known: readonly string[];

  constructor({ url, calendar }: Pick<Place, 'url' | 'calendar'>) {
    this.#known = [url, calendar.url];
  }

  get(address: string | URL, { follow = true } = {}): Promise<Seen> {
    return this.#send(new URL(address), {}, follow);
  }

  /** Sends the page's last form with its hidden fields; `follow: false` gives what the post itself answered. */
  submit(
    page: Seen,
    fields: Record<string, string>,
    { follow = true, headers = {} }: { follow?: boolean; headers?: Record<string, string> } = {},
  ) {
    const { action, hidden } = formIn(page);
    return this.#send(new URL(action, page.url), { method: 'POST', body: new URLSearchParams({ ...hidden, ...fields }), headers }, follow);
  }

  async #send(url: URL, init: RequestInit, follow: boolean): Promise<Seen> {
    this.went.push(url);
    const cookie = [...this.jar]
      .filter(([name]) => name.startsWith(`${url.origin} `))
      .map(([name, value]) => `${name.split(' ')[1]}=${value}`);
    const response = await fetch(url, {
      ...init,
      redirect: 'manual',
      headers: { accept: 'text/html', ...init.headers, cookie: cookie.join('; ') },
    });
    for (const line of response.headers.getSetCookie()) {
      const [pair = ''] = line.split(';', 1);
      const [name = '', value = ''] = pair.split(/=(.*)/s);
      if (value === '') this.jar.delete(`${url.origin} ${name}`);
      else this.jar.set(`${url.origin} ${name}`, value);
    }
    const text = await response.text();
    const to = response.headers.get('location') ?? /^0; url=(.*)$/.exec(response.headers.get('refresh') ?? '')?.[1];
    const seen = { status: response.status, url, headers: response.headers, text };
    if (to === undefined || to === null || !follow) return seen;
    const next = new URL(to, url);
    if (this.#known.includes(next.origin)) return this.#send(next, {}, follow);
    return { ...seen, url: next };
  }
}

export function formIn({ text }: Seen): { action: string; hidden: Record<string, string> } {
  const form = text.slice(text.lastIndexOf('<form method="post"'));
  const action = /action="([^"]*)"/.exec(form)?.[1];
  if (action === undefined) throw new Error(`this page has no form:\n${text}`);
  const hidden = [...form.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)];
  return { action, hidden: Object.fromEntries(hidden.map(([, name = '', value = '']) => [name, unescaped(value)])) };
}

const unescaped = (text: string): string =>
  text.replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&lt;', '<').replaceAll('&amp;', '&');

export const heading = ({ text }: Seen): string => /<h1>(.*?)<\/h1>/s.exec(text)?.[1] ?? '';

/** A link to connect, as applications show it. */
export function connectLink(place: Pick<Place, 'url'>, query: Record<string, string>, connection = 'calendar'): string {
  return `${place.url}/connect/${connection}?${new URLSearchParams(query)}`;
}

type Somebody = Pick<typeof ADA, 'email' | 'password'>;

/** Opens a link and signs in here on the way. */
export async function open(browser: Visitor, link: string, person: Somebody = ADA): Promise<Seen> {
  const page = await browser.get(link);
  if (!page.url.pathname.startsWith('/interaction/')) return page;
  return browser.submit(page, { email: person.email, password: person.password });
}

/** Signs in and allows at the third party, from its sign-in page or a later one. */
export async function allowThere(browser: Visitor, page: Seen, person: Somebody = ADA_THERE): Promise<Seen> {
  let now = page;
  if (now.text.includes('name="password"'))
    now = await browser.submit(now, { do: 'sign-in', email: person.email, password: person.password });
  return now.text.includes('value="allow"') && !now.url.pathname.startsWith('/connect') ? browser.submit(now, { do: 'allow' }) : now;
}

/** From the link to the page with both accounts. */
export async function goToConfirm(
  browser: Visitor,
  link: string,
  { here = ADA, there = ADA_THERE }: { here?: Somebody; there?: Somebody } = {},
): Promise<Seen> {
  const page = await open(browser, link, here);
  return allowThere(
    browser,
    await browser.submit(page, { decision: 'allow', ...(page.text.includes('value="another"') && { account: 'another' }) }),
    there,
  );
}

/** A verifier and its challenge. */
export function pkce(): { verifier: string; challenge: string } {
  const verifier = randomBytes(32).toString('base64url');
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') };
}

export interface TokenAsked {
  readonly clientId?: string;
  readonly scope?: string;
  readonly person?: Somebody;
  readonly redirectUri?: string;
}

/** A person's access token for the API of connected accounts, got as applications get it. */
export async function tokenForMe(place: Pick<Place, 'url'>, browser: Visitor, asked: TokenAsked = {}): Promise<string> {
  const { clientId = 'shop-web', person = ADA, redirectUri = CALLBACK, scope = allMe } = asked;
  const { verifier, challenge } = pkce();
  const query = {
    client_id: clientId,
    response_type: 'code',
    redirect_uri: redirectUri,
    scope,
    resource: `${place.url}/me/`,
    state: 's',
    code_challenge: challenge,
    code_challenge_method: 'S256',
  };
  let page = await open(browser, `${place.url}/oauth2/authorize?${new URLSearchParams(query)}`, person);
  if (page.url.pathname.startsWith('/interaction/')) page = await browser.submit(page, { decision: 'allow' });
  const code = page.url.searchParams.get('code');
  if (code === null) throw new Error(`no code: ${page.url.href} ${heading(page)}`);
  const answer = await fetch(`${place.url}/oauth2/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${clientId}:${SECRET}`).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'authorization_code', code, redirect_uri: redirectUri, code_verifier: verifier }),
  });
  const body = (await answer.json()) as { access_token?: string; error_description?: string };
  if (body.access_token === undefined) throw new Error(`no token: ${body.error_description}`);
  return body.access_token;
}

export const allMe = 'create:me:connected_accounts read:me:connected_accounts delete:me:connected_accounts';
