import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SafeconductError } from '../../core/identity/errors.ts';
import { describeDatabaseError } from './describe-error.ts';

const secret = 'duplicate key value violates unique constraint "users_email_key" Key (email)=(eve@shop.example)';
const withCode = (code: string): Error => Object.assign(new Error(secret), { code });

describe('describeDatabaseError', () => {
  it('R-116 tells a code and a sentence, and nothing that the database said', () => {
    const expected = {
      '42501': 'not_allowed',
      '25006': 'not_allowed',
      '42P01': 'invalid_statement',
      '23505': 'conflict',
      '23503': 'missing_reference',
      '23514': 'invalid_value',
      '22P02': 'invalid_value',
      '40001': 'try_again',
      '57014': 'too_slow',
      '57P01': 'unavailable',
      XX000: 'failed',
      ECONNREFUSED: 'unavailable',
    };
    for (const [state, code] of Object.entries(expected)) {
      const description = describeDatabaseError(withCode(state));
      assert.equal(description.code, code, state);
      assert.doesNotMatch(JSON.stringify(description), /users|eve|constraint/);
    }
  });

  it('R-116 looks behind the wrapping of query builders', () => {
    assert.equal(describeDatabaseError(new Error('Failed query: select …', { cause: withCode('23505') })).code, 'conflict');
    assert.equal(describeDatabaseError({ name: 'DriverAdapterError', cause: { originalCode: '42501' } }).code, 'not_allowed');
  });

  it('R-116 knows our own refusals, and calls everything else a failure', () => {
    assert.equal(describeDatabaseError(new SafeconductError('statement_refused')).code, 'statement_refused');
    assert.deepEqual(describeDatabaseError(new SafeconductError('connection_unavailable')).retry, true);
    const circle = new Error('a');
    circle.cause = circle;
    for (const odd of [circle, null, undefined, 'text', new Error(secret), new SafeconductError('database_unsafe', { message: secret })]) {
      assert.deepEqual(describeDatabaseError(odd), { code: 'failed', message: 'The database could not do that.', retry: false });
    }
  });
});
