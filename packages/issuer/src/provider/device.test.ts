/** The device grant: a code on one screen, a person at another. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { artifactId } from './artifact.ts';
import { type Answer, Browser, call } from './browser.fixtures.test.ts';
import { claimsOf, engines, refresh, startIssuer, type TestIssuer } from './harness.test.ts';
import { DEVICE_GRANT } from './shop.fixtures.test.ts';

for (const { engine, skip } of engines) {
  describe(`the device grant on ${engine}`, { skip }, () => {
    let issuer: TestIssuer;
    let url: string;
    before(async () => {
      issuer = await startIssuer(engine);
      ({ url } = issuer);
    });
    after(() => issuer.stop());

    const begin = async () =>
      (await call(url, '/oauth2/device_authorization', { form: { client_id: 'cli', scope: 'openid offline_access orders:read' } })).json;
    const poll = (device_code: string, client_id = 'cli') =>
      call(url, '/oauth2/token', { form: { grant_type: DEVICE_GRANT, device_code, client_id } });
    const type = async (browser: Browser, user_code: string): Promise<Answer> =>
      browser.submit(await browser.send('/device'), '/device', { user_code });
    const approve = async (browser: Browser, user_code: string) => {
      const confirm = await type(browser, user_code);
      const sent = await browser.submit(confirm, '/device', { confirm: 'yes' });
      return sent.headers.location ? browser.follow(new URL(sent.headers.location, url).pathname) : { answer: sent };
    };

    it('R-040 signs a device in after its person approved', async () => {
      const { device_code, user_code, verification_uri, verification_uri_complete, interval, expires_in } = await begin();
      assert.match(user_code, /^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/, 'more than 20 bit');
      assert.equal(verification_uri, `${url}/device`);
      assert.ok(verification_uri_complete.includes(user_code));
      assert.deepEqual([interval, expires_in], [5, 600]);
      assert.equal((await poll(device_code)).json.error, 'authorization_pending');
      const { answer } = await approve(new Browser(url), user_code);
      assert.equal(answer.status, 200);
      const tokens = (await poll(device_code)).json;
      assert.deepEqual([claimsOf(tokens.access_token).sub, claimsOf(tokens.access_token).roles], ['usr_ada', ['customer']]);
      assert.equal((await refresh(url, tokens.refresh_token)).status, 200);
    });

    it('R-040 tells a device that asks too soon to slow down', async () => {
      const { device_code } = await begin();
      const errors = [(await poll(device_code)).json.error, (await poll(device_code)).json.error];
      assert.deepEqual(errors, ['authorization_pending', 'slow_down']);
    });

    it('R-040 shows the application before it asks, and keeps the code for the browser that typed it first', async () => {
      const { user_code } = await begin();
      const first = new Browser(url);
      const confirm = await type(first, user_code);
      assert.match(confirm.body, /CLI/);
      assert.match(confirm.body, /name="confirm"/);
      const second = await type(new Browser(url), user_code);
      assert.ok(!second.body.includes('name="confirm"'));
      assert.match((await type(first, user_code)).body, /name="confirm"/);
    });

    it('R-040 gives a refused device access_denied', async () => {
      const { device_code, user_code } = await begin();
      const browser = new Browser(url);
      const confirm = await type(browser, user_code);
      await browser.submit(confirm, '/device', { confirm: '', abort: 'yes' });
      assert.equal((await poll(device_code)).json.error, 'access_denied');
    });

    it('R-040 R-022 of 20 parallel polls one gets the tokens', async () => {
      const { device_code, user_code } = await begin();
      await approve(new Browser(url), user_code);
      const answers = await Promise.all(Array.from({ length: 20 }, () => poll(device_code)));
      assert.equal(answers.filter(({ status }) => status === 200).length, 1);
    });

    it('R-040 keeps a device code for its own application, and never in the clear', async () => {
      const { device_code, user_code } = await begin();
      await type(new Browser(url), user_code);
      assert.equal((await poll(device_code, 'other')).status, 400);
      if (engine === 'pglite') return;
      const [row] = await issuer.sql(`select string_agg(a::text, ' ') as dump from issuer.artifact a`);
      assert.ok(!String(row?.dump).includes(device_code) && !String(row?.dump).includes(user_code.replace('-', '')));
      await issuer.sql(`update issuer.artifact set expires_at = now() where id = $1`, artifactId('DeviceCode', device_code));
      assert.equal((await poll(device_code)).json.error, 'expired_token');
    });

    it('R-040 stops a network that guesses codes', async () => {
      const browser = new Browser(url);
      let status = 0;
      for (let guess = 0; guess < 12 && status !== 429; guess++) ({ status } = await type(browser, 'BBBB-BBBB'));
      assert.equal(status, 429);
      const { user_code } = await begin();
      assert.ok(!(await type(new Browser(url), user_code)).body.includes('name="confirm"'), 'not even a right code');
    });
  });
}
