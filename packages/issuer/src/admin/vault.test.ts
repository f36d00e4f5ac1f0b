/** What an administrator does with a connection that a person really uses: a third party runs beside the issuer. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { type CalendarApi, createCalendarApi } from '@safeconduct/example-calendar-api';
import { freePort } from '@safeconduct/test-support/ports';
import { ADA, connectLink, goToConfirm, open, Visitor } from '../flows/connecting.fixtures.test.ts';
import { type Answer, startAdmin, type World } from './admin.fixtures.test.ts';

const SECRET = 'the-secret-that-the-calendar-gave-for-this-test';
const params = { connection: 'calendar' };

describe('a connection that people use', () => {
  let calendar: CalendarApi;
  let world: World;
  let end: () => Promise<void>;
  let browser: Visitor;
  const place = () => ({ url: world.url, calendar });
  const link = () => connectLink(place(), { client_id: 'web', scope: 'calendar.read' });
  const connected = async (): Promise<Answer['json'][]> => (await world.did('connected-accounts.list', { query: { user: ADA.id } })).items;

  before(async () => {
    const port = await freePort();
    const issuer = `http://127.0.0.1:${port}`;
    calendar = await createCalendarApi({
      clients: [{ id: 'shop', secret: SECRET, redirectUris: [`${issuer}/connections/calendar/callback`], name: 'Shop' }],
    });
    ({ world, end } = await startAdmin({ issuer, port }));
    const body = {
      organization: 'shop-org',
      name: 'Calendar',
      preset: 'oidc',
      issuer: calendar.issuerUrl,
      clientId: 'shop',
      secret: SECRET,
    };
    const scopes = ['openid', 'profile', 'email', 'offline_access'];
    await world.did('connections.create', { body: { ...body, id: 'calendar', scopes } });
    await world.did('connections.applications.set', { params: { ...params, client: 'web' }, body: { scopes: ['calendar.read'] } });
    browser = new Visitor(place());
  });
  after(async () => {
    await end();
    await calendar.close();
  });

  const connect = async (): Promise<void> => {
    const confirm = await goToConfirm(browser, link());
    const done = await browser.submit(confirm, { decision: 'allow' });
    assert.equal(done.status, 200, done.text);
  };

  it('R-125 R-146 is listed with who and what, and no token or secret is in an answer or in the log', async () => {
    await connect();
    const [account, ...others] = await connected();
    assert.deepEqual([account.user, account.connection, account.state, account.applications], [ADA.id, 'calendar', 'active', ['web']]);
    assert.equal(others.length, 0);
    const tokens = /access_token|refresh_token|eyJ[\w-]{10}|sc1\./;
    assert.doesNotMatch(JSON.stringify(account), tokens);
    assert.doesNotMatch(world.log.join(''), tokens);
    assert.ok(!world.log.join('').includes(SECRET));
  });

  it('is off within five seconds of being disabled, keeps what people connected, and is on again', async () => {
    const status = async () => (await open(browser, link())).status;
    assert.equal(await status(), 200);
    await world.did('connections.disable', { params });
    await until(async () => (await status()) >= 400);
    assert.equal((await connected()).length, 1);
    await world.did('connections.enable', { params });
    await until(async () => (await status()) === 200);
  });

  it('seals everything with new data keys', async () => {
    const about = async () => (await world.did('vault.status')).items.find((one: { connection: string }) => one.connection === 'calendar');
    assert.deepEqual([(await about()).active, (await about()).keys], [1, 1]);
    assert.equal((await world.did('vault.rotate')).keys, 1);
    await world.issuer.maintain();
    const { active, stale, keys } = await about();
    assert.deepEqual({ active, stale, keys }, { active: 1, stale: 0, keys: 1 });
  });

  it('R-125 VLT-21 disconnecting an account revokes it at the third party', async () => {
    const [account] = await connected();
    const before = calendar.figures.revocations;
    const answer = await world.did('connected-accounts.disconnect', { params: { connectedAccount: account.id } });
    assert.deepEqual(answer, { id: account.id, revocation: 'revoked', reason: null });
    assert.ok(calendar.figures.revocations > before);
    assert.deepEqual(await connected(), []);
  });

  it('R-125 panic revokes every account at the third party, says so, and people connect again', async () => {
    await connect();
    const before = calendar.figures.revocations;
    assert.deepEqual(await world.did('vault.panic', { params }), { accounts: 1, revoked: 1, unsupported: 0, failed: [] });
    assert.ok(calendar.figures.revocations > before);
    assert.equal((await connected())[0].state, 'reconnect');
    const [event] = (await world.did('events.list', { query: { type: 'vault.panic' } })).items;
    assert.deepEqual([event.actor, event.target, event.outcome], [world.administrator.id, 'calendar', 'ok']);
    await connect();
    assert.equal((await connected())[0].state, 'active');
  });
});

/** A running issuer remembers a connection for five seconds. */
async function until(reached: () => Promise<boolean>): Promise<void> {
  const late = performance.now() + 6_000;
  while (!(await reached())) {
    assert.ok(performance.now() < late, 'it took longer than five seconds');
    await pause(200);
  }
}
