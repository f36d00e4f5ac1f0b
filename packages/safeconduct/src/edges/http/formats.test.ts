import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type ErrorCode, type ErrorDetails, SafeconductError, type TokenFault } from '../../core/identity/errors.ts';
import { type RefusalFormat, refusalOf } from '../../steps/protect/refusal.ts';
import { codeAndDescription, fastApiAzureAuth, fastApiAzureAuthObject } from './formats.ts';

async function answerTo(error: unknown, format: RefusalFormat): Promise<[number, unknown]> {
  const response = refusalOf(error, { format, log: () => undefined });
  return [response.status, await response.json()];
}
const refusal = (code: ErrorCode, details?: ErrorDetails) => new SafeconductError(code, details);

describe('codeAndDescription', () => {
  const answer = (code: ErrorCode, details?: ErrorDetails) => answerTo(refusal(code, details), codeAndDescription);

  it('S1.2 B1.7 says that the header is missing, with 401 and a challenge', async () => {
    assert.deepEqual(await answer('token_missing'), [
      401,
      { code: 'missing_authorization', description: "Missing 'Authorization' in headers." },
    ]);
    const { headers } = refusalOf(refusal('token_missing'), { format: codeAndDescription });
    assert.equal(headers.get('www-authenticate'), 'Bearer realm="api"');
  });

  it('S1.9 tells an expired token from one that is not active', async () => {
    assert.deepEqual(await answer('token_expired'), [401, { code: 'invalid_token_expired', description: 'Token has expired.' }]);
    const inactive = { code: 'invalid_token', description: 'Invalid token (active: false)' };
    assert.deepEqual(await answer('token_invalid', { fault: 'inactive' }), [401, inactive]);
  });

  it('S1.9 calls a token inactive only where the provider did', async () => {
    const invalid = { code: 'invalid_token', description: 'The access token is not valid here.' };
    for (const fault of ['key', 'claims', 'signature', undefined] as const)
      assert.deepEqual(await answer('token_invalid', { fault }), [401, invalid]);
    assert.deepEqual(await answer('token_malformed'), [401, { code: 'invalid_token', description: 'The access token is malformed.' }]);
  });

  it('B1.1 answers 403 for what is missing, and names it', async () => {
    const body = { code: 'insufficient_scope', description: 'Token has insufficient scope. Route requires: read:messages' };
    assert.deepEqual(await answer('role_missing', { missing: ['read:messages'] }), [403, body]);
    assert.deepEqual(await answer('scope_missing', { missing: ['read:messages'] }), [403, body]);
  });

  it('B1.6 answers 503 while the provider is down, never 401', async () => {
    const [status, body] = await answer('provider_unreachable');
    assert.equal(status, 503);
    assert.deepEqual(Object.keys(body as object), ['code', 'description']);
  });
});

describe('fastApiAzureAuth', () => {
  const texts: [ErrorCode | 'unexpected', number, string][] = [
    ['token_missing', 401, 'Not authenticated'],
    ['request_malformed', 400, 'Invalid token format'],
    ['token_malformed', 401, 'Invalid token format'],
    ['token_invalid', 401, 'Unable to validate token'],
    ['token_expired', 401, 'Token signature has expired'],
    ['guest_refused', 403, 'Guest users not allowed'],
    ['scope_missing', 403, 'Required scope missing'],
    ['provider_unreachable', 503, 'Connection to Azure Entra ID is down. Unable to fetch provider configuration'],
    ['unexpected', 500, 'Unable to process token'],
  ];
  const errorOf = (code: ErrorCode | 'unexpected') => (code === 'unexpected' ? new Error('mine') : refusal(code));

  it('S3.9 B3.2 has the words of the library that it stands in for, under our status', async () => {
    for (const [code, status, detail] of texts) assert.deepEqual(await answerTo(errorOf(code), fastApiAzureAuth), [status, { detail }]);
  });

  it('S3.9 has a text of its own for a key, the claims and the signature', async () => {
    const faults: [TokenFault, string][] = [
      ['key', 'Unable to verify token, no signing keys found'],
      ['claims', 'Token contains invalid claims'],
      ['signature', 'Unable to validate token'],
      ['inactive', 'Unable to validate token'],
    ];
    for (const [fault, detail] of faults)
      assert.deepEqual(await answerTo(refusal('token_invalid', { fault }), fastApiAzureAuth), [401, { detail }]);
  });

  it('S3.9 has an error and a message in the newer form', async () => {
    const [, body] = await answerTo(refusal('scope_missing'), fastApiAzureAuthObject);
    assert.deepEqual(body, { detail: { error: 'insufficient_scope', message: 'Required scope missing' } });
  });

  it('S3.9 falls back to the generic sentence where the library has no words', async () => {
    const [, body] = await answerTo(refusal('role_missing', { missing: ['AdminUser'] }), fastApiAzureAuth);
    assert.deepEqual(body, { detail: 'The caller lacks a required role. Missing: AdminUser.' });
  });
});
