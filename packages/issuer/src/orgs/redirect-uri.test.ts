import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { calledUrlProblem, type RedirectingKind, redirectUriProblem } from './redirect-uri.ts';

describe('R-003 a redirect URI', () => {
  const refused: readonly (readonly [uri: string, kind: RedirectingKind, why: RegExp])[] = [
    ['https://*.shop.example/callback', 'web', /wildcard/],
    ['https://shop.example/*', 'web', /wildcard/],
    ['https://shop.example/callback#done', 'web', /fragment/],
    ['https://shop.example/callback#', 'web', /fragment/],
    ['javascript:alert(1)', 'web', /https/],
    ['javascript:alert(1)', 'native', /dot/],
    ['data:text/html,x', 'native', /dot/],
    ['myapp:/callback', 'native', /dot/],
    ['com.shop.app:/callback', 'web', /https/],
    ['com.shop.app:/callback', 'spa', /https/],
    ['http://shop.example/callback', 'web', /https/],
    ['http://10.0.0.1/callback', 'native', /https/],
    ['http://127.0.0.1.evil.example/callback', 'native', /https/],
    ['http://localhost.evil.example/callback', 'web', /https/],
    ['https://user:password@shop.example/', 'web', /password/],
    ['https://shop.example\\@evil.example/', 'web', /backslash/],
    ['https://shop.example/ callback', 'web', /spaces/],
    ['https://shop.example/\ncallback', 'web', /spaces/],
    ['https://shöp.example/', 'web', /ASCII/],
    ['/callback', 'web', /absolute/],
    ['', 'web', /ASCII/],
    ['https:shop.example/callback', 'web', /written out/],
    ['https:/shop.example/callback', 'spa', /written out/],
    ['https:///shop.example/callback', 'web', /written out/],
    ['http:localhost/callback', 'native', /written out/],
    ['HTTPS://shop.example/callback', 'web', /written out/],
    [`https://shop.example/${'a'.repeat(2048)}`, 'web', /2048/],
  ];
  for (const [uri, kind, why] of refused) {
    it(`R-003 refuses ${JSON.stringify(uri.slice(0, 45))} of a ${kind} application`, () =>
      assert.match(redirectUriProblem(uri, kind) ?? '', why));
  }

  const accepted: readonly (readonly [uri: string, kind: RedirectingKind])[] = [
    ['https://shop.example/callback', 'web'],
    ['https://shop.example:8443/callback?tenant=1', 'spa'],
    ['http://localhost:3000/auth/callback', 'web'],
    ['http://127.0.0.1/callback', 'native'],
    ['http://[::1]/callback', 'native'],
    ['com.shop.app:/callback', 'native'],
  ];
  for (const [uri, kind] of accepted) {
    it(`accepts ${uri} of a ${kind} application`, () => assert.equal(redirectUriProblem(uri, kind), undefined));
  }

  it('is stricter for what the issuer itself calls: https, or http on this computer', () => {
    assert.equal(calledUrlProblem('https://shop.example/logout'), undefined);
    assert.equal(calledUrlProblem('http://127.0.0.1:3000/logout'), undefined);
    assert.match(calledUrlProblem('http://shop.example/logout') ?? '', /https/);
    assert.match(calledUrlProblem('file:///etc/passwd') ?? '', /https/);
    assert.match(calledUrlProblem('https://a:b@shop.example/') ?? '', /password/);
  });
});
