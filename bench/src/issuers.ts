/** Issuer processes for the benches, and the browser and the client that use them. */
import { type ChildProcess, fork } from 'node:child_process';
import { hash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@safeconduct/test-support/ports';
import { createDatabase } from '@safeconduct/test-support/postgres';
import { API, CALLBACK, PERSON, SCOPE, SECRET } from './issuer-configuration.ts';
import type { Counts, Orders } from './issuer-process.ts';

/** One process. */
export interface Running {
  readonly url: string;
  /** Statements since the last question. */
  counts(): Promise<Counts>;
}

export interface Bench {
  readonly databaseUrl: string;
  /** Starts one more process on the same database, with the issuer of the first of its side. */
  start(side: Orders['side']): Promise<Running>;
  stop(): Promise<void>;
}

/** A fresh PostgreSQL database and as many issuer processes on it as are started. */
export async function openBench(): Promise<Bench> {
  const database = await createDatabase();
  const dataDirectory = mkdtempSync(join(tmpdir(), 'safeconduct-bench-'));
  const masterKey = randomBytes(32).toString('base64url');
  const children: ChildProcess[] = [];
  const issuers = new Map<Orders['side'], string>();
  return {
    databaseUrl: database.url,
    async start(side) {
      const port = await freePort();
      const url = `http://127.0.0.1:${port}`;
      const issuer = issuers.get(side) ?? url;
      issuers.set(side, issuer);
      const child = fork(new URL('./issuer-process.ts', import.meta.url), {
        execArgv: ['--conditions=safeconduct-source'],
        env: { ...process.env, NODE_ENV: 'production' },
      });
      children.push(child);
      await ask(child, { side, issuer, port, databaseUrl: database.url, dataDirectory, masterKey } satisfies Orders);
      return { url, counts: () => ask<Counts>(child, 'count') };
    },
    async stop() {
      await Promise.all(children.map((child) => new Promise((resolve) => child.once('exit', resolve).kill())));
      await database.drop();
      rmSync(dataDirectory, { recursive: true, force: true });
    },
  };
}

function ask<T>(child: ChildProcess, question: Orders | 'count'): Promise<T> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null) => reject(new Error(`an issuer process ended with ${code}`));
    child.once('exit', ended);
    child.once('message', (answer) => {
      child.off('exit', ended);
      resolve(answer as T);
    });
    child.send(question);
  });
}

export interface Answer {
  readonly status: number;
  readonly location: string | undefined;
  readonly cookies: readonly string[];
  readonly body: string;
}

const agent = new http.Agent({ keepAlive: true, maxSockets: 256 });

export function post(base: string, path: string, form: Readonly<Record<string, string>>): Promise<Answer> {
  return send(new URL(path, base), { form: new URLSearchParams(form).toString() });
}

function send(url: URL, { form, cookie }: { form?: string; cookie?: string }): Promise<Answer> {
  const headers = {
    ...(cookie !== undefined && { cookie, origin: url.origin }),
    ...(form !== undefined && { 'content-type': 'application/x-www-form-urlencoded', 'content-length': Buffer.byteLength(form) }),
  };
  return new Promise((resolve, reject) => {
    const request = http.request(url, { method: form === undefined ? 'GET' : 'POST', agent, headers }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk) => {
        body += chunk;
      });
      const { statusCode: status = 0, headers: received } = response;
      response
        .on('error', reject)
        .on('end', () => resolve({ status, location: received.location, cookies: received['set-cookie'] ?? [], body }));
    });
    request.on('error', reject).end(form);
  });
}

/** A browser that keeps its cookies and signs the bench's person in. */
export class Person {
  readonly #cookies = new Map<string, { readonly pair: string; readonly path: string }>();
  readonly #base: string;

  constructor(base: string) {
    this.#base = base;
  }

  /** Goes to the application's sign-in and comes back with a code. */
  async authorize(resource: string = API): Promise<{ code: string; verifier: string }> {
    const verifier = randomBytes(32).toString('base64url');
    const challenge = { code_challenge: hash('sha256', verifier, 'base64url'), code_challenge_method: 'S256' };
    const query = {
      client_id: 'web',
      response_type: 'code',
      scope: SCOPE,
      redirect_uri: CALLBACK,
      state: 's',
      nonce: 'n',
      prompt: '',
      resource,
      ...challenge,
    };
    const asked = new URLSearchParams(Object.entries(query).filter(([, value]) => value));
    const left = await this.follow(new URL(`/oauth2/authorize?${asked}`, this.#base));
    return { code: left.searchParams.get('code') ?? '', verifier };
  }

  /** Goes on from an authorization request, signing in where asked, to where the application is sent its answer. */
  async follow(start: URL): Promise<URL> {
    let url = start;
    for (let step = 0; step < 8; step++) {
      const answer = await this.#visit(url);
      if (answer.location === undefined) throw new Error(`${answer.status} at ${url.pathname}: ${answer.body.slice(0, 300)}`);
      url = new URL(answer.location, url);
      if (url.href.startsWith(CALLBACK)) return url;
    }
    throw new Error('too many redirects');
  }

  async #visit(url: URL): Promise<Answer> {
    const page = await this.#send(url);
    if (!page.body.includes('name="password"')) return page;
    const [, action = ''] = /<form[^>]*action="([^"]*)"/.exec(page.body) ?? [];
    const hidden = [...page.body.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)].map(([, name = '', value = '']) => [
      name,
      value,
    ]);
    const { email, password } = PERSON;
    return this.#send(new URL(action, url), new URLSearchParams({ ...Object.fromEntries(hidden), email, password }).toString());
  }

  async #send(url: URL, form?: string): Promise<Answer> {
    const cookie = [...this.#cookies.values()]
      .filter(({ path }) => url.pathname.startsWith(path))
      .map(({ pair }) => pair)
      .join('; ');
    const answer = await send(url, { cookie, ...(form !== undefined && { form }) });
    for (const line of answer.cookies) {
      const [pair = '', ...rest] = line.split('; ');
      const path = rest.find((part) => part.toLowerCase().startsWith('path='))?.slice(5) ?? '/';
      this.#cookies.set(`${pair.split('=')[0]}@${path}`, { pair, path });
    }
    return answer;
  }
}

const proof = { client_id: 'web', client_secret: SECRET };

export const redeem = (base: string, { code, verifier }: { code: string; verifier: string }): Promise<Answer> =>
  post(base, '/oauth2/token', { grant_type: 'authorization_code', code, redirect_uri: CALLBACK, code_verifier: verifier, ...proof });

export const refresh = (base: string, token: string): Promise<Answer> =>
  post(base, '/oauth2/token', { grant_type: 'refresh_token', refresh_token: token, ...proof });

/** The JSON of an answer that must be a success. */
export function tokensOf({ status, body }: Answer): Readonly<Record<string, string>> {
  if (status !== 200) throw new Error(`${status} ${body}`);
  return JSON.parse(body);
}
