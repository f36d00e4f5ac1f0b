import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { postgresSkipped } from '@safeconduct/test-support/postgres';
import { disableUser } from '../people/users.ts';
import {
  API,
  authorizeUrl,
  CLI_CALLBACK,
  EVE,
  openLogin,
  signIn,
  startIssuer,
  TestBrowser,
  type TestIssuer,
  titleOf,
} from './harness.test.ts';

// On PostgreSQL alone: somebody else disables the user while the issuer runs, which PGlite's one process does not allow.
describe('a person who is disabled', { skip: postgresSkipped }, () => {
  let issuer: TestIssuer;
  before(async () => {
    issuer = await startIssuer('postgres');
  });
  after(() => issuer.stop());

  it('R-060 loses session and tokens at once, and is told nothing but that the password does not match', async () => {
    const browser = new TestBrowser();
    const { url, verifier } = authorizeUrl(issuer.url, 'shop-cli');
    const back = await signIn(browser, await browser.get(url), EVE);
    const tokens = await token(issuer.url, {
      grant_type: 'authorization_code',
      code: back.url.searchParams.get('code') ?? '',
      code_verifier: verifier,
      redirect_uri: CLI_CALLBACK.replace('127.0.0.1', '127.0.0.1:4711'),
    });
    const userinfo = () => fetch(`${issuer.url}/oauth2/userinfo`, { headers: { authorization: `Bearer ${tokens.access_token}` } });
    assert.equal((await userinfo()).status, 200);

    const store = await issuer.openStore();
    assert.equal(await disableUser(store, EVE.id, 'usr_admin'), true);
    await store.close();

    assert.equal((await userinfo()).status, 401);
    const refreshed = await token(issuer.url, { grant_type: 'refresh_token', refresh_token: String(tokens.refresh_token), resource: API });
    assert.equal(refreshed.error, 'invalid_grant');
    const page = await openLogin(browser, issuer.url);
    assert.equal(titleOf(page), 'Sign in');
    assert.match((await signIn(browser, page, EVE)).text, /don’t match/);
  });
});

async function token(issuer: string, fields: Record<string, string>): Promise<Record<string, unknown>> {
  const response = await fetch(`${issuer}/oauth2/token`, {
    method: 'POST',
    body: new URLSearchParams({ client_id: 'shop-cli', ...fields }),
  });
  return (await response.json()) as Record<string, unknown>;
}
