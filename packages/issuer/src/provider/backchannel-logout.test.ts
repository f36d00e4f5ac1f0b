/** Where sign-outs are told: at public addresses, by the one guarded way out, and never further than the address that was registered. */
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { type OnEngine, startBareOn } from './bare-issuer.fixtures.test.ts';
import { signIn } from './harness.test.ts';

describe('telling applications of a sign-out', () => {
  let issuer: OnEngine;
  let listener: Server;
  let here: string;
  const asked: string[] = [];
  const said: string[] = [];
  before(async () => {
    listener = createServer((request, response) => {
      asked.push(String(request.url));
      response.writeHead(307, { location: '/elsewhere' }).end();
    });
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
    here = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`;
    issuer = await startBareOn('pglite', { applicationCache: 0, log: (message) => void said.push(message) });
  });
  after(async () => {
    listener.close();
    await issuer.end();
  });

  const toldAt = async (address: string) => {
    const { bare, url } = issuer;
    said.length = 0;
    await bare.store.run({ name: 'test address', text: `update issuer.application set backchannel_logout_uri = $1 where id = 'web'` }, [
      address,
    ]);
    const { browser, tokens } = await signIn(url, { client: 'web' });
    await browser.send(`/oauth2/logout?${new URLSearchParams({ id_token_hint: tokens.id_token })}`);
    while (said.length === 0) await new Promise((resolve) => setImmediate(resolve));
    return said.join('\n');
  };

  for (const address of [
    'https://169.254.169.254/ended',
    'https://10.0.0.7/ended',
    'https://[64:ff9b::a00:7]/ended',
    'https://[fd00::7]/ended',
  ])
    it(`R-038 asks nobody at ${address}`, async () => {
      assert.match(await toldAt(address), /not delivered.*not public/s);
    });

  it('R-038 SSR-04 follows no redirect', async () => {
    assert.match(await toldAt(`${here}/ended`), /not delivered.*redirect/s);
    assert.deepEqual(asked, ['/ended']);
  });

  it('says no token in the log', async () => {
    assert.doesNotMatch(await toldAt(`${here}/ended`), /eyJ/);
  });
});
