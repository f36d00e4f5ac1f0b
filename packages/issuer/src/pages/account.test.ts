import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type AccountPage, accountPage } from './account.ts';
import type { Frame } from './layout.ts';
import { leavePage } from './leave.ts';
import { confirmLinkPage, linkPage } from './link.ts';
import { loginPage } from './login.ts';
import { stoppedPage } from './login-stopped.ts';

const frame: Frame = { host: 'id.shop.example', stylesheet: '/assets/a.css', icon: '/assets/b.svg' };
const HOSTILE = `"><script>alert(1)</script><img src=x onerror='alert(2)'>`;
const person = { name: HOSTILE, email: `${HOSTILE}@x` };
const at = new Date('2026-11-22T14:31:00Z');
const account: AccountPage = {
  person,
  userId: HOSTILE,
  organization: HOSTILE,
  csrf: HOSTILE,
  signOut: '/out',
  at,
  notice: { tone: 'done', title: HOSTILE, text: HOSTILE },
  connected: [
    {
      path: '/account/connected/cac_1',
      name: HOSTILE,
      account: HOSTILE,
      connectedAt: at,
      broken: HOSTILE,
      connectAgain: `/connect/x?${HOSTILE}`,
      uses: [{ applicationId: HOSTILE, applicationName: HOSTILE, scopes: [HOSTILE], lastUsedAt: at }],
    },
  ],
  connectable: [{ name: HOSTILE, application: HOSTILE, link: '/c' }],
  ways: {
    password: true,
    linked: [{ issuer: HOSTILE, subject: HOSTILE, connection: HOSTILE, name: HOSTILE, lastUsedAt: at, closed: HOSTILE, only: false }],
    linkable: [{ name: HOSTILE, link: '/l' }],
  },
};
const link = { action: '/a', csrf: HOSTILE, person, name: HOSTILE };
const login = { action: '/a', csrf: HOSTILE, app: 'Shop', device: false, again: false, startOver: '/b' };

const pages: Readonly<Record<string, string>> = {
  account: accountPage(frame, account),
  link: linkPage(frame, { ...link, back: '/account' }),
  'both accounts': confirmLinkPage(frame, { ...link, key: HOSTILE, account: HOSTILE, subject: HOSTILE }),
  stopped: stoppedPage(frame, { title: HOSTILE, what: HOSTILE, steps: [HOSTILE], back: { label: HOSTILE, href: '/b' }, reference: 'K7QD' }),
  leaving: leavePage(frame, { name: HOSTILE, url: new URL(`https://idp.example/?q=${HOSTILE}`) }),
  'sign-in with other ways': loginPage(frame, { ...login, ways: [{ name: HOSTILE, action: '/w' }] }),
};

describe('pages of the account and of third parties', () => {
  for (const [name, page] of Object.entries(pages)) {
    it(`show what a third party calls itself or somebody as text: ${name}`, () => {
      assert.doesNotMatch(page, /<script|<img/);
      assert.ok(page.includes('&lt;script&gt;') || page.includes('%3Cscript%3E'));
    });
  }

  it('bound the names that third parties choose', () => {
    const long = confirmLinkPage(frame, { ...link, name: 'x'.repeat(500), account: `a\u202eb${'y'.repeat(500)}`, key: 'k', subject: 's' });
    assert.doesNotMatch(long, /x{81}|y{81}|\u202e/);
  });

  it('say what is missing in words, and offer no way out that would lock the person out', () => {
    const [only] = account.ways.linked;
    assert.ok(only);
    const page = accountPage(frame, {
      ...account,
      notice: undefined,
      connected: [],
      connectable: [],
      ways: { password: false, linked: [{ ...only, only: true }], linkable: [] },
    });
    assert.match(page, /Nothing is connected/);
    assert.match(page, /data-state="off">None/);
    assert.match(page, /Your only way in/);
    assert.doesNotMatch(page, /<form/);
  });
});
