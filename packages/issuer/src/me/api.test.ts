import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { postgresSkipped } from '@safeconduct/test-support/postgres';
import {
  ADA,
  allowThere,
  BEN,
  CALLBACK,
  connectLink,
  goToConfirm,
  heading,
  ODA,
  open,
  type Place,
  pkce,
  type Seen,
  startPlace,
  tokenForMe,
  Visitor,
} from '../flows/connecting.fixtures.test.ts';

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown> & { accounts?: { id: string }[]; validation_errors?: { field: string }[]; next?: string };
}

interface Sent {
  readonly method?: string;
  readonly token?: string | undefined;
  readonly json?: unknown;
  readonly raw?: { readonly type: string; readonly body: string };
}

async function send(place: Place, path: string, { method = 'GET', token, json, raw }: Sent = {}): Promise<Answer> {
  const body = raw?.body ?? (json === undefined ? undefined : JSON.stringify(json));
  const response = await fetch(`${place.url}/me/v1/connected-accounts${path}`, {
    method,
    headers: {
      ...(token && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': raw?.type ?? 'application/json' }),
    },
    ...(body !== undefined && { body }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === '' ? {} : JSON.parse(text) };
}

interface Begun {
  readonly link: string;
  readonly session: string;
  readonly verifier: string;
}

async function begin(place: Place, token: string, more: object = {}): Promise<Begun> {
  const { verifier, challenge } = pkce();
  const asked = {
    connection: 'calendar',
    redirect_uri: CALLBACK,
    state: 'a-state',
    scopes: ['calendar.read'],
    code_challenge: challenge,
    code_challenge_method: 'S256',
  };
  const { status, body } = await send(place, '/connect', { method: 'POST', token, json: { ...asked, ...more } });
  assert.equal(status, 201, JSON.stringify(body));
  const { connect_uri, connect_params, auth_session } = body as {
    connect_uri: string;
    connect_params: { ticket: string };
    auth_session: string;
  };
  return { link: `${connect_uri}?${new URLSearchParams(connect_params)}`, session: auth_session, verifier };
}

/** The browser's part, up to the code. */
async function travel(browser: Visitor, { link }: Begun, person = ADA): Promise<Seen> {
  const asked = await open(browser, link, person);
  const confirm = await allowThere(browser, await browser.submit(asked, { decision: 'allow' }));
  return browser.submit(confirm, { decision: 'allow' });
}

const complete = (place: Place, token: string, given: object): Promise<Answer> =>
  send(place, '/complete', { method: 'POST', token, json: { redirect_uri: CALLBACK, ...given } });

const engines = [
  { engine: 'pglite', skip: false },
  { engine: 'postgres', skip: postgresSkipped },
] as const;

for (const { engine, skip } of engines)
  describe(`the API of connected accounts on ${engine}`, { skip }, () => {
    let place: Place;
    let browser: Visitor;
    let token: string;
    before(async () => {
      place = await startPlace(engine);
      browser = new Visitor(place);
      token = await tokenForMe(place, browser);
    });
    after(() => place?.stop());

    it('connects, completes, lists and deletes, in the shapes of Auth0’s API', async () => {
      const begun = await begin(place, token);
      const back = await travel(browser, begun);
      assert.equal(back.url.origin + back.url.pathname, CALLBACK);
      assert.equal(back.url.searchParams.get('state'), 'a-state');
      const before = await send(place, '/accounts', { token });
      assert.deepEqual(before.body, { accounts: [] }, 'nothing is kept until the app completes it');
      const code = back.url.searchParams.get('connect_code');
      const done = await complete(place, token, { auth_session: begun.session, connect_code: code, code_verifier: begun.verifier });
      assert.equal(done.status, 201, JSON.stringify(done.body));
      const { id, created_at, ...rest } = done.body;
      assert.match(String(id), /^cac_[A-Za-z0-9]+$/);
      assert.ok(Math.abs(Date.parse(String(created_at)) - Date.now()) < 60_000);
      assert.equal(rest.connection, 'calendar');
      assert.equal(rest.access_type, 'offline');
      assert.ok((rest.scopes as string[]).includes('calendar.read'));
      const listed = await send(place, '/accounts?connection=calendar', { token });
      assert.deepEqual(
        listed.body.accounts?.map((one) => one.id),
        [id],
      );
      assert.deepEqual((await send(place, '/accounts?connection=tasks', { token })).body, { accounts: [] });
      const revoked = place.calendar.figures.revocations;
      const gone = await send(place, `/accounts/${id}`, { method: 'DELETE', token });
      assert.equal(gone.status, 204);
      assert.ok(place.calendar.figures.revocations > revoked, 'R-125 VLT-22 it ends at the third party, too');
      assert.deepEqual((await send(place, '/accounts', { token })).body, { accounts: [] });
      assert.equal((await send(place, `/accounts/${id}`, { method: 'DELETE', token })).status, 404);
    });

    it('gives the result once, to the app that began, with its verifier', async () => {
      const begun = await begin(place, token);
      const code = (await travel(browser, begun)).url.searchParams.get('connect_code');
      const proof = { auth_session: begun.session, connect_code: code, code_verifier: begun.verifier };
      const others = await tokenForMe(place, new Visitor(place), { person: BEN });
      assert.equal((await complete(place, others, proof)).status, 400, 'another person');
      const [first, second] = await Promise.all([complete(place, token, proof), complete(place, token, proof)]);
      assert.deepEqual([first.status, second.status].toSorted(), [201, 400]);
      const [{ id } = { id: '' }] = (await send(place, '/accounts', { token })).body.accounts ?? [];
      await send(place, `/accounts/${id}`, { method: 'DELETE', token });
    });

    it('ends the trip for good when the verifier or the address is wrong', async () => {
      for (const wrong of [{ code_verifier: pkce().verifier }, { redirect_uri: 'http://localhost:3999/chat' }]) {
        const begun = await begin(place, token);
        const proof = { auth_session: begun.session, connect_code: (await travel(browser, begun)).url.searchParams.get('connect_code') };
        assert.equal((await complete(place, token, { ...proof, code_verifier: begun.verifier, ...wrong })).status, 400);
        assert.equal((await complete(place, token, { ...proof, code_verifier: begun.verifier })).status, 400);
      }
      assert.deepEqual((await send(place, '/accounts', { token })).body, { accounts: [] });
    });

    it('tells the app when the person cancels, and the ticket is used up', async () => {
      const begun = await begin(place, token);
      const refused = await browser.submit(await open(browser, begun.link), { decision: 'deny' });
      assert.equal(refused.url.searchParams.get('error'), 'access_denied');
      assert.equal(refused.url.searchParams.get('state'), 'a-state');
      assert.equal(heading(await open(browser, begun.link)), 'This is no longer open');
    });

    it('lets a ticket be opened by its person only, and begin one trip', async () => {
      const begun = await begin(place, token);
      const swapped = await open(new Visitor(place), begun.link, BEN);
      assert.equal(heading(swapped), 'This is for somebody else');
      const [asked, twin] = [await open(browser, begun.link), await open(browser, begun.link)];
      const left = await browser.submit(asked, { decision: 'allow' }, { follow: false });
      assert.ok(left.headers.get('refresh'));
      assert.equal(heading(await browser.submit(twin, { decision: 'allow' })), 'This is no longer open');
    });

    it('says what is wrong with each field', async () => {
      const { challenge } = pkce();
      const good = { connection: 'calendar', redirect_uri: CALLBACK, code_challenge: challenge, code_challenge_method: 'S256' };
      const wrongs: readonly (readonly [object, string])[] = [
        [{ connection: undefined }, 'connection'],
        [{ redirect_uri: 'https://evil.example/' }, 'redirect_uri'],
        [{ redirect_uri: `${CALLBACK}?more=1` }, 'redirect_uri'],
        [{ code_challenge: undefined }, 'code_challenge'],
        [{ code_challenge_method: 'plain' }, 'code_challenge_method'],
        [{ scopes: ['a b'] }, 'scopes'],
        [{ scopes: 'calendar.read' }, 'scopes'],
        [{ authorization_params: { state: 'mine' } }, 'authorization_params'],
        [{ authorization_params: { prompt: { nested: true } } }, 'authorization_params'],
        [{ state: 'half a character: \ud800' }, 'state'],
      ];
      for (const [wrong, field] of wrongs) {
        const { status, headers, body } = await send(place, '/connect', { method: 'POST', token, json: { ...good, ...wrong } });
        assert.equal(status, 400, `${field} ${JSON.stringify(body)}`);
        assert.equal(headers.get('content-type'), 'application/problem+json');
        assert.deepEqual(
          body.validation_errors?.map((one) => one.field),
          [field],
          JSON.stringify(body),
        );
        assert.ok(body.type && body.title && body.detail && body.status === 400);
      }
      const nulls = await send(place, '/connect', { method: 'POST', token, json: { ...good, state: null, scopes: null, whatever: 1 } });
      assert.equal(nulls.status, 201, 'null and unknown members are as if they were not there');
      assert.equal((await send(place, '/connect', { method: 'POST', token, json: { ...good, connection: 'nowhere' } })).status, 404);
      assert.equal((await send(place, '/connect', { method: 'POST', token, raw: { type: 'text/plain', body: '{}' } })).status, 415);
      assert.equal((await send(place, '/connect', { method: 'POST', token, raw: { type: 'application/json', body: '{' } })).status, 400);
      for (const json of [null, [], 7])
        assert.match(String((await send(place, '/connect', { method: 'POST', token, json })).body.detail), /^body must be a JSON object$/);
      assert.equal((await send(place, '/connect', { token })).status, 405);
      assert.equal((await send(place, '/accounts?take=0', { token })).status, 400);
      assert.equal((await send(place, '/accounts?take=1&take=2', { token })).status, 400);
    });

    it('asks for a token of a person and each scope, and says where to get one', async () => {
      const none = await send(place, '/accounts');
      assert.equal(none.status, 401);
      assert.match(none.headers.get('www-authenticate') ?? '', /resource_metadata="[^"]*\/\.well-known\/oauth-protected-resource\/me\/"/);
      assert.equal(none.body.status, 401);
      assert.equal(none.headers.get('content-type'), 'application/problem+json');
      const metadata = (await (await fetch(`${place.url}/.well-known/oauth-protected-resource/me/`)).json()) as { resource: string };
      assert.equal(metadata.resource, `${place.url}/me/`);
      const reading = await tokenForMe(place, new Visitor(place), { scope: 'read:me:connected_accounts' });
      assert.equal((await send(place, '/accounts', { token: reading })).status, 200);
      const forbidden = await send(place, '/connect', { method: 'POST', token: reading, json: {} });
      assert.equal(forbidden.status, 403);
      assert.match(String(forbidden.body.detail), /scope/i);
      assert.equal((await send(place, '/accounts/cac_1', { method: 'DELETE', token: reading })).status, 403);
    });

    it('R-120 gives no such token to an app that no connection lists', async () => {
      await assert.rejects(tokenForMe(place, new Visitor(place), { clientId: 'unlisted-web' }), /no code|no token/);
    });

    it('lists connections, and pages through accounts by from and by next', async () => {
      const { body } = await send(place, '/connections?take=1', { token });
      assert.deepEqual(body.connections, [{ name: 'calendar', strategy: 'oidc', scopes: ['openid', 'profile', 'email'] }]);
      const more = await send(place, `/connections?next=${body.next}`, { token });
      assert.deepEqual(
        (more.body.connections as { name: string }[]).map(({ name }) => name),
        ['tasks'],
      );
      for (const connection of ['calendar', 'tasks']) {
        const confirm = await goToConfirm(browser, connectLink(place, { client_id: 'shop-web', scope: 'calendar.read' }, connection));
        await browser.submit(confirm, { decision: 'allow' });
      }
      const first = await send(place, '/accounts?take=1', { token });
      assert.equal(first.body.accounts?.length, 1);
      const [from, next] = [
        await send(place, `/accounts?from=${first.body.next}`, { token }),
        await send(place, `/accounts?next=${first.body.next}`, { token }),
      ];
      assert.deepEqual(from.body, next.body);
      assert.equal(from.body.accounts?.length, 1);
      assert.notEqual(from.body.accounts?.[0]?.id, first.body.accounts?.[0]?.id);
    });

    it('asks the third party for what it gave before, too, so that no other app loses it', async () => {
      const begun = await begin(place, token, { scopes: ['profile'] });
      const left = await browser.submit(await open(browser, begun.link), { decision: 'allow' }, { follow: false });
      const out = new URL(/url=(.*)$/.exec(left.headers.get('refresh') ?? '')?.[1] ?? '');
      assert.ok(out.searchParams.get('scope')?.split(' ').includes('calendar.read'));
    });

    it('R-121 VLT-01 neither shows nor deletes what is another person’s, or not for this app', async () => {
      const [{ id } = { id: '' }] = (await send(place, '/accounts', { token })).body.accounts ?? [];
      const bens = await tokenForMe(place, new Visitor(place), { person: BEN });
      const odas = await tokenForMe(place, new Visitor(place), { person: ODA });
      const other = new Visitor(place);
      const ofOthers = await tokenForMe(place, other, { clientId: 'other-web', redirectUri: 'https://other.example/back' });
      for (const foreign of [bens, odas, ofOthers]) {
        assert.deepEqual((await send(place, '/accounts', { token: foreign })).body, { accounts: [] });
        assert.equal((await send(place, `/accounts/${id}`, { method: 'DELETE', token: foreign })).status, 404);
      }
      assert.deepEqual((await send(place, '/connections', { token: odas })).body, { connections: [] });
      const shared = await open(other, connectLink(place, { client_id: 'other-web', scope: 'calendar.read' }));
      await other.submit(shared, { decision: 'allow', account: /name="account" value="(cac_\w+)"/.exec(shared.text)?.[1] ?? '' });
      assert.equal((await send(place, '/accounts', { token: ofOthers })).body.accounts?.length, 1);
      assert.equal((await send(place, `/accounts/${id}`, { method: 'DELETE', token: ofOthers })).status, 204);
      assert.deepEqual((await send(place, '/accounts', { token: ofOthers })).body, { accounts: [] });
      assert.equal((await send(place, '/accounts', { token })).body.accounts?.length, 2, 'the other app keeps it');
    });

    it('writes down what was connected and disconnected, through which app, and no ticket, code or token', async () => {
      const line = place.log.join('');
      assert.ok(!line.includes('ticket=') && !line.includes(token));
      const rows = await place.rows(`select type, client, details from issuer.event where type like 'vault.%'`);
      assert.ok(rows.some(({ type, client }) => type === 'vault.connected' && client === 'shop-web'));
      assert.ok(rows.some(({ type }) => type === 'vault.disconnected'));
    });
  });
