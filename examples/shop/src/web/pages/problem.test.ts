import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startTestShop, type TestShop } from '../../testing/shops.ts';

describe('the page for what went wrong', () => {
  let shop: TestShop;
  before(async () => {
    shop = await startTestShop({ issuer: 'http://localhost:9' });
  });
  after(() => shop.close());

  it('R-008 answers an address that does not exist, or an unknown method, with a page that leads back', async () => {
    for (const [method, path] of [
      ['GET', '/nothing'],
      ['POST', '/'],
      ['PUT', '/chat'],
    ] as const) {
      const answer = await fetch(shop.url + path, { method, redirect: 'manual' });
      assert.deepEqual([answer.status, answer.headers.get('content-type')], [404, 'text/html; charset=utf-8'], `${method} ${path}`);
      const html = await answer.text();
      assert.match(html, /<h1>There is nothing here<\/h1>[\s\S]*Back to the shop/);
      assert.doesNotMatch(html, /Not signed in/, 'the page does not know who asks');
    }
  });
});
