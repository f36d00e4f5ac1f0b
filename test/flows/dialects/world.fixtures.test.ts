/** For tests of dialects: an issuer with an origin for each dialect that is asked for, and a browser without scripts. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import tls from 'node:tls';
import {
  type ApplicationDeclaration,
  createIssuer,
  defineConfig,
  type IssuerConfiguration,
  type OriginDeclaration,
} from '@safeconduct/issuer';
import { freePort } from '@safeconduct/test-support/ports';
import { quickStorage } from '@safeconduct/test-support/postgres';
import pg from 'pg';

/** People, with ids that are UUIDs: some vendors' subjects are. `GUS` is of another organization, and a guest of the first. */
export const ADA = {
  id: '6b1f0c52-0000-4000-8000-00000000ada0',
  email: 'ada@shop.example',
  password: 'plain tea on the quay',
  name: 'Ada Brandt',
};
export const BEN = { id: 'usr_ben', email: 'ben@shop.example', password: 'salted nuts at midnight', name: 'Ben Okafor' };
export const GUS = { id: 'usr_gus', email: 'gus@other.example', password: 'seven gulls over the pier', name: 'Gus Lind' };
/** Organizations. The first is a UUID, as tenants of some vendors are. */
export const SHOP_ORG = '72f98800-0000-4000-8000-000000000001';
export const OTHER_ORG = 'other-org';
export const SECRET = 'aSecretOfTheTestsAndNothingElse0123456789';
export const CALLBACK = 'http://localhost:3999/callback';
export const POST_LOGOUT = 'http://localhost:3999/bye';
/** The API, as clients of every vendor may name it. */
export const API = 'api://6e74172b-0000-4000-8000-a39bb12e3000';
export const API_ID = '6e74172b-0000-4000-8000-a39bb12e3000';

export interface WorldOptions {
  /** An origin for each; `entra` beside another one: `auth0+entra`. */
  readonly dialects: readonly string[];
  /** Ids of the organizations that are tenants where a dialect stands beside another one. Default: all. */
  readonly tenants?: readonly string[];
  /** Origins on https with the local authority. Default true. */
  readonly tls?: boolean;
  /** Changes what is declared. */
  readonly declare?: (base: IssuerConfiguration) => IssuerConfiguration;
}

export interface World {
  /** Origin of a dialect, such as `https://localhost:41234`. */
  readonly at: (dialect: string) => string;
  readonly home: string;
  /** File with the certificate of the local authority. This process trusts it already. */
  readonly ca: string;
  readonly log: readonly string[];
  sql<R extends object>(text: string, values?: readonly unknown[]): Promise<R[]>;
  events(type: string): Promise<{ readonly outcome: string; readonly reason: string | null; readonly client: string | null }[]>;
  /** Does now what the issuer does by itself. */
  maintain(): Promise<void>;
  stop(): Promise<void>;
}

const everywhere = ['standard', 'zitadel', 'auth0', 'entra', 'keycloak'];
const people = { scopes: ['openid', 'profile', 'email', 'offline_access', 'orders:read', 'orders:write', 'user_impersonation'] } as const;
const shared = { dialects: everywhere, resources: [API], ...people } as const;

/** What is declared unless a test changes it. */
export const base: IssuerConfiguration = defineConfig({
  organizations: [
    { id: SHOP_ORG, name: 'Quay Shop', domain: 'shop.example' },
    { id: OTHER_ORG, name: 'Other Company', domain: 'other.example' },
  ],
  projects: [
    {
      id: 'shop',
      organization: SHOP_ORG,
      name: 'Shop',
      roles: { customer: 'Customer', support: 'Support', 'read:messages': 'Reads messages' },
      apis: [
        {
          id: API_ID,
          name: 'Orders',
          resource: API,
          scopes: { 'orders:read': 'See your orders', 'orders:write': 'Change your orders', user_impersonation: 'Act as you' },
          secret: SECRET,
          dialects: everywhere,
        },
      ],
      applications: [
        {
          id: 'shop-web',
          name: 'Shop',
          kind: 'web',
          firstParty: true,
          secret: SECRET,
          redirectUris: [CALLBACK],
          postLogoutRedirectUris: [POST_LOGOUT],
          ...shared,
        },
        {
          id: 'shop-spa',
          name: 'Shop in a page',
          kind: 'spa',
          firstParty: true,
          redirectUris: [CALLBACK],
          postLogoutRedirectUris: [POST_LOGOUT],
          ...shared,
        },
        {
          id: 'shop-terminal',
          name: 'Shop in a terminal',
          kind: 'native',
          firstParty: true,
          redirectUris: ['http://127.0.0.1/callback', 'http://localhost'],
          grantTypes: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
          ...shared,
        },
        {
          id: 'shop-robot',
          name: 'Robot',
          kind: 'service',
          secret: SECRET,
          dialects: everywhere,
          resources: [API],
          scopes: ['orders:read'],
          roles: { shop: ['read:messages'] },
        },
      ],
    },
  ],
  users: [
    {
      ...ADA,
      organization: SHOP_ORG,
      emailVerified: true,
      givenName: 'Ada',
      familyName: 'Brandt',
      locale: 'en',
      roles: { shop: ['customer', 'read:messages'] },
    },
    { ...BEN, organization: SHOP_ORG, emailVerified: true },
    { ...GUS, organization: OTHER_ORG, emailVerified: true, guestOf: { [SHOP_ORG]: { shop: ['support'] } } },
  ],
});

/** What is declared, with changes to one of its applications. */
export const withApplication = (
  base: IssuerConfiguration,
  id: string,
  change: (one: ApplicationDeclaration) => Partial<ApplicationDeclaration>,
): IssuerConfiguration => ({
  ...base,
  projects: (base.projects ?? []).map((project) => ({
    ...project,
    applications: (project.applications ?? []).map((one) => (one.id === id ? { ...one, ...change(one) } : one)),
  })),
});

/** Starts it. */
export async function startWorld({ dialects, tenants, tls: secure = true, declare = (one) => one }: WorldOptions): Promise<World> {
  const directory = mkdtempSync(join(tmpdir(), 'safeconduct-dialects-'));
  const storage = await quickStorage();
  const home = `http://localhost:${await freePort()}`;
  const origins = new Map<string, OriginDeclaration>();
  for (const named of dialects) {
    const [dialect = '', ...mounts] = named.split('+');
    const url = `${secure ? 'https' : 'http'}://localhost:${await freePort()}`;
    origins.set(dialect, { url, dialect, ...Object.fromEntries(mounts.map((one) => [one, { ...(tenants && { tenants }) }])) });
    for (const one of mounts) origins.set(one, { url, dialect });
  }
  const log: string[] = [];
  const logDestination = new Writable({
    write(line, _encoding, done) {
      log.push(String(line));
      done();
    },
  });
  const issuer = await createIssuer({
    ...storage.settings,
    issuer: home,
    dataDirectory: directory,
    origins: [...new Map([...origins.values()].filter((one) => origins.get(one.dialect) === one).map((one) => [one.url, one])).values()],
    logDestination,
    configuration: declare(base),
  }).catch(async (error: unknown) => {
    await storage.drop();
    throw error;
  });
  await issuer.listen();
  const ca = join(directory, 'local-authority', 'ca.pem');
  if (secure) tls.setDefaultCACertificates([...tls.getCACertificates('default'), readFileSync(ca, 'utf8')]);
  const url = storage.settings.databaseUrl;
  const outside = url === undefined ? undefined : new pg.Client({ connectionString: url });
  await outside?.connect();
  const sql = async <R extends object>(text: string, values: readonly unknown[] = []): Promise<R[]> => {
    if (!outside) throw new Error('the embedded database cannot be read from outside: skip this test without PostgreSQL');
    return (await outside.query<R>(text, [...values])).rows;
  };
  return {
    at: (dialect) => origins.get(dialect)?.url ?? (dialect === 'standard' ? home : ''),
    home,
    ca,
    log,
    sql,
    events: (type) => sql('select outcome, reason, client from issuer.event where type = $1 order by at', [type]),
    maintain: () => issuer.maintain(),
    async stop() {
      await outside?.end();
      await issuer.close(0);
      await storage.drop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** A browser without scripts: keeps cookies, fills in the sign-in page, presses what leads on. */
export class Visitor {
  readonly #cookies = new Map<string, { readonly pair: string; readonly origin: string; readonly path: string }>();
  readonly person: { readonly email: string; readonly password: string };

  constructor(person: { readonly email: string; readonly password: string } = ADA) {
    this.person = person;
  }

  async send(url: string, init: RequestInit = {}): Promise<Response> {
    const at = new URL(url);
    const cookie = [...this.#cookies.values()]
      .filter(({ origin, path }) => origin === at.hostname && at.pathname.startsWith(path))
      .map(({ pair }) => pair)
      .join('; ');
    const response = await fetch(url, { ...init, redirect: 'manual', headers: { ...(init.headers as object), ...(cookie && { cookie }) } });
    for (const line of response.headers.getSetCookie()) this.#take(at, line);
    return response;
  }

  /** Goes on until the browser is sent to another origin, or to a page that asks for nothing it knows. */
  async visit(url: string, init: RequestInit = {}): Promise<{ readonly url: URL; readonly response: Response; readonly body: string }> {
    const { origin } = new URL(url);
    let at = url;
    let response = await this.send(at, init);
    for (let step = 0; step < 15; step++) {
      const location = response.headers.get('location');
      if (location !== null) {
        const next = new URL(location, at);
        if (next.origin !== origin) return { url: next, response, body: '' };
        at = next.href;
        response = await this.send(at);
        continue;
      }
      const body = await response.text();
      const form = this.#answerTo(body, at);
      if (!form) return { url: new URL(at), response, body };
      if (new URL(form.action).origin !== origin) return { url: new URL(form.action), response, body: form.fields.toString() };
      at = form.action;
      response = await this.send(at, { method: 'POST', body: form.fields, headers: { origin } });
    }
    throw new Error(`no end of redirects from ${url}`);
  }

  /** The form of a page, filled in; undefined when there is none that this visitor knows. */
  #answerTo(page: string, at: string): { readonly action: string; readonly fields: URLSearchParams } | undefined {
    const forms = [...page.matchAll(/<form[^>]*method="post"[\s\S]*?<\/form>/g)].map(([form]) => form);
    const body = forms.find((form) => form.includes('name="password"')) ?? forms[0] ?? '';
    const [, action] = /<form[^>]*method="post"[^>]*action="([^"]*)"/.exec(body) ?? [];
    if (action === undefined || page.includes('role="alert"')) return undefined;
    const fields = new URLSearchParams();
    for (const [, name = '', value = ''] of body.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g))
      fields.append(name, unescaped(value));
    // A device's code that came with the address stands in the form already.
    const [, code] = /<input class="code-entry"[^>]*value="([^"]+)"/.exec(body) ?? [];
    if (code !== undefined) fields.set('user_code', unescaped(code));
    if (body.includes('name="password"')) {
      fields.set('email', this.person.email);
      fields.set('password', this.person.password);
      return { action: new URL(unescaped(action), at).href, fields };
    }
    const [, name, value = 'yes'] =
      /<button type="submit" class="[^"]*primary[^"]*"(?: name="([^"]*)")?(?: value="([^"]*)")?/.exec(body) ?? [];
    if (name !== undefined) fields.set(name, value);
    return { action: new URL(unescaped(action), at).href, fields };
  }

  #take(at: URL, line: string): void {
    const [pair = '', ...rest] = line.split('; ');
    const path = rest.find((part) => part.toLowerCase().startsWith('path='))?.slice(5) ?? '/';
    const name = pair.slice(0, pair.indexOf('='));
    const key = `${at.hostname} ${path} ${name}`;
    if (pair.endsWith('=') || line.includes('01 Jan 1970')) this.#cookies.delete(key);
    else this.#cookies.set(key, { pair, origin: at.hostname, path });
  }

  get cookies(): string[] {
    return [...this.#cookies.keys()];
  }
}

const unescaped = (text: string): string =>
  text.replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
