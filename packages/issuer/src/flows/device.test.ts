import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ADA, API, engines, formOf, openLogin, signIn, startIssuer, TestBrowser, type TestIssuer, titleOf } from './harness.test.ts';

for (const { engine, skip } of engines) {
  describe(`connecting a device on ${engine}`, { skip }, () => {
    let issuer: TestIssuer;
    before(async () => {
      issuer = await startIssuer(engine);
    });
    after(() => issuer.stop());

    async function ask(client = 'shop-cli') {
      const body = new URLSearchParams({ client_id: client, scope: 'openid profile orders:read offline_access', resource: API });
      const response = await fetch(`${issuer.url}/oauth2/device_authorization`, { method: 'POST', body });
      return (await response.json()) as {
        device_code: string;
        user_code: string;
        verification_uri: string;
        verification_uri_complete: string;
      };
    }
    async function poll(deviceCode: string, client = 'shop-cli') {
      const body = new URLSearchParams({
        grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
        client_id: client,
        device_code: deviceCode,
      });
      const response = await fetch(`${issuer.url}/oauth2/token`, { method: 'POST', body });
      return (await response.json()) as Record<string, string>;
    }
    async function signedIn() {
      const browser = new TestBrowser();
      await signIn(browser, await openLogin(browser, issuer.url));
      return browser;
    }

    it('R-040 shows code, client, address and age before anything is approved, and then connects', async () => {
      const browser = await signedIn();
      const device = await ask();
      const entry = await browser.get(device.verification_uri);
      assert.equal(titleOf(entry), 'Connect a device');
      const question = await browser.submit(entry, { user_code: device.user_code.toLowerCase().replace('-', '') });
      assert.equal(titleOf(question), 'Is this your device?');
      for (const part of [
        new RegExp(device.user_code),
        /Shop terminal/,
        /shop-cli/,
        /127\.0\.0\.1/,
        /just now|seconds? ago/,
        /See your orders/,
        /<b>Ada Brandt<\/b>/,
      ]) {
        assert.match(question.text, part);
      }
      assert.equal((await poll(device.device_code)).error, 'authorization_pending');
      const done = await browser.submit(question, { confirm: 'yes' });
      assert.equal(titleOf(done), 'Your device is connected');
      assert.match(done.text, /Shop terminal/);
      assert.ok((await poll(device.device_code)).access_token);
    });

    it('fills in the code of a complete address without a script', async () => {
      const browser = new TestBrowser();
      const device = await ask();
      const entry = await browser.get(device.verification_uri_complete);
      assert.equal(titleOf(entry), 'Connect a device');
      assert.match(entry.text, new RegExp(`value="${device.user_code}"`));
      assert.doesNotMatch(entry.text, /<script/);
      const question = await browser.submit(entry, { user_code: device.user_code });
      assert.match(question.text, /Next you sign in/);
    });

    it('lets somebody sign in on the way, and asks consent for another’s application', async () => {
      const browser = new TestBrowser();
      const device = await ask('other-cli');
      const question = await browser.submit(await browser.get(device.verification_uri), { user_code: device.user_code });
      const login = await browser.submit(question, { confirm: 'yes' });
      assert.match(login.text, /<b>Somebody’s tool<\/b> on your device can act as you/);
      const consent = await signIn(browser, login);
      assert.equal(titleOf(consent), 'Somebody’s tool asks to act as you');
      assert.doesNotMatch(consent.text, /Sends you back to/);
      const done = await browser.submit(consent, { decision: 'allow' });
      assert.equal(titleOf(done), 'Your device is connected');
      assert.match(done.text, /<b>Ada Brandt<\/b>/);
      assert.ok((await poll(device.device_code, 'other-cli')).access_token);
    });

    it('R-040 tells the device when the person says no, on either page', async () => {
      const browser = await signedIn();
      const device = await ask();
      const question = await browser.submit(await browser.get(device.verification_uri), { user_code: device.user_code });
      assert.equal(titleOf(await browser.submit(question, { abort: 'yes' })), 'The device was not connected');
      assert.equal((await poll(device.device_code)).error, 'access_denied');
      const other = await ask('other-cli');
      const again = await browser.submit(await browser.get(other.verification_uri), { user_code: other.user_code });
      const denied = await browser.submit(await browser.submit(again, { confirm: 'yes' }), { decision: 'deny' });
      assert.equal(titleOf(denied), 'The device was not connected');
      assert.equal((await poll(other.device_code, 'other-cli')).error, 'access_denied');
    });

    it('R-040 keeps a code for the browser that typed it first', async () => {
      const device = await ask();
      const [first, second] = [await signedIn(), await signedIn()];
      const question = await first.submit(await first.get(device.verification_uri), { user_code: device.user_code });
      const stranger = await second.submit(await second.get(device.verification_uri), { user_code: device.user_code });
      assert.match(stranger.text, /That code is not known/);
      assert.equal(titleOf(await first.submit(question, { confirm: 'yes' })), 'Your device is connected');
    });

    it('R-055 shows what to do when the form comes without the session it was made in', async () => {
      const page = await new TestBrowser().post(`${issuer.url}/device`, { user_code: 'BBBB-BBBB', xsrf: 'made up' });
      assert.equal(page.status, 400);
      assert.equal(titleOf(page), 'We lost the thread');
    });

    it('says what is wrong with a code, and keeps the form', async () => {
      const browser = new TestBrowser();
      const entry = await browser.get(`${issuer.url}/device`);
      const unknown = await browser.submit(entry, { user_code: 'BBBB-BBBB' });
      assert.match(unknown.text, /That code is not known/);
      assert.match((await browser.submit(unknown, { user_code: '' })).text, /The code is missing/);
    });

    it('R-055 refuses a yes from another site, and without the token', async () => {
      const browser = await signedIn();
      const device = await ask();
      const question = await browser.submit(await browser.get(device.verification_uri), { user_code: device.user_code });
      const address = new URL(formOf(question).action, question.url);
      const foreign = await browser.post(
        address,
        { ...formOf(question).hidden, confirm: 'yes' },
        { 'sec-fetch-site': 'cross-site', origin: 'null' },
      );
      assert.equal(foreign.status, 403);
      const slash = await browser.post(`${address}/`, { ...formOf(question).hidden, confirm: 'yes' }, { 'sec-fetch-site': 'cross-site' });
      assert.equal(slash.status, 403);
      assert.equal(titleOf(foreign), 'We didn’t take that form');
      await browser.post(address, { user_code: device.user_code, confirm: 'yes' });
      assert.equal((await poll(device.device_code)).error, 'authorization_pending');
    });

    it('records who connected what', async () => {
      const [approved, denied] = [await issuer.events('device.approved'), await issuer.events('device.denied')];
      assert.ok(approved.length >= 2 && denied.length >= 1);
      assert.ok(approved.every(({ actor, client }) => actor === ADA.id && String(client).endsWith('-cli')));
    });
  });
}
