/** A single-page application on oidc-client-ts, in a real browser, against the issuer: no special setting anywhere. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createIssuer, defineConfig, type Issuer } from '@safeconduct/issuer';
import { chromiumSkipped, launchChromium } from '@safeconduct/test-support/chromium';
import { freePort } from '@safeconduct/test-support/ports';
import { quickStorage, type TestStorage } from '@safeconduct/test-support/postgres';
import type { Browser, Page } from 'playwright-core';

const library = readFileSync(join(dirname(createRequire(import.meta.url).resolve('oidc-client-ts')), '../browser/oidc-client-ts.min.js'));
const person = { email: 'spa@example.test', password: 'demo-willow-telescope' };

const page = `<!doctype html><title>SPA</title><script src="/oidc-client-ts.js"></script><p id="state">loading</p>
<script>
const settings = { authority: 'ISSUER', client_id: 'spa', redirect_uri: location.origin + '/', post_logout_redirect_uri: location.origin + '/', scope: 'openid profile email offline_access' };
const manager = new oidc.UserManager(settings);
const show = (text) => { document.getElementById('state').textContent = text; };
(async () => {
  const asked = new URLSearchParams(location.search);
  if (asked.has('code')) { const user = await manager.signinCallback(); history.replaceState({}, '', '/'); show('signed in ' + user.profile.email); }
  else if (asked.has('state')) { await manager.signoutCallback(); show('signed out'); }
  else show('nobody');
})().catch((error) => show('failed: ' + error.message));
</script>`;

describe('oidc-client-ts in Chromium', { skip: chromiumSkipped }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'safeconduct-spa-'));
  let issuer: Issuer;
  let server: Server;
  let browser: Browser;
  let tab: Page;
  let origin = '';
  let storage: TestStorage;

  before(async () => {
    const url = `http://localhost:${await freePort()}`;
    server = createServer((request, response) => {
      const script = request.url === '/oidc-client-ts.js';
      response.setHeader('content-type', script ? 'text/javascript' : 'text/html');
      response.end(script ? library : page.replace('ISSUER', url));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    origin = `http://localhost:${(server.address() as AddressInfo).port}`;
    storage = await quickStorage();
    issuer = await createIssuer({
      ...storage.settings,
      issuer: url,
      dataDirectory: directory,
      logLevel: 'silent',
      configuration: configuration(origin),
    });
    await issuer.listen();
    browser = await launchChromium();
    tab = await browser.newPage();
  });
  after(async () => {
    await browser?.close();
    await new Promise((resolve) => server?.close(resolve));
    await issuer?.close(100);
    await storage?.drop();
    rmSync(directory, { recursive: true, force: true });
  });

  const state = (text: string) => tab.waitForFunction((wanted) => document.getElementById('state')?.textContent?.startsWith(wanted), text);

  it('signs in with PKCE through the login and consent pages', async () => {
    await tab.goto(`${origin}/`);
    await state('nobody');
    await tab.evaluate('void manager.signinRedirect()');
    await tab.getByLabel('E-mail').fill(person.email);
    await tab.getByLabel('Password').fill(person.password);
    await tab.getByRole('button', { name: 'Sign in' }).click();
    await tab.getByRole('button', { name: 'Allow' }).click();
    await state(`signed in ${person.email}`);
  });

  it('refreshes with rotation, twice', async () => {
    const token = () => tab.evaluate<string>('manager.getUser().then((user) => user.refresh_token)');
    const first = await token();
    await tab.evaluate('manager.signinSilent()');
    const second = await token();
    await tab.evaluate('manager.signinSilent()');
    assert.equal(new Set([first, second, await token()]).size, 3);
  });

  it('asks userinfo across origins', async () => {
    const asked = `manager.metadataService.getUserInfoEndpoint().then(async (url) => {
      const user = await manager.getUser();
      const answer = await fetch(url, { headers: { authorization: 'Bearer ' + user.access_token } });
      return (await answer.json()).email;
    })`;
    assert.equal(await tab.evaluate(asked), person.email);
  });

  it('signs out at the issuer and comes back', async () => {
    await tab.evaluate("void manager.signoutRedirect({ state: 'bye' })");
    await state('signed out');
    await tab.goto(`${origin}/`);
    await state('nobody');
    await tab.evaluate('void manager.signinRedirect()');
    await tab.getByLabel('Password').waitFor();
  });
});

function configuration(origin: string) {
  return defineConfig({
    organizations: [{ id: 'org_spa', name: 'SPA (demo)' }],
    projects: [
      {
        id: 'spa-project',
        organization: 'org_spa',
        name: 'SPA',
        applications: [{ id: 'spa', name: 'SPA', kind: 'spa', redirectUris: [`${origin}/`], postLogoutRedirectUris: [`${origin}/`] }],
      },
    ],
    users: [
      { id: 'usr_spa', organization: 'org_spa', email: person.email, emailVerified: true, name: 'Demo Person', password: person.password },
    ],
  });
}
