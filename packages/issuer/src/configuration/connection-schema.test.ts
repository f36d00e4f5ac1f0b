import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ConfigurationError, checkConfiguration } from './schema.ts';

describe('the declaration of a connection', () => {
  const vendor = { id: 'calendar', organization: 'shop', name: 'Calendar', clientId: 'shop-at-calendar' };
  const bare = { ...vendor, preset: 'oidc', issuer: 'https://calendar.example' };
  const proxy = { baseUrl: 'https://api.calendar.example/v3', methods: ['GET', 'POST'], paths: ['/events', '/events/*'] };
  const oauth2 = { ...vendor, preset: 'oauth2' };
  const https = 'https://calendar.example/';
  const endpoints = { authorization: https, token: https, userinfo: https };
  const refused: readonly (readonly [what: string, value: object, finding: RegExp])[] = [
    ['an unknown setting', { ...bare, client_id: 'x' }, /connections\[0\] does not know client_id: check the spelling/],
    ['an unknown preset', { ...bare, preset: 'yahoo' }, /connections\[0\]\.preset/],
    ['an id with a slash', { ...bare, id: 'a/b' }, /connections\[0\]\.id must be 1 to 100 letters/],
    [
      'OpenID Connect without an issuer',
      { ...bare, issuer: undefined },
      /connections\[0\]\.issuer is missing: write what the third party says/,
    ],
    ['an issuer of plain OAuth 2.0', { ...oauth2, endpoints, issuer: https }, /issuer must be left out: it belongs to preset oidc/],
    [
      'plain OAuth 2.0 without endpoints',
      { ...oauth2, endpoints: { authorization: https } },
      /endpoints\.token is missing[\s\S]*endpoints\.userinfo is missing/,
    ],
    ['endpoints that the preset knows', { ...vendor, preset: 'google', endpoints }, /endpoints must be left out: preset google has them/],
    [
      'a tenant of another host',
      { ...vendor, preset: 'microsoft', issuer: 'https://login.example/x/v2.0' },
      /issuer must be https:\/\/login\.microsoftonline\.com/,
    ],
    ['R-038 an issuer over http', { ...bare, issuer: 'http://calendar.example' }, /issuer must begin with https/],
    [
      'R-038 an endpoint with a password',
      { ...bare, endpoints: { token: 'https://a:b@calendar.example/' } },
      /endpoints\.token must not hold a user name/,
    ],
    ['R-038 a proxy over http', { ...bare, proxy: { ...proxy, baseUrl: 'http://api.example' } }, /proxy\.baseUrl must begin with https/],
    [
      'a parameter of the protocol',
      { ...bare, authorizationParams: { Redirect_URI: 'x' } },
      /must be left out: the protocol says what it is/,
    ],
    ['a scope with a space', { ...bare, scopes: ['a b'] }, /scopes\[0\] must be a scope/],
    ['a secret with a line end', { ...bare, secret: 'a\nb' }, /secret must be the secret that the third party gave/],
    ['a secret that proves nothing', { ...bare, secret: 'x', authMethod: 'none' }, /secret must be left out: with authMethod none/],
    ['a connection of no use', { ...bare, accounts: false }, /accounts must not be false, unless signIn is true/],
    ['signing up without signing in', { ...bare, signUp: true }, /signUp belongs to signIn: true/],
    ['signing in where the preset cannot', { ...vendor, preset: 'slack', signIn: true }, /signIn must not be true: preset slack/],
    ['applications without accounts', { ...bare, signIn: true, applications: { a: true } }, /applications belongs to accounts: true/],
    [
      'a proxy-only application without a proxy',
      { ...bare, applications: { a: { tokens: false } } },
      /applications\.a\.tokens must not be false without a proxy/,
    ],
    ['a method that is none', { ...bare, proxy: { ...proxy, methods: ['CONNECT'] } }, /proxy\.methods\[0\]/],
    ...['/a/../b', '/./a', 'events', '/a/**/b', '/a%2fb', '/a//b', '/a*', '/a?b', '/a\\b', '//evil.example'].map(
      (path) =>
        [
          `the path ${path}`,
          { ...bare, proxy: { ...proxy, paths: [path] } },
          /proxy\.paths\[0\] must (?:be a path such as|begin with \/)/,
        ] as const,
    ),
  ];
  for (const [what, value, finding] of refused) {
    it(`refuses ${what}, and says what to write`, () => {
      assert.throws(
        () => checkConfiguration({ connections: [value] }),
        (error: unknown) => error instanceof ConfigurationError && finding.test(error.message),
      );
    });
  }

  it('refuses an id that is used twice', () => {
    assert.throws(() => checkConfiguration({ connections: [bare, bare] }), /connections: the id calendar is used twice/);
  });

  it('takes paths with stars for segments', () => {
    for (const path of ['/', '/events', '/events/*', '/users/*/events/**', '/a.b/c~d/e@f', '/**'])
      checkConfiguration({ connections: [{ ...bare, proxy: { ...proxy, paths: [path] } }] });
  });
});
