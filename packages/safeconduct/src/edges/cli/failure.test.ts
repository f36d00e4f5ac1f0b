import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SafeconductError } from '../../core/identity/errors.ts';
import { failureLine } from './failure.ts';

describe('the failure line', () => {
  it('S0.11 B0.8 is one structured line without a stack', () => {
    const line = failureLine(
      new SafeconductError('login_timeout', { message: 'No authorization code received', cause: new Error('secret-token') }),
    );
    assert.equal(line, 'Authentication failed code=login_timeout reason="No authorization code received"');
  });

  it('S0.11 says nothing of an error that is not ours', () => {
    const error = Object.assign(new Error('bearer secret-token was refused'), { code: 'ENOSPC' });
    assert.equal(failureLine(error), 'Authentication failed code=unexpected reason="the system answered ENOSPC"');
    assert.equal(failureLine(new Error('secret-token')), 'Authentication failed code=unexpected reason="an error that should not happen"');
    assert.equal(failureLine('secret-token'), 'Authentication failed code=unexpected reason="an error that should not happen"');
  });

  it('S0.11 stays one line whatever the provider said', () => {
    const line = failureLine(new SafeconductError('login_denied', { message: 'no\n\u001b[2Jlevel=info "ok"\u202e' }));
    assert.equal(line, 'Authentication failed code=login_denied reason="no  [2Jlevel=info \\"ok\\" "');
  });
});
