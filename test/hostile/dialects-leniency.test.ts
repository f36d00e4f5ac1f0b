/** What a dialect lets through is written down and can be refused; what none lets through, no dialect lets through. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { postgresSkipped } from '@safeconduct/test-support/postgres';
import {
  authorize,
  authorizeUrl,
  type Back,
  get,
  type Hostile,
  POST_LOGOUT,
  refresh,
  rows,
  SECRET,
  type Speaker,
  signIn,
  startHostile,
  userinfo,
  Visitor,
} from './dialects.fixtures.test.ts';

type Row = (typeof rows)[number];

/** Who lets what through: everybody else does not. */
const lenient: Readonly<Record<string, readonly Row[]>> = {
  missing_pkce: ['zitadel', 'auth0', 'entra', 'keycloak'],
  refresh_token_reuse: ['auth0', 'entra'],
  localhost_redirect: ['zitadel', 'entra'],
  unasked_logout: ['zitadel', 'auth0', 'entra'],
  assertion_reuse: ['zitadel', 'entra'],
  token_in_address: ['zitadel', 'entra'],
};

const evil = 'https://evil.example';

describe('every dialect', { skip: postgresSkipped }, () => {
  let world: Hostile;
  before(async () => {
    world = await startHostile();
  });
  after(() => world.stop());

  const noted = async (reason: string, client: string) =>
    (await world.events('dialect.lenient')).filter((one) => one.reason === reason && one.client === client);
  const once = (reason: string, client: string) => async () => {
    const found = await noted(reason, client);
    assert.deepEqual(found, [{ outcome: 'ok', reason, client }]);
  };
  const errorOf = ({ url }: Back) => url.searchParams.get('error') ?? new URLSearchParams(url.hash.slice(1)).get('error');
  const bare = { code_challenge: '', code_challenge_method: '', nonce: '' };

  for (const row of rows) {
    const isLenient = (what: string) => lenient[what]?.includes(row) ?? false;
    const client = `only-${row}`;

    describe(`at ${row}`, () => {
      let at: Speaker;
      before(() => {
        at = world.speaker(row);
      });

      it('R-004 lets a site do without PKCE where its dialect does, writes it down once, and not when it is refused', async () => {
        const back = await authorize(at, { client, more: bare });
        const strict = await authorize(at, { client: 'strict-web', more: bare });
        assert.equal(errorOf(strict), 'invalid_request');
        assert.equal(errorOf(await authorize(at, { client: 'shop-spa', more: bare })), 'invalid_request');
        if (!isLenient('missing_pkce')) return assert.equal(errorOf(back), 'invalid_request');
        assert.notEqual(back.code, '');
        await authorize(at, { client, more: bare });
        await once('missing_pkce', client)();
        assert.deepEqual(await noted('missing_pkce', 'strict-web'), []);
      });

      it('R-024 lets a refresh token be used again where its dialect does, and writes it down once', async () => {
        const { tokens } = await signIn(at, { client });
        const [first, second] = [await refresh(at, tokens.refresh_token, { client }), await refresh(at, tokens.refresh_token, { client })];
        assert.equal(first.status, 200);
        assert.equal(second.status, 200, 'inside the window of a lost answer');
        if (!isLenient('refresh_token_reuse')) return assert.deepEqual(await noted('refresh_token_reuse', client), []);
        await once('refresh_token_reuse', client)();
      });

      it('R-001 knows the port of localhost only by its registration, unless its dialect does not', async () => {
        const redirect = (id: string, uri: string) => get(authorizeUrl(at, { client: id, more: { redirect_uri: uri } }, 'v'.repeat(43)));
        const free = await redirect('free-terminal', 'http://localhost:5123');
        const strict = await redirect('strict-terminal', 'http://localhost:5123');
        assert.equal(strict.status, 400);
        assert.equal(strict.headers.get('location'), null);
        assert.equal((await redirect('strict-terminal', 'http://127.0.0.1:5123/callback')).status, 303);
        for (const uri of ['http://localhost.evil.example:5123', 'http://localhost:5123/other', 'https://localhost:5123'])
          assert.equal((await redirect('free-terminal', uri)).status, 400, uri);
        if (!isLenient('localhost_redirect')) return assert.equal(free.status, 400);
        assert.equal(free.status, 303);
        assert.ok((await noted('localhost_redirect', 'free-terminal')).length === 1);
      });

      it('R-061 signs nobody out whom a link from elsewhere sent, unless its dialect does, and then says so', async () => {
        const way = row === 'auth0' ? `${at.origin}/v2/logout` : at.logout;
        const leave = (id: string, to: string) => {
          const names = row === 'auth0' ? { client_id: id, returnTo: to } : { client_id: id, post_logout_redirect_uri: to };
          return `${way}?${new URLSearchParams(names)}`;
        };
        const quiet = async (browser: Visitor) => (await authorize(at, { browser, client, more: { prompt: 'none' } })).code !== '';
        const { browser, tokens } = await signIn(at, { client });
        const asked = await browser.send(leave('strict-web', POST_LOGOUT));
        assert.equal(asked.status, 200);
        assert.match(await asked.text(), /<form/);
        assert.equal(await quiet(browser), true);
        // Whoever sends a browser there names an application that lets it through, or none.
        const both = (await signIn(at, { client: 'strict-web' })).browser;
        for (const url of [leave(client, POST_LOGOUT), way, `${way}?client_id=${client}`]) {
          assert.equal((await both.send(url)).status, 200, url);
          assert.notEqual((await authorize(at, { browser: both, client: 'strict-web', more: { prompt: 'none' } })).code, '', url);
        }
        const away = await browser.send(leave(client, evil));
        assert.equal(away.headers.get('location')?.startsWith(evil) ?? false, false);
        assert.equal(away.status, 400);
        assert.equal(await quiet(browser), true);
        const left = await browser.send(leave(client, POST_LOGOUT));
        if (!isLenient('unasked_logout')) return assert.equal(left.status, 200);
        assert.equal(left.headers.get('location'), POST_LOGOUT);
        assert.equal(await quiet(browser), false);
        assert.equal((await userinfo(at, tokens.access_token)).status, 401);
        await once('unasked_logout', client)();
      });

      it('R-006 gives no access token into an address, unless its dialect does, and then says so', async () => {
        const implicit = { ...bare, response_type: 'id_token token', nonce: 'n' };
        const back = await authorize(at, { client, more: implicit });
        const strict = await authorize(at, { client: 'strict-web', more: implicit });
        assert.ok(!strict.url.href.includes('access_token'));
        assert.ok(!(await authorize(at, { client, more: { ...implicit, response_type: 'token' } })).url.href.includes('access_token'));
        const inQuery = await authorize(at, { client, more: { ...implicit, response_mode: 'query' } });
        assert.ok(!inQuery.url.search.includes('access_token'));
        if (!isLenient('token_in_address')) return assert.ok(!back.url.href.includes('access_token'), back.url.href.slice(0, 200));
        assert.match(back.url.hash, /access_token=/);
        await once('token_in_address', client)();
      });

      it('R-033 a secret in an address is written down, can be refused, and is in no log', async () => {
        const more = { client_secret: SECRET };
        assert.notEqual((await authorize(at, { client, more })).code, '');
        assert.equal(errorOf(await authorize(at, { client: 'strict-web', more })), 'invalid_request');
        const events = (await world.events('client.secret_in_address')).filter((one) => one.client === client);
        assert.deepEqual(events[0], { outcome: 'ok', reason: null, client });
        const posted = await new Visitor().send(at.authorize, {
          method: 'POST',
          body: new URL(authorizeUrl(at, { client, more })).searchParams,
        });
        assert.ok(!String(posted.headers.get('location')).includes(SECRET));
      });
    });
  }
});
