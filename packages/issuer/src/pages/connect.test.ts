import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { beyondOf, type ConnectPage, connectPage } from './connect.ts';
import { type BothAccountsPage, bothAccountsPage, connectEndPage } from './connected.ts';

const frame = { host: 'id.shop.example', stylesheet: '/s.css', icon: '/i.svg' };
const app = { name: 'Shop', clientId: 'shop-web', runBy: 'Quay Shop', checked: false, returnTo: 'https://shop.example/back' };
const person = { name: 'Ada Brandt', email: 'ada@shop.example' };
const ask: ConnectPage = {
  action: '/connect/calendar',
  fields: { client_id: 'shop-web', csrf: 'token' },
  person,
  service: 'Almanac',
  app,
  scopes: ['openid', 'calendar.read'],
  proxied: false,
  accounts: [],
  switchAccount: '/connect/calendar?client_id=shop-web&person=another',
};
const both: BothAccountsPage = {
  ...ask,
  account: { name: 'Ada B.', email: 'ada@almanac.example' },
  scopes: ['calendar.read'],
  beyond: [],
  missing: [],
  others: [],
  lost: [],
};

describe('the pages about connecting', () => {
  it('R-126 name the app, who runs it, where it leads, whether anybody checked it, and what it may do', () => {
    const page = connectPage(frame, ask);
    for (const shown of [
      '<b>Shop</b>',
      'Quay Shop',
      'shop.example',
      'shop-web',
      '<dd>No</dd>',
      'Know who you are at Almanac',
      '<code>calendar.read</code>',
    ])
      assert.ok(page.includes(shown), shown);
    assert.match(page, /only a key that we keep fresh/);
    assert.match(connectPage(frame, { ...ask, proxied: true }), /each request goes through us/);
  });

  it('say what each account means that is connected already, and choose the one that needs no trip', () => {
    const accounts = [
      { id: 'cac_1', name: 'old@almanac.example', kind: 'again', beyond: [] },
      { id: 'cac_2', name: 'small@almanac.example', kind: 'more', beyond: [] },
      { id: 'cac_3', name: 'good@almanac.example', kind: 'enough', beyond: ['calendar.write'] },
    ] as const;
    const page = connectPage(frame, { ...ask, accounts });
    assert.match(page, /value="cac_3" checked/);
    assert.match(page, /Its key also opens <code>calendar\.write<\/code>/);
    assert.match(
      connectPage(frame, { ...ask, accounts, preferred: 'cac_1' }),
      /value="cac_1" checked[\s\S]*Next, Almanac asks you to sign in/,
    );
    for (const shown of [
      'Needs to be connected again at Almanac',
      'Almanac asks you for more',
      'Nothing more to do there',
      'Another account at Almanac',
    ])
      assert.ok(page.includes(shown), shown);
  });

  it('R-126 say what an app’s key opens beyond what it asks for', () => {
    const page = bothAccountsPage(frame, { ...both, beyond: ['calendar.write'] });
    assert.match(page, /Its key there also opens <code>calendar\.write<\/code>/);
    assert.deepEqual(beyondOf(['openid', 'calendar.read', 'calendar.write'], { scopes: ['calendar.read'], proxied: false }), [
      'calendar.write',
    ]);
    assert.deepEqual(beyondOf(['calendar.write'], { scopes: [], proxied: true }), [], 'it holds none');
  });

  it('R-125 say plainly what the service did not give', () => {
    const page = bothAccountsPage(frame, { ...both, missing: ['calendar.write'] });
    assert.match(page, /Not everything was allowed[\s\S]*Almanac did not give <code>calendar\.write<\/code>/);
    assert.ok(!bothAccountsPage(frame, both).includes('Not everything'));
    assert.match(
      bothAccountsPage(frame, { ...both, lost: ['calendar.write'] }),
      /Less than before[\s\S]*You allowed <code>calendar\.write<\/code> before/,
    );
    assert.ok(!bothAccountsPage(frame, both).includes('Less than before'));
  });

  it('R-126 show both accounts, and say when it is another one than before', () => {
    const page = bothAccountsPage(frame, { ...both, others: ['old@almanac.example'] });
    for (const shown of [
      'ada@shop.example',
      'ada@almanac.example',
      'This is another account',
      'old@almanac.example',
      'Both stay connected',
    ])
      assert.ok(page.includes(shown), shown);
  });

  it('show names that others chose as text, whatever is in them', () => {
    const evil = '"><script>alert(1)</script>\u202e';
    const texts = [
      connectPage(frame, {
        ...ask,
        service: evil,
        app: { ...app, name: evil, runBy: evil, clientId: evil },
        scopes: [evil],
        person: { name: evil, email: evil },
        accounts: [{ id: 'cac_1', name: evil, kind: 'more', beyond: [] }],
      }),
      bothAccountsPage(frame, { ...both, account: { name: evil, email: evil }, missing: [evil], others: [evil], service: evil }),
      connectEndPage(frame, {
        kind: 'denied',
        service: evil,
        app: evil,
        account: evil,
        person: { name: evil },
        back: 'https://shop.example/"><script>',
      }),
    ];
    for (const text of texts) assert.ok(!text.includes('<script') && !text.includes('\u202e'));
  });

  it('tell how it ended, with the way back where there is one', () => {
    const end = (kind: 'connected' | 'cancelled' | 'denied', back?: string) =>
      connectEndPage(frame, { kind, service: 'Almanac', app: 'Shop', person, back });
    assert.match(end('connected'), /<h1>Almanac is connected<\/h1>/);
    assert.match(end('cancelled'), /<h1>Nothing was connected<\/h1>/);
    assert.match(
      end('denied', 'https://shop.example/back?error=access_denied'),
      /href="https:\/\/shop\.example\/back\?error=access_denied">Back to Shop</,
    );
  });
});
