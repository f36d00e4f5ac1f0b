import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { createDatabase, postgresSkipped, type TestDatabase } from '@safeconduct/test-support/postgres';
import { type ScriptedProvider, startScriptedProvider } from '@safeconduct/test-support/scripted-provider';
import pg from 'pg';
import { generic } from '../../../core/providers/generic.ts';
import { createLogin } from '../login.ts';
import { postgresSessions } from './postgres-sessions.ts';
import type { SessionStore } from './session-store.ts';
import { createWebLogin, type WebLogin } from './web-login.ts';

const origin = 'http://localhost:4999';

// Each has its own pool, its own memory and its own login: nothing joins them but the database.
describe('two servers of one application', { skip: postgresSkipped }, () => {
  let database: TestDatabase;
  let provider: ScriptedProvider;
  let pools: pg.Pool[];
  let stores: SessionStore[];
  let servers: WebLogin[];
  let time: number;

  before(async () => {
    database = await createDatabase();
    pools = [1, 2].map(() => new pg.Pool({ connectionString: database.url, max: 5 }).on('error', () => undefined));
    stores = pools.map((pool) => postgresSessions(pool));
    await postgresSessions(pools[0] as pg.Pool).migrate();
  });
  after(async () => {
    await Promise.all(pools.map((pool) => pool.end()));
    await database.drop();
  });
  beforeEach(async () => {
    time = Date.now();
    provider = await startScriptedProvider();
    provider.clock = () => time;
    servers = stores.map((sessions) => serverOn(sessions));
  });
  afterEach(() => provider.close());

  const serverOn = (sessions: SessionStore) =>
    createWebLogin({
      login: createLogin({
        provider: generic({ issuer: provider.issuer }),
        clientId: 'shop',
        redirectUri: `${origin}/auth/callback`,
        scopes: ['openid', 'offline_access'],
        clock: () => time,
      }),
      sessions,
      secret: 'a secret of thirty-two characters or more',
    });

  /** Begins at one server, finishes at the other, and gives the cookie. */
  async function signIn(): Promise<string> {
    const [one, two] = servers as [WebLogin, WebLogin];
    const begun = await one.begin(new Request(`${origin}/auth/login`));
    const [cookie = ''] = begun.headers.getSetCookie()[0]?.split(';') ?? [];
    const callback = provider.answer(new URL(begun.headers.get('location') ?? ''));
    const finished = await two.finish(new Request(callback, { headers: { cookie } }));
    const session = finished.headers.getSetCookie().find((line) => line.startsWith('safeconduct-session='));
    return session?.split(';')[0] ?? '';
  }
  const accessToken = async (server: WebLogin | undefined, cookie: string) =>
    (await server?.sessionOf(new Request(origin, { headers: { cookie } })))?.accessToken();

  it('share a sign-in', async () => {
    const cookie = await signIn();
    assert.ok(await accessToken(servers[0], cookie));
    assert.equal(await accessToken(servers[0], cookie), await accessToken(servers[1], cookie));
  });

  it('R-075 refresh a session once between them', async () => {
    const cookie = await signIn();
    time += 600_000;
    const asked = Array.from({ length: 20 }, (_, index) => accessToken(servers[index % 2], cookie));
    const tokens = new Set(await Promise.all(asked));
    assert.equal(tokens.size, 1);
    assert.ok(!tokens.has(undefined));
    assert.equal(provider.calls.get('/token'), 2);
  });

  it('R-075 take over from a server that died while it refreshed', async () => {
    const cookie = await signIn();
    const session = await servers[0]?.sessionOf(new Request(origin, { headers: { cookie } }));
    time += 600_000;
    await stores[0]?.lease(session?.id ?? '', 'dead', time + 8_000, time);
    const waiting = accessToken(servers[1], cookie);
    time += 8_000;
    assert.ok(await waiting);
    assert.equal(provider.calls.get('/token'), 2);
  });

  it('R-075 keep the tokens of the one that took over when the slow one comes back', async () => {
    provider.script.graceful = true;
    const cookie = await signIn();
    time += 600_000;
    const gate = Promise.withResolvers<void>();
    const arrived = Promise.withResolvers<void>();
    provider.script.answering = (path) => {
      if (path !== '/token') return;
      delete provider.script.answering;
      arrived.resolve();
      return gate.promise;
    };
    const slow = accessToken(servers[0], cookie);
    await arrived.promise;
    time += 8_000;
    const quick = await accessToken(servers[1], cookie);
    gate.resolve();
    assert.equal(await slow, quick);
    assert.deepEqual(provider.revoked, []);
  });
});
