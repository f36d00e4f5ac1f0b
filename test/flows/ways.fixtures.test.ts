/** For tests of signing in through third parties: an issuer with two organizations, third parties that say what they are told to, and a browser. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { createIssuer, defineConfig } from '@safeconduct/issuer';
import { freePort } from '@safeconduct/test-support/ports';
import { createDatabase } from '@safeconduct/test-support/postgres';
import { type ScriptedProvider, startScriptedProvider } from '@safeconduct/test-support/scripted-provider';
import pg from 'pg';

export const ADA = { id: 'usr_ada', email: 'ada@shop.example', password: 'plain tea on the quay' };
export const BEN = { id: 'usr_ben', email: 'ben@shop.example', password: 'salted nuts at midnight' };
export const OLA = { id: 'usr_ola', email: 'ola@other.example', password: 'seven gulls over the pier' };
const CALLBACK = 'http://localhost:3999/callback';
const SECRET = 'a-secret-of-the-tests-and-nothing-else';

export type Connection = 'acme' | 'guild' | 'elsewhere';

/** What the tests reach. */
export interface Ways {
  readonly url: string;
  /** The third party of `acme` (signs new people up) and of `elsewhere`, which is another organization's. */
  readonly acme: ScriptedProvider;
  /** The third party of `guild`, which signs nobody up. */
  readonly guild: ScriptedProvider;
  readonly log: readonly string[];
  sql<R extends object>(text: string, values?: readonly unknown[]): Promise<R[]>;
  /** Types, reasons and details of the audit events of a type. */
  events(type: string): Promise<{ outcome: string; reason: string | null; actor: string | null; details: Record<string, unknown> }[]>;
  stop(): Promise<void>;
}

const configuration = (acme: string, guild: string) =>
  defineConfig({
    organizations: [
      { id: 'shop-org', name: 'Quay Shop' },
      { id: 'other-org', name: 'Other Company' },
    ],
    projects: [
      {
        id: 'shop',
        organization: 'shop-org',
        name: 'Shop',
        applications: [{ ...web, id: 'shop-web', name: 'Shop', redirectUris: [CALLBACK] }],
      },
      {
        id: 'other',
        organization: 'other-org',
        name: 'Other',
        applications: [{ ...web, id: 'other-web', name: 'Other site', redirectUris: [CALLBACK] }],
      },
    ],
    users: [
      { ...ADA, organization: 'shop-org', emailVerified: true, name: 'Ada Brandt' },
      { ...BEN, organization: 'shop-org', emailVerified: true, name: 'Ben Okafor' },
      { ...OLA, organization: 'other-org', emailVerified: true, name: 'Ola Nordmann' },
    ],
    connections: [
      { ...signsIn, id: 'acme', organization: 'shop-org', name: 'Acme', issuer: acme, signUp: true },
      {
        ...signsIn,
        id: 'guild',
        organization: 'shop-org',
        name: 'The Guild',
        issuer: guild,
        accounts: true,
        applications: { 'shop-web': { scopes: ['members.read'] } },
      },
      { ...signsIn, id: 'elsewhere', organization: 'other-org', name: 'Elsewhere', issuer: acme },
    ],
  });
const web = { kind: 'web', firstParty: true, secret: SECRET, scopes: ['openid', 'profile', 'email'] } as const;
const signsIn = { preset: 'oidc', clientId: 'safeconduct', secret: SECRET, signIn: true } as const;

/** Starts it on a PostgreSQL of its own. */
export async function startWays(): Promise<Ways> {
  const [acme, guild, database, port] = await Promise.all([
    startScriptedProvider('acme-1'),
    startScriptedProvider('guild-1'),
    createDatabase(),
    freePort(),
  ]);
  const dataDirectory = mkdtempSync(join(tmpdir(), 'safeconduct-ways-'));
  const log: string[] = [];
  const logDestination = new Writable({
    write(line, _encoding, done) {
      log.push(String(line));
      done();
    },
  });
  const url = `http://127.0.0.1:${port}`;
  const place = { dataDirectory, databaseUrl: database.url, issuer: url, host: '127.0.0.1', port, logDestination };
  const around = async () => {
    await Promise.all([acme.close(), guild.close(), database.drop()]);
    rmSync(dataDirectory, { recursive: true, force: true });
  };
  const issuer = await createIssuer({ ...place, configuration: configuration(acme.issuer, guild.issuer) }).catch(async (error: unknown) => {
    await around();
    throw error;
  });
  await issuer.listen();
  const pool = new pg.Pool({ connectionString: database.url, max: 2 });
  const sql = async <R extends object>(text: string, values: readonly unknown[] = []) => (await pool.query(text, [...values])).rows as R[];
  return {
    url,
    acme,
    guild,
    log,
    sql,
    events: (type) => sql('select outcome, reason, actor, details from issuer.event where type = $1 order by at, id', [type]),
    async stop() {
      await pool.end();
      await issuer.close(0);
      await around();
    },
  };
}

/** A page that a browser got. */
export interface Page {
  readonly status: number;
  readonly url: URL;
  readonly text: string;
  readonly headers: Headers;
}

/** Keeps cookies, follows redirects within the issuer, and stops where one leads elsewhere. It runs no script. */
export class Visitor {
  readonly cookies = new Map<string, { readonly value: string; readonly path: string }>();

  get(address: string | URL, headers: Record<string, string> = {}): Promise<Page> {
    return this.#send(new URL(address), { headers });
  }

  post(address: string | URL, fields: Record<string, string>, headers: Record<string, string> = {}): Promise<Page> {
    return this.#send(new URL(address), { method: 'POST', body: new URLSearchParams(fields), headers });
  }

  /** Sends the form of a page whose action ends so, with its hidden fields. */
  submit(page: Page, action: string | RegExp, fields: Record<string, string> = {}): Promise<Page> {
    const found = formsOf(page).find((one) => (typeof action === 'string' ? one.action.endsWith(action) : action.test(one.action)));
    if (!found) throw new Error(`this page has no form for ${action}:\n${page.text}`);
    return this.post(new URL(found.action, page.url), { ...found.hidden, ...fields });
  }

  async #send(url: URL, init: RequestInit): Promise<Page> {
    const matching = [...this.cookies].filter(
      ([, { path }]) => url.pathname === path || url.pathname.startsWith(path.replace(/\/?$/, '/')),
    );
    const cookie = matching.map(([key, { value }]) => `${key.split('@')[0]}=${value}`).join('; ');
    const response = await fetch(url, { ...init, redirect: 'manual', headers: { accept: 'text/html', ...init.headers, cookie } });
    for (const line of response.headers.getSetCookie()) this.#keep(line);
    const location = response.headers.get('location');
    const text = await response.text();
    const next = location === null ? url : new URL(location, url);
    if (location !== null && next.origin === url.origin) return this.#send(next, {});
    return { status: response.status, url: next, text, headers: response.headers };
  }

  #keep(line: string): void {
    const [pair = '', ...attributes] = line.split(/; ?/);
    const [name = '', value = ''] = pair.split(/=(.*)/s);
    const path = attributes.find((one) => /^path=/i.test(one))?.slice(5) ?? '/';
    if (value === '') this.cookies.delete(`${name}@${path}`);
    else this.cookies.set(`${name}@${path}`, { value, path });
  }
}

interface Form {
  readonly action: string;
  readonly hidden: Record<string, string>;
}

/** The forms of a page with their hidden fields. */
export function formsOf({ text }: Page): Form[] {
  return [...text.matchAll(/<form method="post" action="([^"]*)">(.*?)<\/form>/gs)].map(([, action = '', body = '']) => ({
    action,
    hidden: Object.fromEntries(
      [...body.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)].map(([, name = '', value = '']) => [name, value]),
    ),
  }));
}

/** The token of the page's first form. */
export const formTokenIn = (page: Page): string => formsOf(page)[0]?.hidden.csrf ?? '';

export const titleOf = ({ text }: Page): string => /<h1>([^<]*)/.exec(text)?.[1] ?? '';

/** Where a page of ours leads by itself. */
export function leadsTo(page: Page): URL {
  const address = /^0; url=(.*)$/.exec(page.headers.get('refresh') ?? '')?.[1];
  if (address === undefined) throw new Error(`this page leads nowhere:\n${page.text}`);
  return new URL(address);
}

export interface Authorization {
  readonly client?: 'shop-web' | 'other-web';
  readonly more?: Record<string, string>;
}

/** The sign-in page of an application, and what redeeming the code in the end needs. */
export async function openLogin(ways: Ways, visitor: Visitor, { client = 'shop-web', more = {} }: Authorization = {}) {
  const verifier = randomBytes(32).toString('base64url');
  const url = new URL('/oauth2/authorize', ways.url);
  const asked = {
    client_id: client,
    response_type: 'code',
    redirect_uri: CALLBACK,
    scope: 'openid profile email',
    state: 'here',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...more,
  };
  url.search = String(new URLSearchParams(asked));
  return { page: await visitor.get(url), verifier };
}

/** Signs in with a password. */
export async function signInWithPassword(ways: Ways, visitor: Visitor, { email, password }: { email: string; password: string } = ADA) {
  const { page } = await openLogin(ways, visitor);
  return visitor.submit(page, '/login', { email, password });
}

/** Presses a third party's button, and gives where the browser is sent. */
export async function press(visitor: Visitor, page: Page, connection: Connection): Promise<URL> {
  return leadsTo(await visitor.submit(page, `/connection/${connection}`));
}

/** Goes through a third party that says what its script says, to wherever that leads. */
export async function signInThrough(ways: Ways, visitor: Visitor, connection: Connection, authorization: Authorization = {}) {
  const { page, verifier } = await openLogin(ways, visitor, authorization);
  const party = connection === 'guild' ? ways.guild : ways.acme;
  const back = await visitor.get(party.answer(await press(visitor, page, connection)));
  return { page: back, verifier };
}

/** Makes a third party say so of whoever signs in there next. */
export function says(party: ScriptedProvider, claims: Record<string, unknown>): void {
  party.script = { idTokenClaims: (honest) => ({ ...honest, ...claims }) };
}

/** Redeems the code at the end of a sign-in, and gives the claims of the ID token. */
export async function claimsOf(ways: Ways, { page, verifier }: { page: Page; verifier: string }, client = 'shop-web') {
  const code = page.url.searchParams.get('code');
  if (code === null) throw new Error(`no code came back: ${page.status} ${page.url.pathname}\n${page.text}`);
  const body = new URLSearchParams({ grant_type: 'authorization_code', code, redirect_uri: CALLBACK, code_verifier: verifier });
  const authorization = `Basic ${btoa(`${client}:${SECRET}`)}`;
  const answer = (await (await fetch(`${ways.url}/oauth2/token`, { method: 'POST', body, headers: { authorization } })).json()) as {
    id_token?: string;
    error?: string;
  };
  if (answer.id_token === undefined) throw new Error(`no ID token came: ${answer.error}; the code was from ${page.url.pathname}`);
  const [, payload = ''] = answer.id_token.split('.');
  return JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
}

/** Links an account at a third party on the account page, as far as the last question. */
export async function linkUpToTheQuestion(ways: Ways, visitor: Visitor, connection: Connection): Promise<Page> {
  const asked = await visitor.get(`${ways.url}/account/link/${connection}`);
  const away = leadsTo(await visitor.submit(asked, `/account/link/${connection}`));
  return visitor.get((connection === 'guild' ? ways.guild : ways.acme).answer(away));
}

/** A connected account whose tokens nobody can open any more, as after a lost key: what ends it cannot be told to the third party. */
export async function putConnectedAccount(ways: Ways, { id, userId, state = 'active', reason }: PutAccount): Promise<void> {
  await ways.sql(
    `insert into issuer.data_key (id, organization_id, connection_id, kek, wrapped) values ('dk_test', 'shop-org', 'guild', 'lost', 'lost') on conflict do nothing`,
  );
  await ways.sql(
    `insert into issuer.connected_account (id, organization_id, user_id, connection_id, account, account_name, scopes, state, state_reason, data_key_id, tokens, refreshable)
      values ($1, 'shop-org', $2, 'guild', $1, $2 || ' at the guild', '{members.read}', $3, $4, 'dk_test', 'lost', true)`,
    [id, userId, state, reason ?? null],
  );
  await ways.sql(
    `insert into issuer.connected_account_use (account_id, application_id, scopes) values ($1, 'shop-web', '{members.read}')`,
    [id],
  );
}

export interface PutAccount {
  readonly id: string;
  readonly userId: string;
  readonly state?: 'active' | 'reconnect';
  readonly reason?: string;
}
