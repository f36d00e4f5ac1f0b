import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SafeconductError } from '../../core/identity/errors.ts';
import { type RefusalEvent, refusalOf } from './refusal.ts';

const challenge = (error: unknown) => refusalOf(error).headers.get('www-authenticate');

describe('the answer to a refused request', () => {
  it('R-097 has no error code when there was no token', async () => {
    const response = refusalOf(new SafeconductError('token_missing'), { realm: 'orders' });
    assert.equal(response.status, 401);
    assert.equal(response.headers.get('www-authenticate'), 'Bearer realm="orders"');
    assert.deepEqual(await response.json(), { error: 'unauthorized', error_description: 'This request needs an access token.' });
  });

  it('R-097 says invalid_token for a bad token, and invalid_request for a malformed request', () => {
    assert.match(challenge(new SafeconductError('token_expired')) ?? '', /^Bearer realm="api", error="invalid_token", error_description="/);
    assert.equal(refusalOf(new SafeconductError('request_malformed')).status, 400);
    assert.match(challenge(new SafeconductError('request_malformed')) ?? '', /error="invalid_request"/);
  });

  it('R-097 names the scopes and roles that are missing', async () => {
    const scopes = refusalOf(new SafeconductError('scope_missing', { missing: ['orders:read', 'orders:write'] }));
    assert.equal(scopes.status, 403);
    assert.match(scopes.headers.get('www-authenticate') ?? '', /error="insufficient_scope", .*scope="orders:read orders:write"$/);
    const roles = refusalOf(new SafeconductError('role_missing', { missing: ['support'] }));
    assert.equal(roles.status, 403);
    assert.doesNotMatch(roles.headers.get('www-authenticate') ?? '', /scope=/);
    assert.match(JSON.stringify(await roles.json()), /Missing: support\./);
  });

  it('R-096 R-097 is 503 with Retry-After and no challenge when the provider cannot be reached', () => {
    const response = refusalOf(new SafeconductError('provider_unreachable'));
    assert.equal(response.status, 503);
    assert.equal(response.headers.get('retry-after'), '5');
    assert.equal(response.headers.get('www-authenticate'), null);
  });

  it('R-096 is 500 and says nothing for an error that nobody expected', async () => {
    const response = refusalOf(new Error('password=hunter2'));
    assert.equal(response.status, 500);
    assert.doesNotMatch(await response.text(), /hunter2/);
  });

  it('keeps the reason for the log, under an id that the caller gets', async () => {
    const events: RefusalEvent[] = [];
    const error = new SafeconductError('token_invalid', { message: 'access token refused: iss is not the configured issuer' });
    const response = refusalOf(error, { log: (event) => events.push(event) });
    const requestId = response.headers.get('x-request-id');
    assert.deepEqual(events, [{ requestId, code: 'token_invalid', status: 401, reason: error.message }]);
    assert.doesNotMatch(await response.text(), /iss/);
    assert.equal(response.headers.get('cache-control'), 'no-store');
  });

  it('points to the metadata of the resource when it has some', () => {
    const resourceMetadata = 'https://api.example/.well-known/oauth-protected-resource';
    const { headers } = refusalOf(new SafeconductError('token_missing'), { resourceMetadata });
    assert.equal(headers.get('www-authenticate'), `Bearer realm="api", resource_metadata="${resourceMetadata}"`);
  });

  it('lets no quote out of a challenge', () => {
    const { headers } = refusalOf(new SafeconductError('token_missing'), { realm: 'a" b="\\\n' });
    assert.equal(headers.get('www-authenticate'), 'Bearer realm="a? b=???"');
  });
});
