/** A page on keycloak-js, in a real browser, with nothing but url, realm and client id. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { chromiumSkipped, launchChromium, type Watch, watch } from '@safeconduct/test-support/chromium';
import { freePort } from '@safeconduct/test-support/ports';
import type { Browser, Page } from 'playwright-core';
import { type Realm, startRealm } from './keycloak.fixtures.test.ts';
import { ADA, API_ID } from './world.fixtures.test.ts';

const library = readFileSync(fileURLToPath(import.meta.resolve('keycloak-js')));

/** `?quiet` looks whether somebody is signed in, in a frame; without it the page asks to sign in. */
const page = (realm: Realm, clientId: string) => `<!doctype html><title>Orders</title><p id="state">loading</p>
<script type="module">
import Keycloak from '/keycloak.js';
const keycloak = globalThis.keycloak = new Keycloak({ url: '${realm.url}', realm: '${realm.realm}', clientId: '${clientId}' });
const show = (text) => { document.getElementById('state').textContent = text; };
keycloak.onAuthLogout = () => show('signed out elsewhere');
const how = location.search === '?quiet'
  ? { onLoad: 'check-sso', silentCheckSsoRedirectUri: location.origin + '/silent.html' }
  : { onLoad: 'login-required' };
keycloak.init(how).then((signedIn) => show(signedIn ? 'signed in ' + keycloak.tokenParsed.preferred_username : 'nobody'), (error) => show('failed: ' + error));
</script>`;
const silent = '<!doctype html><title>Silent</title><script>parent.postMessage(location.href, location.origin)</script>';

describe('keycloak-js in Chromium', { skip: chromiumSkipped }, () => {
  let realm: Realm;
  let server: Server;
  let browser: Browser;
  let tab: Page;
  let watched: Watch;
  let clientId = 'orders-page';
  let origin = '';

  before(async () => {
    const port = await freePort();
    origin = `http://localhost:${port}`;
    realm = await startRealm({ program: await freePort(), page: port });
    server = createServer(({ url }, response) => {
      response.setHeader('content-type', url === '/keycloak.js' ? 'text/javascript' : 'text/html');
      response.end(url === '/keycloak.js' ? library : url?.startsWith('/silent.html') ? silent : page(realm, clientId));
    });
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    browser = await launchChromium();
    tab = await browser.newPage();
    watched = watch(tab, [origin, realm.url]);
  });
  after(async () => {
    await browser?.close();
    await new Promise((resolve) => server?.close(resolve));
    await realm?.world.stop();
  });

  const state = (text: string) => tab.waitForFunction((wanted) => document.getElementById('state')?.textContent?.startsWith(wanted), text);
  const signIn = async () => {
    await tab.getByLabel('E-mail').fill(ADA.email);
    await tab.getByLabel('Password').fill(ADA.password);
    await tab.getByRole('button', { name: 'Sign in' }).click();
    await state(`signed in ${ADA.email}`);
  };

  it('finds nobody signed in, without leaving the page', async () => {
    await tab.goto(`${origin}/?quiet`);
    await state('nobody');
    assert.equal(tab.url(), `${origin}/?quiet`);
  });

  it('signs in with PKCE, its frames included', async () => {
    await tab.goto(`${origin}/`);
    await signIn();
    assert.deepEqual(watched.problems, []);
  });

  it('knows roles of the realm and of clients', async () => {
    const knows = (role: string) => tab.evaluate<boolean>(`keycloak.${role}`);
    assert.deepEqual(
      [
        await knows("hasRealmRole('admin')"),
        await knows("hasRealmRole('customer')"),
        await knows("hasResourceRole('customer')"),
        await knows(`hasResourceRole('customer', '${API_ID}')`),
      ],
      [true, false, true, true],
    );
  });

  it('refreshes, twice, and asks userinfo across origins', async () => {
    const refresh = () => tab.evaluate<string>('keycloak.updateToken(-1).then(() => keycloak.refreshToken)');
    assert.notEqual(await refresh(), await refresh());
    assert.equal(await tab.evaluate('keycloak.loadUserInfo().then((user) => user.email)'), ADA.email);
  });

  it('finds who is signed in, without leaving the page', async () => {
    await tab.goto(`${origin}/?quiet`);
    await state(`signed in ${ADA.email}`);
    assert.deepEqual(watched.problems, []);
  });

  it('signs out and must sign in again', async () => {
    await tab.evaluate(`void keycloak.logout({ redirectUri: '${origin}/' })`);
    await tab.getByLabel('Password').waitFor();
  });

  it('reads the tokens of a page that calls no API', async () => {
    clientId = 'bare-page';
    await tab.goto(`${origin}/`);
    await signIn();
    assert.equal(await tab.evaluate('keycloak.tokenParsed.aud'), 'account');
  });
});
