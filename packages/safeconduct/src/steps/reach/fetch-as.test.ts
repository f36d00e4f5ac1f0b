import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { Identity } from '../../core/identity/identity.ts';
import { api, calendar, createWorld, exchanges, type World } from './reach.fixtures.test.ts';

const origins = [api];

describe('a fetch as a person', () => {
  let world: World;
  let identity: Identity;
  beforeEach(async () => {
    world = await createWorld();
    identity = (await world.signIn()).identity;
    world.vault.accounts.push({ ...calendar });
  });

  it('S2.7 puts the token of the third party on each request', async () => {
    const asCalendar = world.reach.fetchAs(identity, 'calendar', { origins });
    const response = await asCalendar(`${api}/calendar/events?day=1`, {
      headers: { accept: 'application/json', authorization: 'Bearer mine' },
    });
    assert.deepEqual(await response.json(), { events: [] });
    const [request] = world.asked;
    assert.equal(request?.url, `${api}/calendar/events?day=1`);
    assert.equal(request?.headers.get('authorization'), 'Bearer upstream-1');
    assert.equal(request?.headers.get('accept'), 'application/json');
  });

  it('takes paths below its origin, URL objects and Request objects, as fetch does', async () => {
    const asCalendar = world.reach.fetchAs(identity, 'calendar', { origins });
    await asCalendar('/calendar/events');
    await asCalendar(new URL(`${api}/calendar/events`));
    await asCalendar(new Request(`${api}/calendar/events`, { method: 'POST', body: 'x', headers: { 'x-one': '1' } }));
    assert.deepEqual(await Promise.all(world.asked.map(async (one) => [one.url, one.method, one.headers.get('x-one'), await one.text()])), [
      [`${api}/calendar/events`, 'GET', null, ''],
      [`${api}/calendar/events`, 'GET', null, ''],
      [`${api}/calendar/events`, 'POST', '1', 'x'],
    ]);
  });

  it('R-074 sends the token to no other host, and says so as fetch does: by a promise', async () => {
    const asCalendar = world.reach.fetchAs(identity, 'calendar', { origins });
    const elsewhere = [
      'https://evil.example/calendar/events',
      '//evil.example/',
      '/\\evil.example/',
      `${api}.evil.example/`,
      `${api}:8443/`,
      'http://api.calendar.example/',
      'https://api.calendar.example@evil.example/',
      'https://ada:pw@api.calendar.example/',
      'file:///etc/passwd',
      `blob:${api}/calendar/events`,
    ];
    for (const address of elsewhere) await assert.rejects(asCalendar(address), { code: 'destination_refused' }, address);
    assert.deepEqual(world.asked, []);
  });

  it('R-074 follows no redirect', async () => {
    world.thirdParty = () => new Response(null, { status: 302, headers: { location: 'https://evil.example/' } });
    const response = await world.reach.fetchAs(identity, 'calendar', { origins })('/calendar/events', { redirect: 'follow' });
    assert.equal(response.status, 302);
    assert.equal(world.asked[0]?.redirect, 'manual');
    assert.equal(world.asked.length, 1);
  });

  it('drops a token that the third party refuses, and asks once more with a new one', async () => {
    const asCalendar = world.reach.fetchAs(identity, 'calendar', { origins });
    await asCalendar('/one');
    const [account] = world.vault.accounts;
    if (account) account.token = 'upstream-2';
    world.thirdParty = async (request) => {
      const refused = request.headers.get('authorization') !== 'Bearer upstream-2';
      return refused ? new Response(null, { status: 401 }) : new Response(`got ${await request.text()}`);
    };
    const response = await asCalendar('/two', { method: 'POST', body: 'the body' });
    assert.equal(await response.text(), 'got the body');
    assert.equal(world.asked.length, 3);
  });

  it('tells the provider which token was refused, once for all who met it, and throws the link when none is left', async () => {
    const asCalendar = world.reach.fetchAs(identity, 'calendar', { origins });
    await asCalendar('/one');
    world.thirdParty = () => new Response(null, { status: 401 });
    world.vault.script.answer = ({ form }) => {
      if (form.get('refused_token') !== 'upstream-1') return undefined;
      return Response.json({ error: 'federated_connection_account_not_found' }, { status: 401 });
    };
    const refused = { code: 'connection_needed', link: 'https://id.example/connect/calendar?client_id=planner' };
    await Promise.all(['/two', '/three'].map((path) => assert.rejects(asCalendar(path), refused)));
    assert.deepEqual(
      exchanges(world).map(({ form }) => form.get('refused_token')),
      [null, 'upstream-1'],
    );
  });

  it('tells it to no provider that does not know of this, and never of a token for the proxy', async () => {
    const there = await createWorld('auth0');
    there.vault.accounts.push({ ...calendar });
    const worlds = [
      [there, await there.signIn(), { origins }],
      [world, { identity }, { through: 'proxy' }],
    ] as const;
    for (const [one, signedIn, how] of worlds) {
      one.thirdParty = () => new Response(null, { status: 401 });
      assert.equal((await one.reach.fetchAs(signedIn.identity, 'calendar', how)('/one')).status, 401);
      assert.deepEqual(
        exchanges(one).map(({ form }) => form.has('refused_token')),
        [false, false],
      );
    }
  });

  it('gives the refusal back when there is no newer token, and never asks a third time', async () => {
    world.thirdParty = () => new Response('no', { status: 401 });
    const response = await world.reach.fetchAs(identity, 'calendar', { origins })('/one');
    assert.equal(response.status, 401);
    assert.equal(await response.text(), 'no');
    assert.equal(world.asked.length, 1);
  });

  it('gives up as soon as it is told to, also while the provider is being asked', { timeout: 5_000 }, async () => {
    const asCalendar = world.reach.fetchAs(identity, 'calendar', { origins });
    const reason = new Error('no more');
    await assert.rejects(asCalendar('/one', { signal: AbortSignal.abort(reason) }), reason);
    assert.deepEqual(exchanges(world), []);
    const control = new AbortController();
    world.vault.script.answer = ({ path }) => {
      if (path !== '/oauth/token') return undefined;
      control.abort(reason);
      return new Promise(() => {});
    };
    await assert.rejects(asCalendar(new Request(`${api}/one`, { signal: control.signal })), reason);
    assert.deepEqual(world.asked, []);
  });

  it('has one caller give up, and goes on for the others who asked for the same', { timeout: 5_000 }, async () => {
    const control = new AbortController();
    let answer = () => {};
    const held = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const token = { access_token: 'upstream-1', token_type: 'Bearer', expires_in: 60 };
    world.vault.script.answer = ({ path }) => (path === '/oauth/token' ? held.then(() => Response.json(token)) : undefined);
    const asCalendar = world.reach.fetchAs(identity, 'calendar', { origins });
    const [first, second] = [asCalendar('/one', { signal: control.signal }), asCalendar('/two')];
    control.abort();
    await assert.rejects(first, { name: 'AbortError' });
    answer();
    assert.equal((await second).status, 200);
    assert.equal(exchanges(world).length, 1);
  });

  it('leaves no answer open behind it when a new token cannot be had', async () => {
    let cancelled = false;
    const body = new ReadableStream({
      cancel() {
        cancelled = true;
      },
    });
    world.thirdParty = () => {
      world.vault.endSessions();
      return new Response(body, { status: 401 });
    };
    await assert.rejects(world.reach.fetchAs(identity, 'calendar', { origins })('/one'), { code: 'identity_ended' });
    assert.ok(cancelled);
  });

  it('streams a body out, and gives the refusal back where it cannot be sent again', async () => {
    world.thirdParty = async (request) => new Response(null, { status: (await request.text()) === 'abc' ? 401 : 500 });
    const body = new Response('abc').body;
    const init = { method: 'POST', body, duplex: 'half' } as RequestInit;
    assert.equal((await world.reach.fetchAs(identity, 'calendar', { origins })('/one', init)).status, 401);
    assert.equal(world.asked.length, 1);
  });

  it('streams an answer in', async () => {
    let finish = () => {};
    world.thirdParty = () =>
      new Response(
        new ReadableStream({
          start(controller) {
            controller.enqueue(new TextEncoder().encode('first'));
            finish = () => controller.close();
          },
        }),
      );
    const response = await world.reach.fetchAs(identity, 'calendar', { origins })('/one');
    const reader = response.body?.getReader();
    assert.equal(new TextDecoder().decode((await reader?.read())?.value), 'first');
    finish();
    assert.equal((await reader?.read())?.done, true);
  });

  it('B2.10 throws the link when an account has to be connected first', async () => {
    world.vault.accounts.length = 0;
    const asCalendar = world.reach.fetchAs(identity, 'calendar', { origins, scopes: ['calendar.read'] });
    await assert.rejects(asCalendar('/one'), {
      code: 'connection_needed',
      status: 409,
      link: 'https://id.example/connect/calendar?client_id=planner&scope=calendar.read',
      missing: ['calendar.read'],
    });
    assert.deepEqual(world.asked, []);
  });

  it('goes through the proxy with a token that the third party never sees, below the name of the connection', async () => {
    const asCalendar = world.reach.fetchAs(identity, 'calendar', { through: 'proxy' });
    await asCalendar('/calendar/../events?day=1', { method: 'POST', body: '{}' });
    assert.equal(world.asked[0]?.url, 'https://id.example/proxy/calendar/events?day=1');
    assert.equal(world.asked[0]?.headers.get('authorization'), 'Bearer proxy-upstream-1');
    const exchange = world.vault.seen.at(-1)?.form;
    assert.equal(exchange?.get('requested_token_type'), 'urn:ietf:params:oauth:token-type:access_token');
  });

  it('leaves the proxy neither by an address nor by dots', async () => {
    const asCalendar = world.reach.fetchAs(identity, 'calendar', { through: 'proxy' });
    for (const address of ['https://evil.example/', '//evil.example/', '/\\evil.example', 'events', ''])
      await assert.rejects(asCalendar(address), { code: 'destination_refused' }, address);
    await asCalendar('/../../admin/%2e%2e/x');
    assert.equal(world.asked[0]?.url, 'https://id.example/proxy/calendar/x');
  });

  it('has no proxy at Auth0: to ask for one is a mistake of the program', async () => {
    const there = await createWorld('auth0');
    const signedIn = await there.signIn();
    assert.throws(() => there.reach.fetchAs(signedIn.identity, 'calendar', { through: 'proxy' }), {
      name: 'TypeError',
      message: /no proxy/,
    });
  });

  it('is made with origins that can be right, or not at all', () => {
    for (const wrong of [[], ['http://api.calendar.example'], [`${api}/calendar`], ['calendar'], ['https://ada@api.calendar.example']])
      assert.throws(() => world.reach.fetchAs(identity, 'calendar', { origins: wrong }), TypeError, wrong[0]);
    assert.throws(() => world.reach.fetchAs(identity, 'calendar', {} as { origins: string[] }), TypeError);
  });
});
