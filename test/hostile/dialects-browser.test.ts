/** Cookies, forms, frames and pages of others: what a browser does for whoever asks it to, and what is written of it in the log. */
import assert from 'node:assert/strict';
import http from 'node:http';
import https from 'node:https';
import { text } from 'node:stream/consumers';

import { after, before, describe, it } from 'node:test';
import { postgresSkipped } from '@safeconduct/test-support/postgres';
import {
  type Answer,
  answerOf,
  authorize,
  authorizeUrl,
  type Back,
  CALLBACK,
  get,
  type Hostile,
  POST_LOGOUT,
  post,
  proof,
  redeem,
  refresh,
  rows,
  SECRET,
  type Speaker,
  signIn,
  startHostile,
  userinfo,
  Visitor,
} from './dialects.fixtures.test.ts';

const evil = 'https://evil.example';

describe('every dialect', { skip: postgresSkipped }, () => {
  let world: Hostile;
  before(async () => {
    world = await startHostile();
  });
  after(() => world.stop());

  for (const row of rows) {
    describe(`at ${row}`, () => {
      let at: Speaker;
      before(() => {
        at = world.speaker(row);
      });

      it('R-055 a form from another page does not sign anybody in or out', async () => {
        const browser = new Visitor();
        const begun = await browser.send(authorizeUrl(at, {}, 'v'.repeat(43)));
        const page = new URL(String(begun.headers.get('location')), at.authorize);
        const shown = await browser.send(page.href);
        assert.equal(shown.status, 200);
        const action = new URL(/action="([^"]*)"/.exec(await shown.text())?.[1] ?? '', page).href;
        const body = new URLSearchParams({ email: browser.person.email, password: browser.person.password });
        for (const origin of [evil, 'null']) {
          const posted = await browser.send(action, { method: 'POST', body, headers: { origin, 'sec-fetch-site': 'cross-site' } });
          assert.ok(posted.status >= 400, `${origin} ${posted.status}`);
        }
        const { browser: signedIn } = await signIn(at, { client: 'strict-web' });
        const confirm = await signedIn.send(`${at.logout}/confirm`, {
          method: 'POST',
          body: new URLSearchParams({ logout: 'yes' }),
          headers: { origin: evil },
        });
        assert.ok(confirm.status >= 400, `${confirm.status}`);
        assert.notEqual((await authorize(at, { browser: signedIn, client: 'strict-web', more: { prompt: 'none' } })).code, '');
      });

      it('R-013 answers pages that the application is served from, and no others', async () => {
        const back = await authorize(at, { client: 'shop-spa' });
        const form = {
          grant_type: 'authorization_code',
          client_id: 'shop-spa',
          redirect_uri: CALLBACK,
          code: back.code,
          code_verifier: back.verifier,
        };
        const allowed = ({ headers }: Answer) => headers.get('access-control-allow-origin');
        for (const origin of [evil, 'null', 'http://localhost:3998']) {
          const other = await post(at.token, { ...form, code: 'x' }, { origin });
          assert.equal(allowed(other), null, origin);
        }
        const own = new URL(CALLBACK).origin;
        const redeemed = await post(at.token, form, { origin: own });
        assert.equal(redeemed.status, 200, JSON.stringify(redeemed.json));
        assert.equal(allowed(redeemed), own);
        const asked = await get(authorizeUrl(at, {}, 'v'.repeat(43)), { origin: own });
        assert.equal(allowed(asked), null);
        const preflight = await fetch(at.authorize, {
          method: 'OPTIONS',
          headers: { origin: evil, 'access-control-request-method': 'GET' },
        });
        assert.equal(preflight.headers.get('access-control-allow-origin'), null);
        assert.equal(
          (await get(at.userinfo, { origin: evil, authorization: 'Bearer x' })).headers.get('access-control-allow-credentials'),
          null,
        );
      });

      it('R-008 R-034 no page of it is in a frame, and no answer is kept', async () => {
        const browser = new Visitor();
        const begun = await browser.send(authorizeUrl(at, {}, 'v'.repeat(43)));
        const page = await browser.send(new URL(String(begun.headers.get('location')), at.authorize).href);
        const out = await browser.send(`${at.logout}?client_id=strict-web`);
        const broken = await get(`${at.authorize}?client_id=nobody`);
        for (const { headers } of [page, out, broken]) {
          assert.match(String(headers.get('content-security-policy')), /frame-ancestors 'none'/);
          assert.match(String(headers.get('content-security-policy')), /default-src 'none'/);
          assert.equal(headers.get('x-frame-options'), 'DENY');
          assert.match(String(headers.get('cache-control')), /no-store/);
        }
        const { tokens } = await signIn(at);
        const answers = [
          await refresh(at, tokens.refresh_token),
          await refresh(at, 'x'),
          await userinfo(at, tokens.access_token),
          await userinfo(at, 'x'),
          ...(at.introspect ? [await post(at.introspect, { token: 'x', ...proof('shop-web') })] : []),
          ...(at.revoke ? [await post(at.revoke, { token: 'x', ...proof('shop-web') })] : []),
        ];
        for (const { headers } of answers) assert.match(String(headers.get('cache-control')), /no-store/);
      });

      it('R-006 R-008 what an application said comes back as text, to its own address only, in every response mode', async () => {
        const state = `"></form></script><script>alert(1)</script>'`;
        for (const response_mode of ['query', 'fragment', 'form_post', 'web_message', 'web_message.form']) {
          const back = await authorize(at, { more: { response_mode, state } });
          const page = await back.browser.send(authorizeUrl(at, { more: { response_mode, state, prompt: 'none' } }, 'v'.repeat(43)));
          const shown = await page.text();
          assert.ok(!shown.includes('<script>alert'), response_mode);
          if (page.status !== 200) continue;
          const policy = String(page.headers.get('content-security-policy'));
          assert.match(policy, /default-src 'none'/);
          assert.doesNotMatch(policy, /unsafe|\*/);
          const frames = response_mode === 'web_message' ? new URL(CALLBACK).origin : "'none'";
          assert.ok(policy.includes(`frame-ancestors ${frames};`), policy);
          if (response_mode === 'web_message') assert.ok(shown.includes(`"redirect_uri":"${CALLBACK}"`));
          const evilOne = authorizeUrl(at, { more: { response_mode, redirect_uri: `${evil}/callback`, prompt: 'none' } }, 'v'.repeat(43));
          const elsewhere = await back.browser.send(evilOne);
          assert.equal(elsewhere.status, 400);
          assert.ok(!(await elsewhere.text()).includes('"code"'));
        }
      });

      it('R-054 its cookies are for itself alone', async () => {
        const lines: string[] = [];
        class Reader extends Visitor {
          override async send(url: string, init?: RequestInit): Promise<Response> {
            const response = await super.send(url, init);
            lines.push(...response.headers.getSetCookie());
            return response;
          }
        }
        await authorize(at, { browser: new Reader() });
        const session = lines.filter((line) => line.includes('sc_session'));
        assert.ok(session.length > 0);
        for (const line of lines) {
          assert.match(line, /httponly/i);
          assert.doesNotMatch(line, /domain=/i);
          assert.match(line, /samesite=/i);
          if (at.origin.startsWith('https')) assert.match(line, /secure/i);
        }
        const framed = row === 'auth0' || row === 'entra' || row === 'keycloak';
        for (const line of session) assert.match(line, framed ? /samesite=none/i : /samesite=lax/i);
      });
    });
  }

  it('R-056 what a request says of its origin is not believed, at any origin', async () => {
    for (const at of world.speakers) {
      const { port, protocol, pathname } = new URL(at.token);
      const headers = {
        host: 'evil.example',
        'x-forwarded-host': 'evil.example',
        'x-forwarded-proto': 'gopher',
        forwarded: 'host=evil.example',
      };
      const paths = [`${new URL(at.issuer).pathname.replace(/\/$/, '')}/.well-known/openid-configuration`, pathname];
      for (const path of paths) {
        const answer = await new Promise<string>((resolve, reject) => {
          const ask = (protocol === 'https:' ? https : http).request({ host: 'localhost', port, path, headers, servername: 'localhost' });
          ask.on('response', (response) => text(response).then((body) => resolve(`${JSON.stringify(response.headers)} ${body}`), reject));
          ask.on('error', reject).end();
        });
        assert.ok(!answer.includes('evil.example'), `${at.name} ${path}`);
        assert.ok(!answer.includes('gopher'), `${at.name} ${path}`);
        if (path !== pathname) assert.ok(answer.includes(`"issuer":"${at.issuer}"`), answer.slice(0, 500));
      }
    }
  });

  it('R-061 a way out that names no application leads nowhere but to a registered address', async () => {
    const at = world.speaker('auth0');
    for (const to of [
      evil,
      'javascript:alert(1)',
      `${POST_LOGOUT}?x=1`,
      `${POST_LOGOUT}/`,
      '//evil.example',
      `${POST_LOGOUT}@evil.example`,
    ]) {
      const { browser } = await signIn(at);
      const left = await browser.send(`${at.origin}/v2/logout?${new URLSearchParams({ returnTo: to })}`);
      assert.ok(left.status === 400 || left.headers.get('location')?.startsWith(`${at.origin}/`), `${to} ${left.headers.get('location')}`);
    }
    const { browser } = await signIn(at);
    const foreign = await browser.send(
      `${at.origin}/v2/logout?${new URLSearchParams({ client_id: 'only-zitadel', returnTo: POST_LOGOUT })}`,
    );
    assert.equal(foreign.status, 400);
  });

  it('R-054 one browser is signed in at every origin of a host at once, and signs out of each alone', async () => {
    const browser = new Visitor();
    for (const at of world.speakers) await signIn(at, { browser });
    const signedIn = async () => {
      const found: string[] = [];
      for (const at of world.speakers) if ((await authorize(at, { browser, more: { prompt: 'none' } })).code !== '') found.push(at.name);
      return found;
    };
    assert.deepEqual(await signedIn(), [...rows]);
    await browser.send(`${world.at('auth0')}/v2/logout?client_id=shop-web`);
    assert.deepEqual(
      await signedIn(),
      rows.filter((one) => one !== 'auth0'),
    );
  });

  it('R-033 no code, token, secret or password that went over the wire is in the log', async () => {
    const seen: string[] = [SECRET, new Visitor().person.password];
    for (const at of world.speakers) {
      const { code, verifier, tokens } = await signIn(at, { more: { client_secret: SECRET } });
      await redeem(at, { client: 'shop-web', code, verifier } as Back, { more: { client_secret: 'a wrong one' } });
      await answerOf(await fetch(`${at.token}?client_secret=${SECRET}&code=${code}`, { method: 'POST', body: '{' }));
      await get(`${at.userinfo}?access_token=${tokens.access_token}`);
      seen.push(code, verifier, tokens.access_token, tokens.id_token, tokens.refresh_token.slice(-40), 'a wrong one');
    }
    const log = world.log.join('');
    assert.ok(log.length > 1000);
    for (const secret of seen) assert.equal(log.includes(secret), false, secret.slice(0, 8));
    for (const at of world.speakers) assert.equal(log.includes(`${at.token}?`), false);
  });
});
