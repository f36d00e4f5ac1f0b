/** The authorization endpoint: where it sends people, what it insists on, and what it tells about itself. */
import assert from 'node:assert/strict';
import { hash, randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { Browser, call } from './browser.fixtures.test.ts';
import { authorize, authorizePath, claimsOf, engines, redeem, signIn, startIssuer, type TestIssuer } from './harness.test.ts';
import { API, CALLBACK, OPAQUE_API, SECRET, SPA_ORIGIN } from './shop.fixtures.test.ts';

for (const { engine, skip } of engines) {
  describe(`the authorization endpoint on ${engine}`, { skip }, () => {
    let issuer: TestIssuer;
    let url: string;
    before(async () => {
      issuer = await startIssuer(engine);
      ({ url } = issuer);
    });
    after(() => issuer.stop());

    const verifier = randomBytes(32).toString('base64url');
    const asked = (more: Record<string, string>, client = 'cli') => call(url, authorizePath({ client, more }, verifier));
    const errorOf = async (more: Record<string, string>, client = 'cli') => {
      const { headers } = await asked(more, client);
      const { searchParams, hash: fragment } = new URL(String(headers.location), url);
      return searchParams.get('error') ?? new URLSearchParams(fragment.slice(1)).get('error');
    };

    it('R-001 R-002 S0.2 sends nobody to an address that was not registered, nor anywhere at all', async () => {
      const tricks = [
        'http://127.0.0.1:9999/callback/',
        'http://127.0.0.1:9999/callback?x=1',
        'http://127.0.0.1:9999/callback#f',
        'http://127.0.0.1:9999/Callback',
        'http://127.0.0.1:9999/callback/../evil',
        'http://127.0.0.1:9999/%63allback',
        'http://127.0.0.1:9999\\@evil.test/callback',
        'http://127.0.0.1:9999@evil.test/callback',
        'http://evil.test@127.0.0.1:9999/callback',
        'http://127.0.0.1.evil.test:9999/callback',
        'http://localhost:9999/callback',
        'http://[::ffff:127.0.0.1]:9999/callback',
        'http://2130706433:9999/callback',
        'http://127.1:9999/callback',
        'http://127.0.0.2/callback',
        'https://127.0.0.1:9999/callback',
        'HTTP://127.0.0.1:9999/callback',
        '//127.0.0.1:9999/callback',
        '/callback',
        'javascript:alert(1)',
        'data:text/html,x',
        'http://127.0.0.1:99999/callback',
        'http://127.0.0.1:9x/callback',
        ' http://127.0.0.1:9999/callback',
        'http://127.0.0.1:9999/callback%00',
        'http://127.0.0.1:9999/callback\t',
        'http://evil.test/http://127.0.0.1:9999/callback',
      ];
      for (const redirect_uri of tricks) {
        for (const more of [{ redirect_uri }, { redirect_uri, prompt: 'none' }, { redirect_uri, response_type: 'token' }]) {
          const { status, headers } = await asked(more);
          assert.equal(status, 400, redirect_uri);
          assert.equal(headers.location, undefined, redirect_uri);
        }
      }
    });

    it('R-001 lets a native application use any port on its loopback address, and a web application none but its own', async () => {
      const right = [
        'http://127.0.0.1:1/callback',
        'http://127.0.0.1/callback',
        'http://[::1]:65535/callback',
        'http://localhost/callback',
      ];
      for (const redirect_uri of right) {
        assert.equal((await asked({ redirect_uri })).status, 303, redirect_uri);
      }
      assert.equal((await asked({ redirect_uri: 'http://127.0.0.1:9998/callback' }, 'web')).status, 400);
    });

    it('R-002 shows an error page for an application that nobody registered, or none, or two', async () => {
      for (const path of [
        authorizePath({ client: 'nobody' }, verifier),
        '/oauth2/authorize',
        `${authorizePath({}, verifier)}&client_id=web`,
        `${authorizePath({}, verifier)}&redirect_uri=http://evil.test/`,
      ]) {
        const { status, headers } = await call(url, path);
        assert.equal(status, 400, path);
        assert.equal(headers.location, undefined);
      }
    });

    it('R-004 S0.1 requires PKCE with S256 of everybody', async () => {
      assert.equal(await errorOf({ code_challenge: '', code_challenge_method: '' }), 'invalid_request');
      assert.equal(await errorOf({ code_challenge: '', code_challenge_method: '' }, 'web'), 'invalid_request');
      assert.equal(await errorOf({ code_challenge_method: 'plain' }), 'invalid_request');
      assert.equal(await errorOf({ code_challenge_method: '' }), 'invalid_request');
      assert.equal(await errorOf({ code_challenge: 'short' }), 'invalid_request');
    });

    it('S2.2 B2.1 goes on with parameters that nobody needs, and notes a client secret in the address', async () => {
      const more = { access_type: 'offline', grant_type: 'authorization_code', client_secret: SECRET };
      const { url: back, tokens } = await signIn(url, { client: 'web', more });
      assert.equal(back.searchParams.get('state'), 's');
      assert.ok(tokens.access_token && tokens.refresh_token && tokens.id_token);
      if (engine !== 'pglite') {
        const events = await issuer.sql(`select client, details from issuer.event where type = 'client.secret_in_address'`);
        assert.deepEqual(
          events.map(({ client }) => client),
          ['web'],
        );
        assert.ok(!JSON.stringify(events).includes(SECRET));
      }
      const form = new URLSearchParams(authorizePath({ client: 'web', more }, verifier).split('?')[1]);
      const posted = await call(url, '/oauth2/authorize', { form });
      assert.equal(posted.status, 303);
      assert.ok(!String(posted.headers.location).includes('client_secret'));
    });

    it('R-004 lets a confidential application that was registered so do without PKCE, but then with a nonce', async () => {
      const off = { code_challenge: '', code_challenge_method: '' };
      assert.equal(await errorOf({ ...off, nonce: '' }, 'classic'), 'invalid_request');
      const back = await authorize(url, { client: 'classic', more: off });
      assert.equal((await redeem(url, back, { code_verifier: 'x'.repeat(43) })).status, 400, 'a verifier without a challenge');
      const again = await authorize(url, { client: 'classic', more: off });
      const form = {
        grant_type: 'authorization_code',
        code: again.code,
        redirect_uri: CALLBACK,
        client_id: 'classic',
        client_secret: SECRET,
      };
      assert.equal((await call(url, '/oauth2/token', { form })).status, 200);
    });

    it('R-005 S0.7 describes itself alike in both metadata documents, whatever the Host header says', async () => {
      const headers = { host: 'evil.test', 'x-forwarded-host': 'evil.test', 'x-forwarded-proto': 'https', forwarded: 'host=evil.test' };
      const documents = await Promise.all(
        ['openid-configuration', 'oauth-authorization-server'].map((name) => call(url, `/.well-known/${name}`, { headers })),
      );
      const [openid, oauth] = documents.map(({ json }) => json);
      assert.deepEqual(openid, oauth);
      assert.equal(openid.issuer, url);
      assert.deepEqual(openid.code_challenge_methods_supported, ['S256']);
      assert.equal(openid.authorization_response_iss_parameter_supported, true);
      assert.deepEqual(openid.response_types_supported, ['code']);
      assert.deepEqual(openid.response_modes_supported, ['query', 'form_post']);
      assert.deepEqual(openid.id_token_signing_alg_values_supported, ['ES256']);
      const endpoints = Object.entries(openid).filter(([name]) => /_endpoint$|^jwks_uri$/.test(name));
      assert.equal(endpoints.length, 8);
      for (const [name, endpoint] of endpoints) assert.ok(String(endpoint).startsWith(`${url}/`), name);
      assert.ok(!JSON.stringify(openid).includes('urn:safeconduct'));
    });

    it('R-005 names itself in every answer, success or error', async () => {
      const back = await authorize(url);
      assert.equal(back.url.searchParams.get('iss'), url);
      const refused = new URL(String((await asked({ prompt: 'none' })).headers.location));
      assert.deepEqual(Object.fromEntries(refused.searchParams), {
        error: 'login_required',
        error_description: refused.searchParams.get('error_description'),
        state: 's',
        iss: url,
      });
    });

    it('R-006 knows the response type code only, by query or form_post', async () => {
      for (const response_type of ['token', 'id_token', 'code id_token', 'code token', 'none', 'x']) {
        assert.match(
          String(await errorOf({ response_type })),
          /^(unsupported_response_type|unauthorized_client|invalid_request)$/,
          response_type,
        );
      }
      for (const response_mode of ['fragment', 'web_message', 'jwt', 'x']) {
        const { status, headers } = await asked({ response_mode });
        const { searchParams, hash: fragment } = new URL(headers.location ?? url, url);
        assert.ok(status === 400 || searchParams.has('error') || fragment.includes('error'), response_mode);
      }
    });

    it('R-006 R-008 answers by form_post with a page whose policy allows its one script and its one target', async () => {
      const { answer } = await new Browser(url).follow(authorizePath({ client: 'web', more: { response_mode: 'form_post' } }, verifier));
      assert.equal(answer.status, 200);
      assert.match(answer.body, new RegExp(`action="${CALLBACK}"`));
      assert.match(answer.body, /name="code" value="[^"]+"/);
      const script = /<script>([\s\S]*?)<\/script>/.exec(answer.body)?.[1] ?? '';
      const policy = String(answer.headers['content-security-policy']);
      assert.ok(policy.includes(`script-src 'sha256-${hash('sha256', script, 'base64')}'`), policy);
      assert.ok(policy.includes(' http://127.0.0.1:9999;') && policy.includes("frame-ancestors 'none'"), policy);
      assert.equal(answer.headers['cache-control'], 'no-store');
    });

    it('R-007 takes an authorization request by POST and redirects with 303', async () => {
      const form = new URLSearchParams(authorizePath({}, verifier).split('?')[1]);
      const posted = await call(url, '/oauth2/authorize', { form });
      assert.equal(posted.status, 303);
      const browser = new Browser(url);
      const { left } = await browser.follow('/oauth2/authorize', { form });
      assert.ok(left?.searchParams.get('code'));
    });

    it('R-010 asks again for prompt=login and an old sign-in, and not for a fresh one', async () => {
      const { browser } = await signIn(url, { client: 'web' });
      const reaches = async (more: Record<string, string>) => {
        const { headers } = await browser.send(authorizePath({ client: 'web', more }, verifier));
        return String(headers.location).startsWith(CALLBACK) ? 'application' : 'sign-in';
      };
      assert.equal(await reaches({}), 'application');
      assert.equal(await reaches({ max_age: '3600' }), 'application');
      assert.equal(await reaches({ max_age: '0' }), 'sign-in');
      assert.equal(await reaches({ prompt: 'login' }), 'sign-in');
      assert.equal(await errorOf({ prompt: 'none login' }), 'invalid_request');
    });

    it('R-010 ends a sign-in that cannot meet what was demanded of it, instead of asking for ever', async () => {
      const outcome = async (claims: object) => (await authorize(url, { more: { claims: JSON.stringify({ id_token: claims }) } })).error;
      assert.equal(await outcome({ acr: { essential: true, value: 'mfa' } }), 'unmet_authentication_requirements');
      assert.equal(await outcome({ acr: { essential: true, values: ['mfa', 'gold'] } }), 'unmet_authentication_requirements');
      assert.equal(await outcome({ sub: { value: 'usr_eve' } }), 'login_required');
      assert.equal(await outcome({ sub: { value: 'usr_ada' }, acr: { essential: true } }), null);
    });

    it('R-011 goes on only in the browser that began', async () => {
      const { headers } = await call(url, authorizePath({}, verifier));
      const stolen = await new Browser(url).send(String(headers.location).replace(url, ''));
      assert.ok(stolen.status >= 400, String(stolen.status));
      assert.ok(!stolen.body.includes('name="password"'));
    });

    it('R-013 answers no other origin at authorize; elsewhere only those of the application, never an opaque one', async () => {
      const authorizeHeaders = (await call(url, authorizePath({}, verifier), { headers: { origin: SPA_ORIGIN } })).headers;
      assert.equal(authorizeHeaders['access-control-allow-origin'], undefined);
      const token = (origin: string, client_id = 'spa') =>
        call(url, '/oauth2/token', { form: { grant_type: 'refresh_token', refresh_token: 'x', client_id }, headers: { origin } });
      assert.equal((await token(SPA_ORIGIN)).headers['access-control-allow-origin'], SPA_ORIGIN);
      for (const origin of ['https://evil.test', 'null']) {
        const refused = await token(origin);
        assert.equal(refused.headers['access-control-allow-origin'], undefined);
        assert.equal(refused.json.error, 'invalid_request');
      }
      for (const path of ['/oauth2/jwks', '/.well-known/openid-configuration']) {
        assert.equal((await call(url, path, { headers: { origin: 'null' } })).headers['access-control-allow-origin'], undefined);
        assert.equal(
          (await call(url, path, { headers: { origin: 'https://evil.test' } })).headers['access-control-allow-origin'],
          'https://evil.test',
        );
      }
    });

    it('R-029 binds tokens to one of the resources that were granted, the default one if none is named', async () => {
      const unnamed = await signIn(url, { resource: '' });
      assert.equal(claimsOf(unnamed.tokens.access_token).aud, API);
      const path = `${authorizePath({ resource: API }, verifier)}&resource=${encodeURIComponent(OPAQUE_API)}`;
      const { left } = await new Browser(url).follow(path);
      const back = { code: String(left?.searchParams.get('code')), verifier, client: 'cli' };
      const answer = await redeem(url, back, { resource: OPAQUE_API });
      assert.match(answer.json.access_token, /^sc_at_[0-9A-Za-z]{46}$/);
      const elsewhere = await authorize(url, { resource: API });
      assert.equal((await redeem(url, elsewhere, { resource: OPAQUE_API })).json.error, 'invalid_target');
    });

    it('R-029 refuses resources that the application may not call, and leaves out scopes that it may not ask for', async () => {
      assert.equal(await errorOf({ resource: 'https://else.example.test' }), 'invalid_target');
      assert.equal(await errorOf({ resource: 'https://unknown.example.test' }), 'invalid_target');
      assert.equal(await errorOf({ resource: OPAQUE_API, scope: 'openid' }, 'narrow'), 'invalid_target');
      const { tokens } = await signIn(url, { client: 'narrow', scope: 'openid orders:read orders:write' });
      assert.equal(claimsOf(tokens.access_token).scope, 'orders:read');
      assert.equal(await errorOf({ scope: 'openid email' }, 'narrow'), 'invalid_scope');
    });

    it('keeps offline_access without prompt=consent for first-party applications, and asks the others', async () => {
      assert.ok((await signIn(url)).tokens.refresh_token);
      await assert.rejects(authorize(url, { client: 'third' }), /200 at \/interaction\//);
    });

    it('R-009 asks for a public application of somebody else each time', async () => {
      const browser = new Browser(url);
      for (const _time of [1, 2]) {
        const { answer, path, left } = await browser.follow(authorizePath({ client: 'third', scope: 'openid orders:read' }, verifier));
        assert.equal(left, undefined);
        const agreed = await browser.submit(answer, path, { decision: 'allow' });
        assert.equal(agreed.status, 303);
        assert.ok((await browser.follow(new URL(String(agreed.headers.location), url).pathname)).left?.searchParams.get('code'));
      }
    });

    it('R-054 gives the browser a new session id at sign-in', async () => {
      const browser = new Browser(url);
      await browser.send('/device');
      const before = browser.jar.for('/');
      await signIn(url, { client: 'web', browser });
      const [session] = /sc_session=[^;]+/.exec(before) ?? [];
      assert.ok(session && !browser.jar.for('/').includes(session));
    });
  });
}
