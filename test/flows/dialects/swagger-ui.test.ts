/** API docs by Swagger UI as it comes, with its own login window, at each dialect: sign in, and call the API as that person. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { chromiumSkipped, launchChromium } from '@safeconduct/test-support/chromium';
import { freePort } from '@safeconduct/test-support/ports';
import type { Browser } from 'playwright-core';
import { guardAt, metadataOf, type Vendor, vendors } from './own-library.fixtures.test.ts';
import { ADA, startWorld, type World, type WorldOptions, withApplication } from './world.fixtures.test.ts';

const bundle = readFileSync(new URL('../../../packages/safeconduct/assets/swagger-ui/swagger-ui-bundle.js', import.meta.url));
const WAY_BACK = '/docs/oauth2-redirect';

/** What frameworks serve with Swagger UI at the way back: the answer goes to the window that opened this one. */
const wayBack = `<!doctype html><title>Signed in</title><script>
const { swaggerUIRedirectOauth2: waiting } = window.opener;
const answer = new URLSearchParams(location.search);
const { auth, redirectUrl, state } = waiting;
if (answer.get('state') !== state) waiting.errCb({ authId: auth.name, source: 'auth', level: 'error', message: 'another state' });
else waiting.callback({ auth: { ...auth, code: answer.get('code') }, redirectUrl });
window.close();
</script>`;

/** One operation, and the two endpoints of the dialect: all that an API's description says about signing in. */
const description = (at: Readonly<Record<string, string>>, scopes: readonly string[]) => ({
  openapi: '3.1.0',
  info: { title: 'Orders', version: '1' },
  paths: { '/orders': { get: { operationId: 'orders', security: [{ vendor: scopes }], responses: { 200: { description: 'Yours' } } } } },
  components: {
    securitySchemes: {
      vendor: {
        type: 'oauth2',
        flows: {
          authorizationCode: {
            authorizationUrl: at.authorization_endpoint,
            tokenUrl: at.token_endpoint,
            scopes: Object.fromEntries(scopes.map((scope) => [scope, ''])),
          },
        },
      },
    },
  },
});

const page = (described: object, settings: object) => `<!doctype html><html lang="en"><title>Orders</title><link rel="icon" href="data:,">
<div id="docs"></div><script src="/bundle.js"></script><script>
SwaggerUIBundle({ spec: ${JSON.stringify(described)}, dom_id: '#docs', oauth2RedirectUrl: location.origin + '${WAY_BACK}' })
  .initOAuth({ clientId: 'shop-spa', usePkceWithAuthorizationCodeGrant: true, ...${JSON.stringify(settings)} });
</script>`;

/** The dialects, whose pages keep the window that opened them. */
const spoken = vendors.filter(({ dialect }) => dialect !== 'standard');

describe('Swagger UI in Chromium', { skip: chromiumSkipped }, () => {
  let world: World;
  let browser: Browser;
  let server: Server;
  let origin = '';
  let vendor = spoken[0] as Vendor;
  before(async () => {
    const port = await freePort();
    origin = `http://localhost:${port}`;
    const declare: WorldOptions['declare'] = (base) =>
      withApplication(base, 'shop-spa', () => ({ redirectUris: [`${origin}${WAY_BACK}`] }));
    [world, browser] = await Promise.all([startWorld({ dialects: spoken.map(({ dialect }) => dialect), declare }), launchChromium()]);
    server = createServer(async ({ url = '', headers: { authorization = '' } }, response) => {
      if (url === '/bundle.js') return response.setHeader('content-type', 'text/javascript; charset=utf-8').end(bundle);
      response.setHeader('content-type', 'text/html');
      if (url.startsWith(WAY_BACK)) return response.end(wayBack);
      if (url !== '/orders') return response.end(await docs());
      const { client } = await guardAt(world, vendor)(new Request(`${origin}${url}`, { headers: { authorization } }));
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ client }));
    });
    await once(server.listen(port, '127.0.0.1'), 'listening');
  });
  after(async () => {
    await browser?.close();
    server?.close();
    await world?.stop();
  });

  async function docs(): Promise<string> {
    const { scopes = [], resource } = vendor.asks;
    const described = description(await metadataOf(world, vendor), scopes);
    // Auth0 is told of the API by a parameter of its own.
    const audience = vendor.dialect === 'auth0' ? { additionalQueryStringParams: { audience: resource } } : {};
    return page(described, { scopes, ...audience });
  }

  for (const one of spoken)
    it(`S3.6 signs in at ${one.dialect} in a window, and calls the API as the person`, async () => {
      vendor = one;
      // What the command prints about trusting the local authority, done for this browser.
      const context = await browser.newContext({ ignoreHTTPSErrors: true, permissions: ['local-network-access'] });
      const tab = await context.newPage();
      tab.setDefaultTimeout(15_000);
      await tab.goto(`${origin}/docs`);
      await tab.getByRole('button', { name: 'Authorize' }).first().click();
      const [popup] = await Promise.all([tab.waitForEvent('popup'), tab.locator('.auth-btn-wrapper').getByText('Authorize').click()]);
      await popup.getByLabel('E-mail').fill(ADA.email);
      await popup.getByLabel('Password').fill(ADA.password);
      await Promise.all([popup.waitForEvent('close'), popup.getByRole('button', { name: 'Sign in' }).click()]);
      await tab.locator('.auth-btn-wrapper').getByText('Logout').waitFor();
      await tab.locator('.auth-btn-wrapper').getByText('Close').click();
      await tab.locator('.opblock-summary-control').click();
      await tab.getByRole('button', { name: 'Try it out' }).click();
      const called = tab.waitForResponse(`${origin}/orders`);
      await tab.getByRole('button', { name: 'Execute' }).click();
      const answer = await called;
      assert.equal(answer.status(), 200);
      assert.equal(((await answer.json()) as { client?: string }).client, 'shop-spa');
      await context.close();
    });
});
