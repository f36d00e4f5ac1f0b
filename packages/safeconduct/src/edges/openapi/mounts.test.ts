/** The docs page in real frameworks, over real HTTP. */
import assert from 'node:assert/strict';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { getRequestListener } from '@hono/node-server';
import express from 'express';
import Fastify from 'fastify';
import { Hono } from 'hono';
import { generic } from '../../core/providers/generic.ts';
import { openApiDocs } from './openapi-docs.ts';

const docs = openApiDocs({
  document: { openapi: '3.1.0', info: { title: 'Shop API', version: '1' }, paths: {} },
  login: { provider: generic({ issuer: 'http://127.0.0.1:1' }), clientId: 'docs', scopes: {} },
});

const frameworks: Record<string, () => Promise<RequestListener>> = {
  async express() {
    const app = express();
    app.use(docs.express);
    app.get('/orders', (_, response) => void response.send('mine'));
    return app;
  },
  async fastify() {
    const app = Fastify();
    app.register(docs.fastify);
    app.get('/orders', async () => 'mine');
    await app.ready();
    return (request, response) => app.routing(request, response);
  },
  async hono() {
    const app = new Hono();
    app.use(docs.hono);
    app.get('/orders', (context) => context.text('mine'));
    return getRequestListener(app.fetch);
  },
  async 'node:http'() {
    return async (request, response) => {
      if (!(await docs.node(request, response))) response.end('mine');
    };
  },
  async 'a fetch handler'() {
    return getRequestListener(async (request) => (await docs.fetch(request)) ?? new Response('mine'));
  },
};

for (const [name, create] of Object.entries(frameworks)) {
  describe(`the docs page in ${name}`, () => {
    let server: Server;
    let base: string;
    before(async () => {
      server = createServer(await create());
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    });
    after(() => server.close());

    it('serves the page, its document and its files, and nothing of the API', async () => {
      const page = await fetch(`${base}/docs?from=mail`);
      const html = await page.text();
      assert.deepEqual([page.status, page.headers.get('content-type')], [200, 'text/html; charset=utf-8']);
      assert.match(page.headers.get('content-security-policy') ?? '', /^default-src 'none'/);
      assert.match(html, /Shop API/);
      for (const [, path] of html.matchAll(/(?:src|href)="(\/docs\/[^"]+)"/g)) {
        const answer = await fetch(base + path);
        assert.ok((await answer.arrayBuffer()).byteLength > 0, path);
        assert.equal(answer.status, 200, path);
      }
      assert.equal((await fetch(`${base}/docs/oauth2-redirect?code=x&state=y`)).status, 200);
      assert.equal((await fetch(`${base}/docs`, { headers: { 'if-none-match': page.headers.get('etag') ?? '' } })).status, 304);
      assert.equal((await fetch(`${base}/docs/nothing`)).status, 404);
      assert.equal((await fetch(`${base}/docs`, { method: 'HEAD' })).status, 200);
      assert.equal(await (await fetch(`${base}/orders`)).text(), 'mine');
    });
  });
}

it('answers a path that a router of Express has cut, and leaves odd methods alone', async () => {
  const app = express();
  const router = express.Router();
  router.use(docs.express);
  app.use('/docs', router);
  const server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    assert.equal((await fetch(`${base}/docs/openapi.json`)).status, 200);
    assert.equal((await fetch(`${base}/docs`, { method: 'DELETE' })).status, 405);
  } finally {
    server.close();
  }
});
