/** The docs page in a real browser, with a provider of another origin that lies on demand. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, afterEach, before, describe, it } from 'node:test';
import { accessibilityFindings, chromiumSkipped, launchChromium, watch } from '@safeconduct/test-support/chromium';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { generic } from '../../core/providers/generic.ts';
import { openApiDocs } from './openapi-docs.ts';

const pet = {
  type: 'object',
  required: ['name'],
  properties: { name: { type: 'string' }, kind: { type: 'string', enum: ['cat', 'dog'] } },
};
const response = { 200: { description: 'Done', content: { 'application/json': { schema: { $ref: '#/components/schemas/Pet' } } } } };
const pets = {
  openapi: '3.0.3',
  info: { title: 'Pets', version: '2.0.0', description: 'With **every** kind of control.' },
  servers: [{ url: '/' }, { url: 'https://pets.example' }],
  components: { schemas: { Pet: pet }, securitySchemes: { key: { type: 'apiKey', in: 'header', name: 'x-key' } } },
  paths: {
    '/pets': {
      get: {
        summary: 'Finds pets',
        parameters: [{ name: 'kind', in: 'query', schema: { type: 'string', enum: ['cat', 'dog'] } }],
        security: [{ oauth2: ['pets:read', 'pets:write'] }, { key: [] }],
        responses: response,
      },
      post: {
        summary: 'Adds a pet',
        requestBody: { content: { 'application/json': { schema: { $ref: '#/components/schemas/Pet' } } } },
        security: [{ oauth2: [] }],
        responses: response,
      },
    },
  },
};

interface Lies {
  readonly redirect?: Record<string, string>;
  readonly claims?: object;
  readonly token?: object;
  readonly tokenStatus?: number;
  readonly allowOrigin?: string;
}

describe('the docs page in Chromium, with a provider of another origin', { skip: chromiumSkipped }, () => {
  let provider: Server;
  let api: Server;
  let browser: Browser;
  let lies: Lies = {};
  let tokenRequests = 0;
  let issuer: string;
  let url: string;
  const asked = new Map<string, { nonce: string; challenge: string }>();

  const listen = async (server: Server) => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  before(async () => {
    provider = createServer((request, response) => void answer(request, response));
    issuer = await listen(provider);
    const scopes = { 'pets:read': 'See pets', 'pets:write': 'Change pets' };
    const docs = openApiDocs({ document: pets, login: { provider: generic({ issuer }), clientId: 'docs', scopes } });
    api = createServer(async (request, response) => {
      if (await docs.node(request, response)) return;
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ authorization: request.headers.authorization ?? null }));
    });
    url = await listen(api);
    browser = await launchChromium();
  });
  after(async () => {
    await browser.close();
    for (const server of [provider, api]) server.close();
  });
  afterEach(() => {
    lies = {};
    tokenRequests = 0;
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', issuer);
    response.setHeader('access-control-allow-origin', lies.allowOrigin ?? url);
    if (pathname === '/authorize') return authorize(searchParams, response);
    response.setHeader('content-type', 'application/json');
    if (pathname === '/token') return token(request, response);
    const metadata = { authorization_endpoint: `${issuer}/authorize`, token_endpoint: `${issuer}/token`, jwks_uri: `${issuer}/keys` };
    response.end(JSON.stringify({ issuer, authorization_response_iss_parameter_supported: true, ...metadata }));
  }

  function authorize(query: URLSearchParams, response: ServerResponse): void {
    const code = `code-${asked.size}`;
    asked.set(code, { nonce: query.get('nonce') ?? '', challenge: query.get('code_challenge') ?? '' });
    const back = new URL(query.get('redirect_uri') ?? '');
    for (const [name, value] of Object.entries({ code, state: query.get('state') ?? '', iss: issuer, ...lies.redirect })) {
      if (value === '') back.searchParams.delete(name);
      else back.searchParams.set(name, value);
    }
    // As strict as the issuer in the box: the two windows are cut off from each other.
    response.writeHead(200, { 'content-type': 'text/html', 'cross-origin-opener-policy': 'same-origin' });
    response.end(
      `<!doctype html><title>Sign in</title><link rel="icon" href="data:,"><a href="${back.href.replaceAll('&', '&amp;')}">Allow</a>`,
    );
  }

  async function token(request: IncomingMessage, response: ServerResponse): Promise<void> {
    tokenRequests += 1;
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const form = new URLSearchParams(Buffer.concat(chunks).toString());
    const { nonce, challenge } = asked.get(form.get('code') ?? '') ?? { nonce: '', challenge: '' };
    const proved =
      createHash('sha256')
        .update(form.get('code_verifier') ?? '')
        .digest('base64url') === challenge;
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const idToken = `${part({ alg: 'none' })}.${part({ iss: issuer, aud: 'docs', sub: 'u1', nonce, name: 'Zoë Müller', ...lies.claims })}.`;
    response.statusCode = lies.tokenStatus ?? (proved ? 200 : 400);
    response.end(JSON.stringify({ access_token: 'access-1', token_type: 'Bearer', expires_in: 600, id_token: idToken, ...lies.token }));
  }

  async function withDocs(run: (page: Page, context: BrowserContext) => Promise<void>): Promise<string[]> {
    const context = await browser.newContext({ viewport: { width: 390, height: 844 } });
    context.setDefaultTimeout(10_000);
    const page = await context.newPage();
    const { problems } = watch(page, [url, issuer]);
    await page.goto(`${url}/docs`);
    await page.waitForSelector('.opblock');
    await run(page, context);
    await context.close();
    return problems;
  }

  async function signIn(page: Page, context: BrowserContext): Promise<void> {
    const [popup] = await Promise.all([context.waitForEvent('page'), page.click('button.authorize')]);
    await popup.click('a');
  }

  const failure = async (page: Page) => {
    await page.getByRole('alert').waitFor();
    return page.innerText('#who');
  };

  it('shows the name that the provider gave, sends the token to the API, and only there', async () => {
    const problems = await withDocs(async (page, context) => {
      await signIn(page, context);
      await page.waitForSelector('.bearer');
      assert.match(await page.innerText('#who'), /Calls run as Zoë Müller/);
      await page.click('.opblock-get .opblock-summary-control');
      await page.click('.opblock-get .execute');
      await page.getByText('"Bearer access-1"').waitFor();
    });
    assert.deepEqual(problems, []);
  });

  it('says which scopes an operation needs, and can be used by everybody with every kind of control on it', async () => {
    const problems = await withDocs(async (page) => {
      assert.equal(await page.innerText('.opblock-get .needs'), 'Needs pets:read and pets:write or key');
      assert.equal(await page.innerText('.opblock-post .needs'), 'Needs a sign-in');
      for (const control of await page.locator('.opblock-summary-control, .models-control').all()) await control.click();
      await page.locator('.model-box-control').first().waitFor();
      await page.waitForSelector('.body-param__text');
      assert.deepEqual(await accessibilityFindings(page), []);
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'it scrolls sideways');
    });
    assert.deepEqual(problems, []);
  });

  it('sends no code to anybody when the answer names another issuer, or none', async () => {
    for (const iss of ['https://evil.example', `${issuer}/`, '']) {
      lies = { redirect: { iss } };
      await withDocs(async (page, context) => {
        await signIn(page, context);
        assert.match(await failure(page), /came from another provider/);
      });
    }
    assert.equal(tokenRequests, 0);
  });

  it('throws a token away whose ID token belongs to another sign-in', async () => {
    for (const claims of [{ nonce: 'other' }, { aud: 'somebody' }, { iss: 'https://evil.example' }]) {
      lies = { claims };
      await withDocs(async (page, context) => {
        await signIn(page, context);
        assert.match(await failure(page), /belongs to another sign-in/);
      });
    }
  });

  it('says what to register when the token endpoint does not answer this origin, or does not know the client', async () => {
    const register = new RegExp(`Register exactly ${url}/docs/oauth2-redirect as a redirect URI of this public client`);
    for (const [lie, words] of [
      [{ allowOrigin: 'https://other.example' }, /did not answer this page[\s\S]*\(CORS\)/],
      [{ tokenStatus: 401, token: { error: 'invalid_client' } }, /gave no token: invalid_client/],
    ] as const) {
      lies = lie;
      await withDocs(async (page, context) => {
        await signIn(page, context);
        const text = await failure(page);
        assert.match(text, words);
        assert.match(text, register);
      });
    }
  });

  it('has a link for browsers that keep windows from opening', async () => {
    await withDocs(async (page, context) => {
      await page.evaluate(() => Object.assign(window, { open: () => null }));
      await page.click('button.authorize');
      assert.match(await page.innerText('#who'), /Your browser kept the window/);
      const [opened] = await Promise.all([context.waitForEvent('page'), page.click('text=Open it here')]);
      await opened.click('a');
      await page.waitForSelector('.bearer');
    });
  });

  it('has an address for each operation', async () => {
    await withDocs(async (page) => {
      await page.click('.opblock-post .opblock-summary-control');
      await page.waitForURL(/#\/default\/post_pets$/);
      await page.reload();
      await page.waitForSelector('.opblock-post.is-open .execute');
    });
  });

  it('signs the person out when the token ends', async () => {
    lies = { token: { expires_in: 1 } };
    await withDocs(async (page, context) => {
      await signIn(page, context);
      assert.match(await failure(page), /The token has ended\. Sign in again/);
    });
  });
});
