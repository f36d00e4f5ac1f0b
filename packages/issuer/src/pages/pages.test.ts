import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { consentPage, place } from './consent.ts';
import { deviceCodePage, deviceConfirmPage, deviceDonePage } from './device.ts';
import { errorPage } from './error.ts';
import { html, initials, shown } from './html.ts';
import type { Frame } from './layout.ts';
import { type LoginPage, loginPage } from './login.ts';
import { signedOutPage, signOutPage } from './sign-out.ts';
import { ago, duration, moment, scopeInWords } from './words.ts';

const frame: Frame = { host: 'id.shop.example', stylesheet: '/assets/a.css', icon: '/assets/b.svg' };
const HOSTILE = `"><script>alert(1)</script><img src=x onerror='alert(2)'>`;
const person = { name: HOSTILE, email: `${HOSTILE}@x` };
const scopes = [{ name: HOSTILE, description: HOSTILE }];
const login: LoginPage = { action: '/a', csrf: HOSTILE, app: HOSTILE, device: false, again: false, startOver: '/b', email: HOSTILE };
const lifetime = { token: 600, idle: 604_800, total: 2_592_000 };
const consent = {
  action: '/a',
  csrf: HOSTILE,
  person,
  app: HOSTILE,
  clientId: HOSTILE,
  runBy: HOSTILE,
  checked: false,
  redirectUri: 'https://shop.example/cb',
  scopes,
  lifetime,
  switchAccount: '/b',
};

const hostilePages: Readonly<Record<string, string>> = {
  login: loginPage(frame, login),
  'login on a device': loginPage(frame, { ...login, device: true }),
  consent: consentPage(frame, consent),
  'device code': deviceCodePage(frame, { action: '/a', csrf: { [HOSTILE]: HOSTILE }, code: HOSTILE, problem: 'unknown' }),
  'device question': deviceConfirmPage(frame, {
    action: '/a',
    fields: { user_code: HOSTILE },
    code: HOSTILE,
    app: HOSTILE,
    clientId: HOSTILE,
    from: HOSTILE,
    elsewhere: true,
    age: 3,
    scopes,
    person,
  }),
  'device done': deviceDonePage(frame, { app: HOSTILE, person }),
  'sign out': signOutPage(frame, {
    action: '/a',
    fields: { xsrf: HOSTILE },
    app: HOSTILE,
    person,
    apps: [{ name: HOSTILE, host: HOSTILE }],
  }),
  'signed out': signedOutPage(frame, { back: { name: HOSTILE, url: 'https://shop.example/' } }),
  error: errorPage(frame, {
    title: HOSTILE,
    what: HOSTILE,
    steps: [HOSTILE],
    reference: HOSTILE,
    at: new Date(0),
    developer: { code: HOSTILE, detail: HOSTILE, client: HOSTILE, askedFor: HOSTILE, fix: HOSTILE },
  }),
};

describe('pages', () => {
  for (const [name, page] of Object.entries(hostilePages)) {
    it(`shows hostile names as text: ${name}`, () => {
      assert.match(page, /&lt;script&gt;/, 'the name is there');
      assert.doesNotMatch(page, /<script|<img|onerror='/);
      assert.match(page, /^<!doctype html>\n<html lang="en">/);
    });
  }

  it('holds no script, no inline style and no foreign address', () => {
    for (const page of Object.values(hostilePages)) {
      assert.doesNotMatch(page, /\sstyle="|<style|\son[a-z]+="|javascript:/i);
      const addresses = [...page.matchAll(/(?:href|src|action)="([^"]*)"/g)].map(([, address]) => address);
      assert.deepEqual(
        addresses.filter((address) => !address?.startsWith('/') && address !== 'https://shop.example/'),
        [],
      );
    }
  });

  it('refuses a template value that is not there yet', () => {
    assert.throws(() => html`${Promise.resolve('late')}`, TypeError);
  });

  it('shows a name as one short line without marks that nobody sees', () => {
    assert.equal(shown('Shop\u202eevil\u200b\nnext'), 'Shop evil next');
    assert.equal([...shown('x'.repeat(500))].length, 80);
    assert.equal(initials('Ada Brandt'), 'AB');
    assert.equal(initials('ada@shop.example'), 'A');
    assert.equal(initials('<b>'), '');
  });
});

describe('the sign-in page', () => {
  it('says what comes next', () => {
    assert.match(loginPage(frame, { ...login, app: 'Shop' }), /Then we take you back to <b>Shop<\/b>\./);
    assert.match(loginPage(frame, { ...login, app: 'Shop terminal', device: true }), /<b>Shop terminal<\/b> on your device can act as you/);
  });

  it('offers nothing that does not work', () => {
    assert.doesNotMatch(hostilePages.login ?? '', /Forgot|passkey|Google|Create an account|Help|Privacy/i);
    const linked = loginPage({ ...frame, help: 'https://shop.example/help' }, login);
    assert.match(linked, /<a href="https:\/\/shop\.example\/help">Help<\/a>/);
  });

  it('ties the message to both fields after a mistake', () => {
    const page = loginPage(frame, { ...login, problem: { kind: 'mismatch' } });
    assert.match(page, /role="alert" id="problem"/);
    assert.equal(page.match(/aria-invalid="true" aria-describedby="problem"/g)?.length, 2);
  });

  it('says how long a pause lasts and disables the button', () => {
    const page = loginPage(frame, { ...login, problem: { kind: 'paused', where: 'email', seconds: 241 } });
    assert.match(page, /disabled>Passwords open again in 5 minutes</);
  });

  it('never repeats a password', () => {
    assert.match(
      hostilePages.login ?? '',
      /<input id="password" name="password" type="password" autocomplete="current-password" required>/,
    );
  });
});

describe('the consent page', () => {
  it('R-009 names client, redirect host, scopes, lifetime and whether anybody checked it', () => {
    const page = consentPage(frame, {
      ...consent,
      app: 'Shop',
      clientId: 'shop-cli',
      scopes: [{ name: 'orders:read', description: 'See your orders' }],
    });
    for (const part of [
      /<b>shop\.example<\/b>/,
      /shop-cli/,
      /See your orders <code>orders:read<\/code>/,
      /7 days without use/,
      /Checked by us<\/dt><dd>No/,
    ]) {
      assert.match(page, part);
    }
  });

  it('calls loopback this computer, and a private scheme an app', () => {
    assert.equal(place('http://127.0.0.1:4711/cb'), 'this computer (127.0.0.1)');
    assert.equal(place('http://[::1]:4711/cb'), 'this computer ([::1])');
    assert.equal(place('com.example.app:/cb'), 'an app on this device (com.example.app)');
    assert.equal(place('https://shop.example:8443/cb'), 'shop.example:8443');
  });
});

describe('words', () => {
  it('rounds lengths of time up, and what is past down', () => {
    assert.deepEqual([0.2, 59, 60, 61, 3600, 90_000].map(duration), [
      '1 second',
      '59 seconds',
      '1 minute',
      '2 minutes',
      '1 hour',
      '2 days',
    ]);
    assert.deepEqual([0, 40.9, 125].map(ago), ['just now', '40 seconds ago', '2 minutes ago']);
    assert.equal(moment(new Date('2026-11-22T14:31:00Z')), '22 Nov 2026, 14:31 UTC');
  });

  it('names a scope that nobody described', () => {
    assert.equal(scopeInWords({ name: 'x:y' }), 'Use x:y');
    assert.equal(scopeInWords({ name: 'offline_access' }), 'Stay connected while you are away');
  });
});
