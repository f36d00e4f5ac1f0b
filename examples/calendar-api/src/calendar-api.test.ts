import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  ada,
  authorization,
  ben,
  connect,
  createVisitor,
  csrfIn,
  events,
  exchange,
  post,
  refresh,
  startCalendar,
} from './calendar.fixtures.test.ts';
import type { CalendarApi } from './calendar-api.ts';

describe('the demo calendar as a third party', () => {
  let calendar: CalendarApi;
  before(async () => {
    calendar = await startCalendar();
  });
  after(() => calendar.close());

  it('connects an application after a sign-in and a yes of its own, and says what it gave', async () => {
    const { status, scope, expires_in: seconds, id_token: idToken = '', access_token: token } = await connect(calendar);
    assert.deepEqual([status, seconds, scope.split(' ').length], [200, 300, 6]);
    const claims = JSON.parse(Buffer.from(idToken.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;
    assert.deepEqual([claims.iss, claims.sub, claims.email], [calendar.issuerUrl, ada.id, ada.email]);
    const userinfo = await fetch(`${calendar.url}/userinfo`, { headers: { authorization: `Bearer ${token}` } });
    assert.equal(((await userinfo.json()) as { name: string }).name, 'Ada Brandt');
  });

  it('gives a code to nobody without a proof key', async () => {
    const { path } = await createVisitor(calendar).go(
      authorization('openid').replace(/&code_challenge=[^&]+&code_challenge_method=S256/, ''),
    );
    assert.equal(new URL(path).searchParams.get('error'), 'invalid_request');
  });

  it('takes a refresh token once, and ends everything of that connection when it comes again', async () => {
    const [connected, other] = [await connect(calendar), await connect(calendar, ben)];
    const first = await refresh(calendar, connected.refresh_token);
    assert.equal(first.status, 200);
    assert.notEqual(first.refresh_token, connected.refresh_token);
    const before = calendar.figures.reuseAlarms;
    assert.deepEqual(await refresh(calendar, connected.refresh_token).then(({ status, error }) => [status, error]), [400, 'invalid_grant']);
    assert.equal(calendar.figures.reuseAlarms, before + 1);
    assert.equal((await refresh(calendar, first.refresh_token)).status, 400);
    assert.equal((await events(calendar, first.access_token)).status, 401);
    assert.equal((await refresh(calendar, other.refresh_token)).status, 200, 'somebody else is not touched');
  });

  it('takes it once even when it comes twenty times at the same moment', async () => {
    const { refresh_token: token } = await connect(calendar);
    const answers = await Promise.all(Array.from({ length: 20 }, () => refresh(calendar, token)));
    assert.ok(answers.filter(({ status }) => status === 200).length <= 1);
    const child = answers.find(({ status }) => status === 200);
    if (child !== undefined) assert.equal((await refresh(calendar, child.refresh_token)).status, 400, 'and what it gave is ended');
  });

  it('ends a connection when its application says so, by either token', async () => {
    for (const which of ['refresh_token', 'access_token'] as const) {
      const connected = await connect(calendar);
      const before = calendar.figures.revocations;
      assert.equal((await post(`${calendar.url}/revoke`, { token: connected[which] })).status, 200);
      assert.equal(calendar.figures.revocations, before + 1);
      assert.equal((await refresh(calendar, connected.refresh_token)).status, 400);
      assert.equal((await events(calendar, connected.access_token)).status, 401);
    }
  });

  it('does nothing for an application that cannot prove itself', async () => {
    const connected = await connect(calendar);
    const wrong = await post(`${calendar.url}/revoke`, { token: connected.refresh_token }, 'wrong');
    assert.equal(wrong.status, 401);
    assert.equal((await refresh(calendar, connected.refresh_token)).status, 200);
  });

  it('counts by connection', async () => {
    const { refresh_token: token } = await connect(calendar);
    const known = new Set(calendar.figures.grants.keys());
    await refresh(calendar, (await refresh(calendar, token)).refresh_token);
    const own = [...calendar.figures.grants].filter(([id]) => !known.has(id)).map(([, counts]) => counts);
    assert.deepEqual(own, [{ refreshes: 2, reuseAlarms: 0, revocations: 0 }]);
  });

  it('ends access tokens when they are to end, and keeps what renews them', async () => {
    const connected = await connect(calendar);
    calendar.expire();
    assert.equal((await events(calendar, connected.access_token)).status, 401);
    assert.equal((await refresh(calendar, connected.refresh_token)).status, 200);
  });

  it('answers under its own address, whatever a request says', async () => {
    const answer = await fetch(`${calendar.url}/.well-known/openid-configuration`, { headers: { 'x-forwarded-host': 'evil.example' } });
    const { token_endpoint: endpoint } = (await answer.json()) as { token_endpoint: string };
    assert.equal(endpoint, `${calendar.url}/token`);
  });

  it('gives an application nothing when the person says no', async () => {
    const visitor = createVisitor(calendar);
    const login = await visitor.go(authorization());
    const consent = await visitor.go(login.path, { ...ada, csrf: csrfIn(login.html), do: 'sign-in' });
    const back = new URL((await visitor.go(consent.path, { csrf: csrfIn(consent.html), do: 'deny' })).path);
    assert.deepEqual([back.searchParams.get('error'), back.searchParams.get('state')], ['access_denied', 'some-state']);
  });

  it('exchanges a code once', async () => {
    const visitor = createVisitor(calendar);
    const login = await visitor.go(authorization());
    const consent = await visitor.go(login.path, { ...ada, csrf: csrfIn(login.html), do: 'sign-in' });
    const code = new URL((await visitor.go(consent.path, { csrf: csrfIn(consent.html), do: 'allow' })).path).searchParams.get('code') ?? '';
    const answers = await Promise.all([exchange(calendar, code), exchange(calendar, code)]);
    assert.ok(answers.filter(({ status }) => status === 200).length <= 1);
  });
});
