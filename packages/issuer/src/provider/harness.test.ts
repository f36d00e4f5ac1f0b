/** For the tests beside this: issuers on free ports, and what an application does with one. */
import { hash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { freePort } from '@safeconduct/test-support/ports';
import { createDatabase, postgresSkipped } from '@safeconduct/test-support/postgres';
import { createIssuer } from '../index.ts';
import { openStore, type Row, type Store } from '../store/database.ts';
import { Browser, basic, call } from './browser.fixtures.test.ts';
import { API, CALLBACK, type Configuration, configuration, SECRET, SPA_ORIGIN } from './shop.fixtures.test.ts';

/** Engines that tests run on, with why one is left out. */
export const engines = [
  { engine: 'pglite', skip: false },
  { engine: 'postgres', skip: postgresSkipped },
] as const;

export interface TestIssuer {
  readonly url: string;
  readonly port: number;
  readonly log: readonly string[];
  /** Reads or changes the database from outside (PostgreSQL only: PGlite has one process). */
  sql(text: string, ...values: unknown[]): Promise<Row[]>;
  readonly place: { readonly dataDirectory: string; readonly databaseUrl?: string };
  stop(): Promise<void>;
}

/** Starts an issuer in this process. */
export async function startIssuer(engine: 'pglite' | 'postgres', declared: Configuration = configuration): Promise<TestIssuer> {
  const dataDirectory = mkdtempSync(join(tmpdir(), 'safeconduct-provider-'));
  const database = engine === 'postgres' ? await createDatabase() : undefined;
  const port = await freePort();
  const url = `http://localhost:${port}`;
  const log: string[] = [];
  const logDestination = new Writable({
    write(line, _encoding, done) {
      log.push(String(line));
      done();
    },
  });
  const place = { dataDirectory, ...(database && { databaseUrl: database.url }) };
  const issuer = await createIssuer({ ...place, issuer: url, port, logDestination, configuration: declared });
  await issuer.listen();
  let outside: Store | undefined;
  return {
    url,
    port,
    log,
    place,
    async sql(text, ...values) {
      outside ??= await openStore({ ...place, poolSize: 2 });
      return outside.run({ name: `test ${hash('sha256', text, 'hex').slice(0, 16)}`, text }, values);
    },
    async stop() {
      await outside?.close();
      await issuer.close(0);
      await database?.drop();
      rmSync(dataDirectory, { recursive: true, force: true });
    },
  };
}

export interface SignIn {
  readonly client?: string;
  readonly scope?: string;
  readonly resource?: string;
  readonly more?: Record<string, string>;
  readonly browser?: Browser;
}

export interface Back {
  readonly code: string;
  readonly error: string | null;
  readonly url: URL;
  readonly verifier: string;
  readonly client: string;
  readonly browser: Browser;
}

const redirectOf = (client: string): string => (client === 'spa' ? `${SPA_ORIGIN}/callback` : CALLBACK);

/** The address of an authorization request. */
export function authorizePath(
  { client = 'cli', scope = 'openid email offline_access orders:read', resource = API, more = {} }: SignIn,
  verifier: string,
): string {
  const challenge = { code_challenge: hash('sha256', verifier, 'base64url'), code_challenge_method: 'S256' };
  const query = { client_id: client, response_type: 'code', scope, redirect_uri: redirectOf(client), state: 's', ...challenge };
  const open = scope.includes('openid') ? { nonce: 'n' } : {};
  const params = { ...query, ...open, ...(resource && { resource }), ...more };
  return `/oauth2/authorize?${new URLSearchParams(Object.entries(params).filter(([, value]) => value !== ''))}`;
}

/** Plays the browser up to the redirect back. */
export async function authorize(base: string, options: SignIn = {}): Promise<Back> {
  const verifier = randomBytes(32).toString('base64url');
  const browser = options.browser ?? new Browser(base);
  const { left, answer, path } = await browser.follow(authorizePath(options, verifier));
  if (!left) throw new Error(`${answer.status} at ${path}: ${answer.body.slice(0, 400)}`);
  const { searchParams } = left;
  return {
    code: searchParams.get('code') ?? '',
    error: searchParams.get('error'),
    url: left,
    verifier,
    client: options.client ?? 'cli',
    browser,
  };
}

const confidential = new Set(['web', 'classic', 'narrow', 'job']);
const proof = (client: string): Record<string, string> =>
  confidential.has(client) ? { client_id: client, client_secret: SECRET } : { client_id: client };

export const redeem = (
  base: string,
  { code, verifier, client }: Pick<Back, 'code' | 'verifier' | 'client'>,
  more: Record<string, string> = {},
) =>
  call(base, '/oauth2/token', {
    form: { grant_type: 'authorization_code', code, redirect_uri: redirectOf(client), code_verifier: verifier, ...proof(client), ...more },
  });

export const refresh = (base: string, token: string, client = 'cli', more: Record<string, string> = {}) =>
  call(base, '/oauth2/token', { form: { grant_type: 'refresh_token', refresh_token: token, ...proof(client), ...more } });

export type Tokens = Record<'access_token' | 'refresh_token' | 'id_token' | 'scope', string>;

export async function signIn(base: string, options: SignIn = {}): Promise<Back & { readonly tokens: Tokens }> {
  const back = await authorize(base, options);
  const answer = await redeem(base, back);
  if (answer.status !== 200) throw new Error(`${back.url.search} ${answer.status} ${answer.body}`);
  return { ...back, tokens: answer.json };
}

export const introspect = async (base: string, token: string, as = 'api') =>
  (await call(base, '/oauth2/introspect', { form: { token }, headers: basic(as) })).json;

export const claimsOf = (jwt: string) => JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString());
export const headerOf = (jwt: string) => JSON.parse(Buffer.from(jwt.split('.')[0] ?? '', 'base64url').toString());
