import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SettingsError, settingsFrom } from './settings.ts';

describe('the settings of the planner', () => {
  for (const [what, environment, message] of [
    ['an address with a path', { CALENDAR_URL: 'http://localhost:4002/v1' }, /^CALENDAR_URL has a path: write scheme/],
    ['something that is no address', { ISSUER: 'id.example', CLIENT_SECRET: 'x' }, /^ISSUER is no web address: write one such as/],
    ['a provider that is given, and no secret for it', { ISSUER: 'https://id.example' }, /^CLIENT_SECRET is missing: write the secret/],
    ['a session secret that is too short', { SESSION_SECRET: 'short' }, /^SESSION_SECRET is too short: write at least 32/],
  ] as const) {
    it(`name what to write instead of ${what}`, () => {
      assert.throws(
        () => settingsFrom(environment),
        (error) => error instanceof SettingsError && message.test(error.message),
      );
    });
  }

  it('hold a session secret of their own at each start, unless one is given', () => {
    assert.notEqual(settingsFrom({}).sessionSecret, settingsFrom({}).sessionSecret);
    const given = 'a secret of thirty-two characters or more';
    assert.equal(settingsFrom({ SESSION_SECRET: given }).sessionSecret, given);
  });

  it('keep an issuer to the letter, slash and all', () => {
    assert.equal(settingsFrom({ ISSUER: 'https://acme.auth0.com/', CLIENT_SECRET: 'x' }).issuer, 'https://acme.auth0.com/');
  });
});
