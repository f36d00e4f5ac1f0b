import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { freePort } from '@safeconduct/test-support/ports';
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { type Listening, listen } from './server.ts';

describe('the server', () => {
  let listening: Listening;
  let port: number;
  before(async () => {
    const app = new Hono();
    app.use(bodyLimit({ maxSize: 1000, onError: (context) => context.text('too long', 413) }));
    app.post('/', async (context) => context.text(`took ${(await context.req.text()).length}`));
    port = await freePort();
    listening = await listen({ fetch: app.fetch, host: '127.0.0.1', port, url: `http://127.0.0.1:${port}` });
  });
  after(() => listening.close(500));

  /** Sends pieces without saying how long they are together. */
  async function post(headers: Record<string, string>, ...pieces: string[]): Promise<string> {
    const call = request({ host: '127.0.0.1', port, method: 'POST', headers, agent: false });
    const answered = once(call, 'response');
    for (const piece of pieces) call.write(piece);
    call.end();
    const [response] = await answered;
    let text = `${response.statusCode} `;
    for await (const chunk of response.setEncoding('utf8')) text += chunk;
    return text;
  }

  it('takes a form without a body, and one whose length is not told beforehand', async () => {
    assert.equal(await post({ 'content-length': '0' }), '200 took 0');
    assert.equal(await post({ 'transfer-encoding': 'chunked' }, 'a'.repeat(400), 'b'.repeat(400)), '200 took 800');
    assert.equal(await post({}), '200 took 0');
  });

  it('refuses one that is too long, whether or not its length was told', async () => {
    assert.equal(await post({ 'content-length': '2000' }, 'a'.repeat(2000)), '413 too long');
    assert.equal(await post({ 'transfer-encoding': 'chunked' }, 'a'.repeat(600), 'b'.repeat(600)), '413 too long');
  });
});
