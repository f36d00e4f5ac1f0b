/** For tests of the admin API: an issuer with its first administrator, and calls by the id of their entry in the table. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { quickStorage } from '@safeconduct/test-support/postgres';
import type { IssuerOptions } from '../index.ts';
import { raw, type Started, start } from '../issuer.fixtures.test.ts';
import { Browser } from '../provider/browser.fixtures.test.ts';
import { permissions } from './routes/permissions.ts';
import type { AdminRoute } from './routes/route.ts';
import { ADMIN_PATH, type RouteId, table } from './routes/table.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: answers are read by tests, which check what they read
  readonly json: any;
}

export interface Asked {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** Calls an entry of the table with one token, or with none. */
export type Caller = (id: RouteId, asked?: Asked) => Promise<Answer>;

export interface World extends Started {
  readonly audience: string;
  /** The issuer-admin that the set-up made. */
  readonly administrator: { readonly id: string; readonly token: string };
  readonly as: (token?: string) => Caller;
  /** Like the caller, and fails unless the answer is the one that the table promises. */
  readonly did: (id: RouteId, asked?: Asked) => Promise<Answer['json']>;
}

export const allScopes = Object.keys(permissions);

export async function startAdmin(options: IssuerOptions = {}): Promise<{ world: World; end(): Promise<void> }> {
  const dataDirectory = mkdtempSync(join(tmpdir(), 'safeconduct-admin-'));
  const storage = options.databaseUrl === undefined ? await quickStorage() : undefined;
  const { started, end: close } = await start({ ...storage?.settings, ...options, dataDirectory });
  const end = async () => {
    await close();
    await storage?.drop();
    rmSync(dataDirectory, { recursive: true, force: true });
  };
  const { code } = JSON.parse(readFileSync(join(dataDirectory, 'setup.json'), 'utf8')) as { code: string };
  const headers = { 'content-type': 'application/json' };
  const made = await raw(started.port, { method: 'POST', path: `${ADMIN_PATH}/setup`, headers, body: JSON.stringify({ code }) });
  const { administrator } = JSON.parse(made.body) as { administrator: World['administrator'] };
  const as =
    (token?: string): Caller =>
    (id, asked) =>
      ask(started.port, { id, token, ...asked });
  const did: World['did'] = async (id, asked) => {
    const answer = await as(administrator.token)(id, asked);
    assert.equal(answer.status, table[id].status, `${id}: ${JSON.stringify(answer.json?.error_description)}`);
    return answer.json;
  };
  return { world: { ...started, audience: `${started.url}${ADMIN_PATH}`, administrator, as, did }, end };
}

async function ask(
  port: number,
  { id, token, params = {}, query, body }: Asked & { id: RouteId; token?: string | undefined },
): Promise<Answer> {
  const { method, path }: AdminRoute = table[id];
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? 'missing'));
  return send(port, `${ADMIN_PATH}${filled}${query ? `?${new URLSearchParams(query)}` : ''}`, {
    method,
    headers: { ...(token && { authorization: `Bearer ${token}` }), ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
}

export async function send(port: number, path: string, init: RequestInit): Promise<Answer> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, init);
  const text = await response.text();
  return { status: response.status, headers: response.headers, json: text === '' ? undefined : JSON.parse(text) };
}

/** A service user with these roles of administrators, and a token of its own. */
export async function servant(
  { did, audience }: World,
  {
    id,
    organization,
    roles,
    scopes = allScopes,
  }: { id: string; organization: string; roles: readonly string[]; scopes?: readonly string[] },
): Promise<string> {
  await did('service-users.create', { body: { id, organization, name: id } });
  for (const role of roles) await did('grants.give', { body: { user: id, project: 'safeconduct', role } });
  return (await did('tokens.create', { body: { serviceUser: id, name: 'test', resources: [audience], scopes } })).token;
}

/** Signs a person in as the command does, and gives the access token. */
export async function signIn({ url, audience }: World, user: { readonly email: string; readonly password: string }): Promise<string> {
  const verifier = randomBytes(32).toString('base64url');
  const redirect = 'http://127.0.0.1:9/callback';
  const asked = new URLSearchParams({
    client_id: 'safeconduct-cli',
    response_type: 'code',
    redirect_uri: redirect,
    scope: `openid ${allScopes.join(' ')}`,
    resource: audience,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  });
  const { left } = await new Browser(url, { user: { id: '', ...user } }).follow(`/oauth2/authorize?${asked}`);
  const code = left?.searchParams.get('code') ?? '';
  const form = { grant_type: 'authorization_code', client_id: 'safeconduct-cli', code, code_verifier: verifier, redirect_uri: redirect };
  const response = await fetch(`${url}/oauth2/token`, { method: 'POST', body: new URLSearchParams(form) });
  return ((await response.json()) as { access_token: string }).access_token;
}
