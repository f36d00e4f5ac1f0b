/** What every adapter has to do, over real HTTP: each framework's test builds the same routes and runs these tests against them. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { randomHeaders } from '@safeconduct/test-support/random-headers';
import { type ScriptedProvider, startScriptedProvider } from '@safeconduct/test-support/scripted-provider';
import { generic } from '../../core/providers/generic.ts';
import { type Guard, protect } from '../../steps/protect/protect.ts';
import type { RefusalEvent } from '../../steps/protect/refusal.ts';
import type { AdapterOptions, Certain } from './admission.ts';
import { codeAndDescription } from './formats.ts';
import { resourceMetadata } from './resource-metadata.ts';

export const audience = 'https://api.example';
export const metadata = resourceMetadata({ resource: `${audience}/orders`, authorizationServers: ['https://id.example'] });

/** Filled before the tests of a file run. */
export const world = {} as { provider: ScriptedProvider; guard: Guard; token: string };

before(async () => {
  world.provider = await startScriptedProvider();
  world.guard = protect({ provider: generic({ issuer: world.provider.issuer }), audience });
  world.token = await tokenOf({});
});
after(() => world.provider.close());

export function tokenOf(changes: Record<string, unknown>): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const { issuer: iss } = world.provider;
  const claims = { iss, sub: 'ada', aud: audience, client_id: 'shop', scope: 'orders:read', iat: now, exp: now + 600, ...changes };
  return world.provider.sign(claims, { typ: 'at+jwt' });
}

/**
 * The routes of the contract. All but `/open` are guarded, each by the options of its name.
 *
 * `/me` answers the caller's subject; `/support`, `/dead` and `/formatted` must never be reached; `/optional` answers the subject or
 * `nobody`; `/headers` answers the request's headers as JSON; `/boom` throws `mine`; `/open` asks for a caller where no guard stands.
 */
export interface GuardedRoutes {
  readonly me: Certain;
  readonly support: Certain;
  readonly optional: AdapterOptions;
  readonly headers: Certain;
  readonly boom: Certain;
  readonly formatted: Certain;
}

export type StartApp = (guard: Guard, routes: GuardedRoutes) => Promise<Server> | Server;

const events: RefusalEvent[] = [];
const log = (event: RefusalEvent) => void events.push(event);
const routes: GuardedRoutes = {
  me: { log, resourceMetadata: metadata },
  support: { log, require: { roles: ['support'] } },
  optional: { log, optional: true },
  headers: { log },
  boom: { log },
  formatted: { log, format: codeAndDescription },
};

export interface RunningApp {
  readonly url: string;
  call(path: string, init?: RequestInit): Promise<Response>;
  bearing(path: string, init?: RequestInit): Promise<Response>;
  /** Sends lines as they are and gives the status. */
  raw(lines: readonly string[]): Promise<number>;
  /** Sends requests with these headers on one connection and gives a status for each. */
  pipelined(path: string, headers: readonly string[]): Promise<number[]>;
  close(): Promise<void>;
}

export async function serve(server: Server): Promise<RunningApp> {
  if (!server.listening) await once(server.listen(0, '127.0.0.1'), 'listening');
  // A test that fails half-way must not keep the process.
  server.unref();
  const { port } = server.address() as AddressInfo;
  const call = (path: string, init: RequestInit = {}) => fetch(`http://127.0.0.1:${port}${path}`, init);
  return {
    url: `http://127.0.0.1:${port}`,
    call,
    bearing: (path, init = {}) => call(path, { ...init, headers: { ...init.headers, authorization: `Bearer ${world.token}` } }),
    raw: (lines) => exchange(port, lines),
    pipelined(path, headers) {
      const heads = headers.map((header) => [`GET ${path} HTTP/1.1`, `authorization: ${header}`]);
      const more = heads.slice(0, -1).map((head) => [...head, 'host: api.example', '', ''].join('\r\n'));
      return statusesOf(port, more.join('') + [...(heads.at(-1) ?? []), ...lastLines].join('\r\n'));
    },
    async close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function exchange(port: number, lines: readonly string[]): Promise<number> {
  const [status] = await statusesOf(port, [...lines, ...lastLines].join('\r\n'));
  return status ?? 0;
}

const lastLines = ['host: api.example', 'connection: close', '', ''];

async function statusesOf(port: number, requests: string): Promise<number[]> {
  const socket = connect(port, '127.0.0.1');
  socket.end(requests, 'latin1');
  let answer = '';
  for await (const piece of socket.setEncoding('latin1')) answer += piece;
  return [...answer.matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, status]) => Number(status));
}

const challengeOf = (response: Response) => response.headers.get('www-authenticate') ?? '';

/** Runs the contract against one framework. */
export function describeAdapter(name: string, start: StartApp): void {
  describe(`${name}: what every adapter does`, () => {
    let app: RunningApp;
    before(async () => {
      app = await serve(await start(world.guard, routes));
    });
    after(() => app.close());

    it('calls a guarded route as the caller', async () => {
      assert.equal(await (await app.bearing('/me')).text(), 'ada');
    });

    it('R-097 answers a request without a token, and says where to sign in', async () => {
      for (const method of ['GET', 'HEAD']) {
        const response = await app.call('/me', { method });
        assert.equal(response.status, 401, method);
        assert.equal(challengeOf(response), `Bearer realm="api", resource_metadata="${metadata.url}"`);
        assert.match(response.headers.get('access-control-expose-headers') ?? '', /WWW-Authenticate/);
        assert.match(response.headers.get('content-type') ?? '', /^application\/json/);
        const text = await response.text();
        if (method === 'GET') assert.equal(JSON.parse(text).error, 'unauthorized');
      }
    });

    it('S1.3 answers another scheme like a request without a token', async () => {
      const response = await app.call('/me', { headers: { authorization: 'Basic YTpi' } });
      assert.equal(response.status, 401);
      assert.doesNotMatch(challengeOf(response), /error=/);
    });

    it('R-097 refuses a bad token with 401 and a missing role with 403, and logs why under the id of the answer', async () => {
      const bad = await app.call('/me', { headers: { authorization: 'Bearer not-a-token' } });
      assert.equal(bad.status, 401);
      assert.match(challengeOf(bad), /error="invalid_token"/);
      const lacking = await app.bearing('/support');
      assert.equal(lacking.status, 403);
      assert.match(challengeOf(lacking), /error="insufficient_scope".*Missing: support\./);
      const event = events.at(-1);
      assert.equal(event?.requestId, lacking.headers.get('x-request-id'));
      assert.equal(event?.code, 'role_missing');
      assert.doesNotMatch(JSON.stringify(events), /not-a-token|eyJ/);
    });

    it('R-099 takes a token from one Authorization header and from nothing else', async () => {
      const bearer = `authorization: Bearer ${world.token}`;
      assert.equal(await app.raw(['GET /me HTTP/1.1', bearer]), 200);
      assert.equal(await app.raw(['GET /me HTTP/1.1', bearer, bearer]), 400);
      assert.equal(await app.raw(['GET /me HTTP/1.1', bearer, 'Authorization: Basic YTpi']), 400);
      // Where the list that Node keeps is out of reach, this is one header of another scheme: no credentials.
      assert.ok([400, 401].includes(await app.raw(['GET /me HTTP/1.1', 'Authorization: Basic YTpi', bearer])));
      assert.equal(await app.raw(['GET /me HTTP/1.1', `x-authorization: Bearer ${world.token}`]), 401);
      assert.equal(await app.raw(['GET /me HTTP/1.1', `proxy-authorization: Bearer ${world.token}`]), 401);
      assert.equal(await app.raw(['GET /me HTTP/1.1', `cookie: authorization=${world.token}`]), 401);
      assert.equal((await app.call(`/me?access_token=${world.token}`)).status, 401);
      const form = { method: 'POST', body: new URLSearchParams({ access_token: world.token }) };
      assert.ok((await app.call('/me', form)).status >= 400);
    });

    it('R-099 takes headers that name a user out before a handler sees them', async () => {
      const claims = {
        'X-User': 'eve',
        'x-user-id': '1',
        'X-Forwarded-User': 'eve',
        'x-forwarded-email': 'eve@evil.example',
        'X-Auth-Request-Groups': 'admins',
        'remote-user': 'eve',
        'X-Remote-User': 'eve',
        'x-authenticated-userid': 'eve',
        'x-ms-client-principal-id': 'eve',
        x_forwarded_user: 'eve',
      };
      const others = { 'x-user-agent': 'grpc/1', 'x-forwarded-for': '192.0.2.1', 'x-request-id': 'mine', 'x-tenant': 'acme' };
      const seen = await (await app.bearing('/headers', { headers: { ...claims, ...others } })).json();
      assert.doesNotMatch(JSON.stringify(seen), /eve|admins/);
      for (const [header, value] of Object.entries(others)) assert.equal((seen as Record<string, string>)[header], value);
    });

    it('S3.8 lets a request without a token go on where the guard is optional, and refuses a bad one all the same', async () => {
      assert.equal(await (await app.call('/optional')).text(), 'nobody');
      assert.equal(await (await app.call('/optional', { headers: { authorization: 'Basic YTpi' } })).text(), 'nobody');
      assert.equal(await (await app.bearing('/optional')).text(), 'ada');
      assert.equal((await app.call('/optional', { headers: { authorization: 'Bearer not-a-token' } })).status, 401);
      assert.equal((await app.call('/optional', { headers: { authorization: 'Bearer' } })).status, 400);
      const expired = await tokenOf({ exp: 1000 });
      assert.equal((await app.call('/optional', { headers: { authorization: `Bearer ${expired}` } })).status, 401);
    });

    it('leaves what a handler throws to the framework, for a token that is new and for one that is known', async () => {
      const fresh = { headers: { authorization: `Bearer ${await tokenOf({ sub: 'new' })}` } };
      for (const response of [await app.call('/boom', fresh), await app.call('/boom', fresh)]) {
        assert.equal(response.status, 500);
        assert.equal(response.headers.get('www-authenticate'), null);
        assert.equal(response.headers.get('x-request-id'), null);
      }
    });

    it('R-100 answers random headers from the wire with 400 or 401', async () => {
      const next = randomHeaders({ seed: 1, token: world.token, wire: true });
      const statuses = new Set<number>();
      for (let batch = 0; batch < 60; batch++) {
        const headers = Array.from({ length: 50 }, next);
        const answered = await app.pipelined('/me', headers);
        assert.equal(answered.length, 50);
        for (const status of answered) statuses.add(status);
      }
      assert.deepEqual([...statuses].sort(), [400, 401]);
    });

    it('R-100 answers control characters from the wire with 400 or 401', async () => {
      for (let code = 0; code < 256; code++) {
        const character = String.fromCharCode(code);
        const status = await app.raw(['GET /me HTTP/1.1', `authorization: Bearer ${character}${world.token}`]);
        assert.ok([400, 401].includes(status) || /[\t ]/.test(character), `${code}: ${status}`);
      }
    });

    it('knows no caller where no guard stands', async () => {
      const response = await app.bearing('/open');
      assert.equal(await response.text(), 'token_missing');
    });

    it('S1.2 answers in the form that was chosen, with the status of its own', async () => {
      const response = await app.call('/formatted', { headers: { authorization: 'Bearer not-a-token' } });
      assert.equal(response.status, 401);
      assert.deepEqual(await response.json(), { code: 'invalid_token', description: 'The access token is malformed.' });
      assert.match(challengeOf(response), /error="invalid_token"/);
    });
  });

  describe(`${name}: without the provider`, () => {
    it('R-096 answers 503 with Retry-After as long as it knows no keys', async () => {
      const unreachable = () => Promise.reject(new TypeError('fetch failed'));
      const guard = protect({ provider: generic({ issuer: world.provider.issuer }), audience, fetch: unreachable });
      const app = await serve(await start(guard, routes));
      const response = await app.bearing('/me');
      await app.close();
      assert.equal(response.status, 503);
      assert.equal(response.headers.get('retry-after'), '5');
      assert.equal(events.at(-1)?.level, 'warn');
    });
  });
}
