/** Answers and errors in Auth0's words. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { auth0 } from '../auth0.ts';
import type { AnswerFacts } from '../dialect.ts';
import { facts } from './facts.fixtures.test.ts';

describe('answers in Auth0’s words', () => {
  const answered = (status: number, body: object, parameters: Readonly<Record<string, string>> = {}, headers = {}) =>
    auth0.answer?.({ route: 'token', status, body: { ...body }, headers }, {
      ...facts,
      parameters: new URLSearchParams(parameters),
      query: new URLSearchParams(),
      header: () => undefined,
      requestId: 'r',
    } satisfies AnswerFacts);
  const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code';

  for (const [error, grantType, status, text] of [
    ['invalid_grant', 'refresh_token', 403, /^Unknown or invalid refresh token\.$/],
    ['invalid_grant', 'authorization_code', 403, /^Invalid authorization code$/],
    ['authorization_pending', DEVICE, 403, /yet to authorize/],
    ['expired_token', DEVICE, 403, /expired/],
    ['access_denied', DEVICE, 403, /^as it was$/],
    ['slow_down', DEVICE, 429, /faster/],
    ['invalid_client', 'client_credentials', 401, /^Unauthorized$/],
    ['unauthorized_client', 'client_credentials', 403, /^as it was$/],
    ['invalid_request', 'refresh_token', 400, /^as it was$/],
    ['unsupported_grant_type', 'password', 400, /^as it was$/],
  ] as const)
    it(`answers ${error} of ${grantType.split(':').at(-1)} with ${status}`, () => {
      const said = answered(400, { error, error_description: 'as it was' }, { grant_type: grantType });
      assert.equal(said?.status, status);
      assert.equal(said?.body.error, error);
      assert.match(String(said?.body.error_description), text);
    });

  it('denies access to an API that is not there', () => {
    const said = answered(400, { error: 'invalid_target' }, { grant_type: 'client_credentials', audience: 'https://x.example' });
    assert.equal(said?.status, 403);
    assert.equal(said?.body.error, 'access_denied');
  });

  it('leaves what the vault says', () => {
    const grant_type = 'urn:auth0:params:oauth:grant-type:token-exchange:federated-connection-access-token';
    const refused = { error: 'invalid_grant', error_description: 'the subject token …' };
    assert.deepEqual(answered(401, refused, { grant_type }), { status: 401, body: refused });
    const given = { access_token: 'x', issued_token_type: 'http://auth0.com/x', scope: 'repo', expires_in: 5 };
    assert.deepEqual(answered(200, given, { grant_type })?.body, given);
  });

  it('R-024 gives a refresh token only where it is a new one', () => {
    const sent = { grant_type: 'refresh_token', refresh_token: 'same' };
    const said = answered(200, { access_token: 'x', refresh_token: 'same', scope: 'read:orders' }, sent);
    assert.ok(said && !('refresh_token' in said.body));
    assert.equal(said?.body.scope, 'openid profile read:orders');
    assert.equal(answered(200, { access_token: 'x', refresh_token: 'next' }, sent)?.body.refresh_token, 'next');
  });

  it('says when to come back, in words that a page may read', () => {
    const engine = { 'retry-after': '60', 'access-control-expose-headers': 'WWW-Authenticate' };
    const { headers = {}, body } = answered(429, { error: 'invalid_client' }, {}, engine) ?? {};
    assert.equal(headers['retry-after'], '60');
    assert.equal(
      headers['access-control-expose-headers'],
      'WWW-Authenticate, retry-after, x-ratelimit-limit, x-ratelimit-remaining, x-ratelimit-reset',
    );
    assert.equal(body?.error, 'too_many_requests');
    assert.equal(answered(429, { error: 'slow_down' })?.body.error, 'slow_down');
    assert.equal(headers['x-ratelimit-remaining'], '0');
    const wait = Number(headers['x-ratelimit-reset']) - Date.now() / 1000;
    assert.ok(wait > 55 && wait < 65, `${wait}`);
  });
});
