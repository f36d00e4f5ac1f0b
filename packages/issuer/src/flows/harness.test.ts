/** For the tests beside this: an issuer on a free port with people and applications, and a browser that runs no script. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { freePort } from '@safeconduct/test-support/ports';
import { createDatabase, postgresSkipped } from '@safeconduct/test-support/postgres';
import { createIssuer, defineConfig, type Issuer } from '../index.ts';
import { openStore, type Row, type Store } from '../store/database.ts';

export const API = 'http://localhost:3999/api';
export const WEB_CALLBACK = 'http://localhost:3999/callback';
export const CLI_CALLBACK = 'http://127.0.0.1/callback';
export const ADA = { id: 'usr_ada', email: 'ada@shop.example', password: 'plain tea on the quay' };
export const BEN = { id: 'usr_ben', email: 'ben@shop.example', password: 'salted nuts at midnight' };
export const EVE = { id: 'usr_eve', email: 'eve@shop.example', password: 'seven gulls over the pier' };
export const SECRET = 'a-secret-of-the-tests-and-nothing-else';

const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code';
const shared = { scopes: ['openid', 'profile', 'email', 'offline_access', 'orders:read', 'orders:write'], resources: [API] };

const configuration = defineConfig({
  organizations: [{ id: 'shop-org', name: 'Quay Shop' }],
  projects: [
    {
      id: 'shop',
      organization: 'shop-org',
      name: 'Shop',
      roles: { customer: 'Customer' },
      apis: [
        {
          id: 'shop-api',
          name: 'Shop API',
          resource: API,
          scopes: { 'orders:read': 'See your orders', 'orders:write': 'Cancel your orders' },
        },
      ],
      applications: [
        {
          ...shared,
          id: 'shop-web',
          name: 'Shop',
          kind: 'web',
          firstParty: true,
          secret: SECRET,
          redirectUris: [WEB_CALLBACK],
          postLogoutRedirectUris: ['http://localhost:3999/'],
        },
        {
          ...shared,
          id: 'shop-cli',
          name: 'Shop terminal',
          kind: 'native',
          firstParty: true,
          redirectUris: [CLI_CALLBACK],
          grantTypes: ['authorization_code', 'refresh_token', DEVICE],
        },
        {
          ...shared,
          id: 'other-cli',
          name: 'Somebody’s tool',
          kind: 'native',
          redirectUris: [CLI_CALLBACK],
          grantTypes: ['authorization_code', 'refresh_token', DEVICE],
        },
        { ...shared, id: 'other-web', name: 'Somebody’s site', kind: 'web', secret: SECRET, redirectUris: [WEB_CALLBACK] },
      ],
    },
  ],
  users: [
    {
      id: ADA.id,
      organization: 'shop-org',
      email: ADA.email,
      emailVerified: true,
      name: 'Ada Brandt',
      password: ADA.password,
      roles: { shop: ['customer'] },
    },
    {
      id: BEN.id,
      organization: 'shop-org',
      email: BEN.email,
      emailVerified: true,
      name: 'Ben Okafor',
      password: BEN.password,
      roles: { shop: ['customer'] },
    },
    {
      id: EVE.id,
      organization: 'shop-org',
      email: EVE.email,
      emailVerified: true,
      name: 'Eve Lindqvist',
      password: EVE.password,
      roles: { shop: ['customer'] },
    },
  ],
});

export interface TestIssuer {
  readonly url: string;
  /** Every line that the issuer logged. */
  readonly log: readonly string[];
  readonly issuer: Issuer;
  /** Opens the issuer's storage beside it. On PGlite the issuer ends first: it has one process. */
  openStore(): Promise<Store>;
  /** Audit events of a type. On PGlite the issuer ends first. */
  events(type: string): Promise<Row[]>;
  stop(): Promise<void>;
}

/** Engines that tests run on, with why one is left out. */
export const engines = [
  { engine: 'pglite', skip: false },
  { engine: 'postgres', skip: postgresSkipped },
] as const;

export async function startIssuer(engine: 'pglite' | 'postgres'): Promise<TestIssuer> {
  const dataDirectory = mkdtempSync(join(tmpdir(), 'safeconduct-flows-'));
  const database = engine === 'postgres' ? await createDatabase() : undefined;
  const port = await freePort();
  const log: string[] = [];
  const logDestination = new Writable({
    write: (line, _encoding, done) => {
      log.push(String(line));
      done();
    },
  });
  const place = { dataDirectory, ...(database && { databaseUrl: database.url }) };
  const url = `http://127.0.0.1:${port}`;
  const issuer = await createIssuer({ ...place, issuer: url, host: '127.0.0.1', port, logDestination, configuration });
  await issuer.listen();
  let closed: Promise<void> | undefined;
  const close = () => (closed ??= issuer.close(0));
  const open = async () => {
    if (engine === 'pglite') await close();
    return openStore(place);
  };
  return {
    url,
    log,
    issuer,
    openStore: open,
    async events(type) {
      const store = await open();
      const rows = await store.run({ name: 'events', text: 'select * from issuer.event where type = $1 order by at' }, [type]);
      await store.close();
      return rows;
    },
    async stop() {
      await close();
      await database?.drop();
      rmSync(dataDirectory, { recursive: true, force: true });
    },
  };
}

interface Cookie {
  readonly value: string;
  readonly path: string;
  readonly line: string;
}

/** A page that a browser got. */
export interface Page {
  readonly status: number;
  readonly url: URL;
  readonly headers: Headers;
  readonly text: string;
}

/** Keeps cookies, follows redirects within the issuer, and stops where one leads elsewhere. */
export class TestBrowser {
  readonly cookies = new Map<string, Cookie>();
  /** Statuses of the answers to posts. */
  readonly posts: number[] = [];
  readonly headers: Record<string, string>;

  constructor(headers: Record<string, string> = {}) {
    this.headers = { accept: 'text/html', ...headers };
  }

  get(address: string | URL): Promise<Page> {
    return this.#send(new URL(address));
  }

  post(address: string | URL, fields: Record<string, string>, headers: Record<string, string> = {}): Promise<Page> {
    return this.#send(new URL(address), { method: 'POST', body: new URLSearchParams(fields), headers });
  }

  /** Sends the page's form with its hidden fields. */
  submit(page: Page, fields: Record<string, string> = {}, headers: Record<string, string> = {}): Promise<Page> {
    const { action, hidden } = formOf(page);
    return this.post(new URL(action, page.url), { ...hidden, ...fields }, headers);
  }

  async #send(url: URL, init: RequestInit = {}): Promise<Page> {
    const response = await fetch(url, {
      ...init,
      redirect: 'manual',
      headers: { ...this.headers, ...init.headers, cookie: this.#cookiesFor(url) },
    });
    this.#keep(response.headers);
    if (init.method === 'POST') this.posts.push(response.status);
    const location = response.headers.get('location');
    const text = await response.text();
    if (location === null) return { status: response.status, url, headers: response.headers, text };
    const next = new URL(location, url);
    return next.origin === url.origin ? this.#send(next) : { status: response.status, url: next, headers: response.headers, text };
  }

  #cookiesFor({ pathname }: URL): string {
    const matching = [...this.cookies].filter(
      ([, { path }]) => pathname === path || pathname.startsWith(path.endsWith('/') ? path : `${path}/`),
    );
    return matching.map(([key, { value }]) => `${key.split('@')[0]}=${value}`).join('; ');
  }

  #keep(headers: Headers): void {
    for (const line of headers.getSetCookie()) {
      const [pair = '', ...attributes] = line.split(/; ?/);
      const [name = '', value = ''] = [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)];
      const path = attributes.find((one) => /^path=/i.test(one))?.slice(5) ?? '/';
      if (value === '') this.cookies.delete(`${name}@${path}`);
      else this.cookies.set(`${name}@${path}`, { value, path, line });
    }
  }
}

export function formOf({ text }: Page): { action: string; hidden: Record<string, string> } {
  const action = /<form method="post" action="([^"]*)"/.exec(text)?.[1];
  if (action === undefined) throw new Error(`this page has no form:\n${text}`);
  const fields = [...text.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)];
  return { action, hidden: Object.fromEntries(fields.map(([, name = '', value = '']) => [name, value])) };
}

export const titleOf = ({ text }: Page): string => /<h1>([^<]*)/.exec(text)?.[1] ?? '';

/** An authorization request, and what redeeming its code needs. */
export function authorizeUrl(issuer: string, client: string, more: Record<string, string> = {}): { url: URL; verifier: string } {
  const verifier = randomBytes(32).toString('base64url');
  const url = new URL('/oauth2/authorize', issuer);
  const redirect = client.endsWith('-cli') ? CLI_CALLBACK.replace('127.0.0.1', '127.0.0.1:4711') : WEB_CALLBACK;
  url.search = String(
    new URLSearchParams({
      client_id: client,
      response_type: 'code',
      redirect_uri: redirect,
      scope: 'openid profile email orders:read offline_access',
      resource: API,
      state: 'here',
      nonce: 'once',
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
      ...more,
    }),
  );
  return { url, verifier };
}

/** Opens the sign-in page of an application. */
export function openLogin(
  browser: TestBrowser,
  issuer: string,
  { client = 'shop-web', more = {} }: { client?: string; more?: Record<string, string> } = {},
): Promise<Page> {
  return browser.get(authorizeUrl(issuer, client, more).url);
}

/** Signs in on a sign-in page. */
export function signIn(browser: TestBrowser, page: Page, { email, password }: { email: string; password: string } = ADA): Promise<Page> {
  return browser.submit(page, { email, password });
}
