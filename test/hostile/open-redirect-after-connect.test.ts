/** Somebody tries to have a person who connects an account end up elsewhere. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  CALLBACK,
  CHAT,
  connectLink,
  formIn,
  goToConfirm,
  heading,
  open,
  type Place,
  pkce,
  startPlace,
  tokenForMe,
  Visitor,
} from '../../packages/issuer/src/flows/connecting.fixtures.test.ts';

const evil = [
  'https://evil.example/',
  '//evil.example/chat',
  '/\\evil.example',
  `${CHAT}.evil.example`,
  'http://localhost:3999.evil.example/chat',
  'http://localhost:3999@evil.example/chat',
  'http://evil.example\\@localhost:3999/chat',
  'http://user:word@localhost:3999/chat',
  'http://localhost:3999/chat/../../evil',
  'http://localhost:3999/chat/%2e%2e/evil',
  'http://localhost:3999/chat/more',
  'http://localhost:3999/CHAT',
  'http://localhost:4000/chat',
  'http://127.0.0.1:3999/chat',
  'https://localhost:3999/chat',
  `${CHAT}#https://evil.example`,
  `${CHAT}\n`,
  `\t${CHAT}`,
  ` ${CHAT}`,
  'javascript:alert(1)//http://localhost:3999/chat',
  'data:text/html,hi',
  'http:localhost:3999/chat',
  'http:/localhost:3999/chat',
  'http://localhost:3999/chat;/evil',
  'chat',
  '/account',
];

describe('an open redirect after connecting', () => {
  let place: Place;
  before(async () => {
    place = await startPlace('pglite');
  });
  after(() => place?.stop());

  it('R-079 leads to registered addresses only, exactly', async () => {
    const browser = new Visitor(place);
    await open(browser, connectLink(place, { client_id: 'shop-web' }));
    for (const address of evil) {
      const page = await browser.get(connectLink(place, { client_id: 'shop-web', return_to: address }));
      assert.equal(heading(page), 'We stopped before asking you', JSON.stringify(address));
      assert.equal(page.status, 400);
      assert.ok(!(page.headers.get('content-security-policy') ?? '').includes('evil'));
      assert.ok(!/href="[^"]*evil/.test(page.text), 'and no link there either');
    }
  });

  it('R-079 checks the address again when the form is sent', async () => {
    const browser = new Visitor(place);
    const page = await open(browser, connectLink(place, { client_id: 'shop-web', return_to: CHAT }));
    for (const decision of ['allow', 'deny']) {
      const answer = await browser.submit(page, { decision, return_to: 'https://evil.example/' });
      assert.equal(heading(answer), 'We stopped before asking you');
      const foreign = await browser.submit(page, { decision, client_id: 'other-web' });
      assert.equal(heading(foreign), 'We stopped before asking you', 'an address of another app');
    }
  });

  it('R-079 does not take where to go from the last form', async () => {
    const browser = new Visitor(place);
    const confirm = await goToConfirm(browser, connectLink(place, { client_id: 'shop-web', return_to: `${CHAT}?a=1&connected=evil` }));
    assert.ok(!('return_to' in formIn(confirm).hidden));
    const back = await browser.submit(confirm, { decision: 'allow', return_to: 'https://evil.example/' });
    assert.equal(back.url.href, `${CHAT}?a=1&connected=calendar`);
  });

  it('R-079 refuses parameters that are there twice', async () => {
    const browser = new Visitor(place);
    const address = `${connectLink(place, { client_id: 'shop-web', return_to: CHAT })}&return_to=https://evil.example/`;
    assert.equal(heading(await browser.get(address)), 'We can’t follow this link');
  });

  it('R-079 stays here after a sign-in on the way', async () => {
    const browser = new Visitor(place);
    const page = await open(browser, `${connectLink(place, { client_id: 'shop-web', return_to: CHAT })}&backTo=https://evil.example/`);
    assert.equal(heading(page), 'Connect Almanac?');
    assert.equal(page.url.origin, place.url);
    for (const path of ['/connect//evil.example', '/connect/..%2f..%2fevil', '/connect/%5cevil.example'])
      assert.ok((await browser.get(`${place.url}${path}?client_id=shop-web`)).status >= 400);
  });

  it('R-079 takes the registered redirect address alone over the JSON API', async () => {
    const token = await tokenForMe(place, new Visitor(place));
    const { challenge } = pkce();
    for (const address of [...evil, `${CALLBACK}?next=https://evil.example`, `${CALLBACK}/`]) {
      const response = await fetch(`${place.url}/me/v1/connected-accounts/connect`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ connection: 'calendar', redirect_uri: address, code_challenge: challenge, code_challenge_method: 'S256' }),
      });
      assert.equal(response.status, 400, JSON.stringify(address));
      await response.body?.cancel();
    }
  });
});
