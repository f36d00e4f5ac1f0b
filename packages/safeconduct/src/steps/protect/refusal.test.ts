import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
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

  it('logs which names were missing', () => {
    const events: RefusalEvent[] = [];
    refusalOf(new SafeconductError('role_missing', { missing: ['read:messages'] }), { log: (event) => events.push(event) });
    assert.equal(events[0]?.reason, 'The caller lacks a required role. Missing: read:messages.');
  });

  it('keeps the reason for the log, under an id that the caller gets', async () => {
    const events: RefusalEvent[] = [];
    const error = new SafeconductError('token_invalid', { message: 'access token refused: iss is not the configured issuer' });
    const response = refusalOf(error, { log: (event) => events.push(event) });
    const requestId = response.headers.get('x-request-id');
    assert.deepEqual(events, [{ level: 'info', requestId, code: 'token_invalid', status: 401, reason: error.message }]);
    assert.doesNotMatch(await response.text(), /iss/);
    assert.equal(response.headers.get('cache-control'), 'no-store');
  });

  it('points to the metadata of the resource when it has some', () => {
    const resourceMetadata = 'https://api.example/.well-known/oauth-protected-resource';
    const { headers } = refusalOf(new SafeconductError('token_missing'), { resourceMetadata });
    assert.equal(headers.get('www-authenticate'), `Bearer realm="api", resource_metadata="${resourceMetadata}"`);
    const described = refusalOf(new SafeconductError('token_missing'), { resourceMetadata: { url: resourceMetadata } });
    assert.equal(described.headers.get('www-authenticate'), headers.get('www-authenticate'));
  });

  it('R-097 says how fresh or how strong a sign-in must be, as RFC 9470 does', () => {
    const authentication = { maxAge: 300, acrValues: ['phr', 'phrh'] };
    const stale = refusalOf(new SafeconductError('authentication_stale', { authentication }));
    assert.equal(stale.status, 401);
    assert.match(
      stale.headers.get('www-authenticate') ?? '',
      /error="insufficient_user_authentication", .*max_age="300", acr_values="phr phrh"$/,
    );
  });

  it('B1.6 tells an operator what only an operator can mend, by itself', (test) => {
    const printed = test.mock.method(console, 'error', () => undefined);
    refusalOf(new SafeconductError('token_invalid'));
    refusalOf(new SafeconductError('provider_unreachable'));
    assert.equal(printed.mock.callCount(), 0);
    const { headers } = refusalOf(
      new SafeconductError('introspection_refused', { message: 'introspection answered 401: is the secret right?' }),
    );
    const line = JSON.parse(String(printed.mock.calls[0]?.arguments[0]));
    assert.deepEqual([line.level, line.requestId], ['error', headers.get('x-request-id')]);
    assert.match(line.reason, /is the secret right/);
  });

  it('logs the cause of an error without what looks like a token', () => {
    const events: RefusalEvent[] = [];
    const log = (event: RefusalEvent) => void events.push(event);
    const secret = `sc_pat_${'a1B2'.repeat(10)}`;
    refusalOf(new TypeError(`cannot read ${secret}`, { cause: new Error('ECONNREFUSED, UNABLE_TO_VERIFY_LEAF_SIGNATURE') }), { log });
    refusalOf(new SafeconductError('provider_unreachable', { message: 'no answer', cause: new Error(`at ${secret}`) }), { log });
    refusalOf('thrown text', { log });
    assert.deepEqual(
      events.map(({ code, level, reason }) => [code, level, reason]),
      [
        [
          'unexpected',
          'error',
          'an unexpected error: TypeError: cannot read [left out]: Error: ECONNREFUSED, UNABLE_TO_VERIFY_LEAF_SIGNATURE',
        ],
        ['provider_unreachable', 'warn', 'no answer (Error: at [left out])'],
        ['unexpected', 'error', 'an unexpected error: a thrown string'],
      ],
    );
  });

  it('stays a refusal when the log or the format fails', async () => {
    const fails = () => {
      throw new Error('mine');
    };
    const response = refusalOf(new SafeconductError('token_expired'), { log: fails, format: fails });
    assert.equal(response.status, 401);
    assert.equal(((await response.json()) as { error: string }).error, 'invalid_token');
    assert.equal(refusalOf(new SafeconductError('token_expired'), { format: () => undefined }).status, 401);
  });

  it('R-100 does not end the program when a log rejects later', async () => {
    const unheard: unknown[] = [];
    const hear = (reason: unknown) => unheard.push(reason);
    process.on('unhandledRejection', hear);
    refusalOf(new SafeconductError('token_expired'), { log: async () => Promise.reject(new Error('mine')) });
    await setImmediate();
    await setImmediate();
    process.off('unhandledRejection', hear);
    assert.deepEqual(unheard, []);
  });

  it('lets scripts of other origins read why they were refused', () => {
    const { headers } = refusalOf(new SafeconductError('token_missing'));
    assert.equal(headers.get('access-control-expose-headers'), 'WWW-Authenticate, Retry-After, X-Request-Id');
  });

  it('lets no quote out of a challenge', () => {
    const { headers } = refusalOf(new SafeconductError('token_missing'), { realm: 'a" b="\\\n' });
    assert.equal(headers.get('www-authenticate'), 'Bearer realm="a? b=???"');
  });
});
