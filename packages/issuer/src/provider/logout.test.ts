/** Signing out: who is asked, where it leads, what it ends, and who is told. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { Browser, call } from './browser.fixtures.test.ts';
import {
  authorizePath,
  claimsOf,
  engines,
  introspect,
  refresh,
  type SignIn,
  signIn,
  startIssuer,
  type TestIssuer,
} from './harness.test.ts';
import { CALLBACK, configuration, EVE } from './shop.fixtures.test.ts';

const HOME = 'http://127.0.0.1:9999/';
const [project] = configuration.projects ?? [];
assert.ok(project);

for (const { engine, skip } of engines) {
  describe(`signing out on ${engine}`, { skip }, () => {
    let issuer: TestIssuer;
    let url: string;
    let listener: Server;
    const heard: { token: string; contentType: string | undefined }[] = [];
    let refusals = 0;

    before(async () => {
      listener = createServer(async (request, response) => {
        const token = new URLSearchParams(await text(request)).get('logout_token') ?? '';
        if (refusals > 0) {
          refusals--;
          response.writeHead(500).end();
          return;
        }
        heard.push({ token, contentType: request.headers['content-type'] });
        response.writeHead(200).end();
        listener.emit('heard');
      });
      await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
      const { port } = listener.address() as AddressInfo;
      const applications = (project.applications ?? []).map((one) =>
        one.id === 'web' ? { ...one, backchannelLogoutUri: `http://127.0.0.1:${port}/ended` } : one,
      );
      issuer = await startIssuer(engine, { ...configuration, projects: [{ ...project, applications }] });
      ({ url } = issuer);
    });
    after(async () => {
      listener.close();
      await issuer.stop();
    });

    const web: SignIn = { client: 'web' };
    const logoutPath = (params: Record<string, string>) => `/oauth2/logout?${new URLSearchParams(params)}`;
    const reachesApplication = async (browser: Browser) => {
      const { headers } = await browser.send(authorizePath({ client: 'web', more: { prompt: 'none' } }, 'x'.repeat(43)));
      return new URL(String(headers.location)).searchParams.has('code');
    };

    it('R-061 with a valid hint it ends at once and leads to the registered address with the state', async () => {
      const { browser, tokens } = await signIn(url, web);
      const { left } = await browser.follow(logoutPath({ id_token_hint: tokens.id_token, post_logout_redirect_uri: HOME, state: 'bye' }));
      assert.equal(left?.href, `${HOME}?state=bye`);
      assert.equal(await reachesApplication(browser), false);
    });

    it('R-061 asks without a hint, and then leads only where it may', async () => {
      const { browser, tokens } = await signIn(url, web);
      const { answer, path } = await browser.follow(logoutPath({ client_id: 'web', post_logout_redirect_uri: HOME }));
      assert.equal(answer.status, 200);
      assert.equal((await introspect(url, tokens.access_token)).active, true);
      assert.equal(await reachesApplication(browser), true, 'nothing has happened yet');
      const again = await browser.follow(logoutPath({ client_id: 'web', post_logout_redirect_uri: HOME }));
      const confirmed = await browser.submit(again.answer, path, { logout: 'yes' });
      assert.equal(confirmed.headers.location, HOME);
      assert.equal(await reachesApplication(browser), false);
      assert.deepEqual(await introspect(url, tokens.access_token), { active: false });
      assert.equal((await refresh(url, tokens.refresh_token, 'web')).status, 400);
    });

    it('R-061 refuses an address that was not registered, and ignores one without an application', async () => {
      const { browser, tokens } = await signIn(url, web);
      for (const post_logout_redirect_uri of ['http://evil.test/', `${HOME}x`, CALLBACK]) {
        const answer = await browser.send(logoutPath({ id_token_hint: tokens.id_token, post_logout_redirect_uri }));
        assert.equal(answer.status, 400);
        assert.equal(answer.headers.location, undefined);
      }
      const { left } = await browser.follow(logoutPath({ post_logout_redirect_uri: 'http://evil.test/' }));
      assert.equal(left, undefined);
    });

    it('R-061 R-055 asks when the hint is about somebody else, and takes no sign-out that another site sends', async () => {
      const eve = await signIn(url, { client: 'web', browser: new Browser(url, { user: EVE }) });
      const { browser } = await signIn(url, web);
      const { answer, left } = await browser.follow(logoutPath({ id_token_hint: eve.tokens.id_token, post_logout_redirect_uri: HOME }));
      assert.equal(left, undefined);
      assert.equal(answer.status, 200);
      for (const xsrf of ['', 'x'.repeat(48)])
        assert.ok((await browser.send('/oauth2/logout/confirm', { form: { xsrf, logout: 'yes' } })).status >= 400);
      assert.equal(await reachesApplication(browser), true);
    });

    it('takes the request by POST as well, and from somebody who is signed out already', async () => {
      const { browser, tokens } = await signIn(url, web);
      const form = { id_token_hint: tokens.id_token, post_logout_redirect_uri: HOME };
      assert.equal((await browser.follow('/oauth2/logout', { form })).left?.href, HOME);
      assert.equal((await browser.follow(logoutPath(form))).left?.href, HOME);
    });

    it('R-028 R-061 ends the tokens of the session, but not those of an application on a device that may work offline', async () => {
      const browser = new Browser(url);
      const device = await signIn(url, { client: 'cli', browser });
      const first = await signIn(url, { client: 'web', browser });
      const second = await signIn(url, { client: 'web', browser });
      const short = await signIn(url, { client: 'cli', browser, scope: 'openid orders:read' });
      await browser.follow(logoutPath({ id_token_hint: second.tokens.id_token }));
      for (const { tokens } of [first, second]) {
        assert.equal((await refresh(url, tokens.refresh_token, 'web')).json.error, 'invalid_grant');
        assert.deepEqual(await introspect(url, tokens.access_token), { active: false });
      }
      assert.deepEqual(await introspect(url, short.tokens.access_token), { active: false });
      assert.equal((await refresh(url, device.tokens.refresh_token)).status, 200);
    });

    it('R-078 a late write cannot bring a session back', async () => {
      const { browser, tokens } = await signIn(url, web);
      const late = Array.from({ length: 10 }, () => browser.send(authorizePath({ client: 'web' }, 'x'.repeat(43))));
      await Promise.all([browser.send(logoutPath({ id_token_hint: tokens.id_token })), ...late]);
      await browser.send(logoutPath({ id_token_hint: tokens.id_token }));
      const stale = new Browser(url, { jar: browser.jar });
      assert.equal(await reachesApplication(stale), false);
    });

    it('R-054 somebody else who signs in gets a session of their own', async () => {
      const { browser, tokens } = await signIn(url, web);
      const other = new Browser(url, { jar: browser.jar, user: EVE });
      const again = await signIn(url, { client: 'web', browser: other, more: { prompt: 'login' } });
      assert.equal(claimsOf(again.tokens.id_token).sub, EVE.id);
      assert.equal((await refresh(url, tokens.refresh_token, 'web')).json.error, 'invalid_grant');
    });

    it('R-061 tells applications that want to know, and tells them again when they did not hear', async () => {
      heard.length = 0;
      refusals = 1;
      const { browser, tokens } = await signIn(url, web);
      const told = once(listener, 'heard', { signal: AbortSignal.timeout(20_000) });
      await browser.follow(logoutPath({ id_token_hint: tokens.id_token }));
      await told;
      const [notice] = heard;
      const { iss, aud, sub, sid, events, jti, nonce } = claimsOf(String(notice?.token));
      assert.deepEqual(
        { iss, aud, sub, sid, nonce },
        { iss: url, aud: 'web', sub: 'usr_ada', sid: claimsOf(tokens.id_token).sid, nonce: undefined },
      );
      assert.deepEqual(Object.keys(events), ['http://schemas.openid.net/event/backchannel-logout']);
      assert.ok(jti);
      assert.match(String(notice?.contentType), /urlencoded/);
    });

    it('shows the end of the way when no address was asked for', async () => {
      const { status, headers } = await call(url, '/oauth2/logout/success');
      assert.equal(status, 200);
      assert.match(String(headers['content-security-policy']), /default-src 'none'/);
    });
  });
}
