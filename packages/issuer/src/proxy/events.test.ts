import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createProxyEvents, type Passed } from './events.ts';

const read: Passed = {
  person: 'usr_ada',
  organization: 'org_demo',
  application: 'shop-api',
  connection: 'calendar',
  method: 'GET',
  pattern: '/events/*',
  status: 200,
};

describe('the audit log of the proxy', () => {
  it('R-136 has reading once a minute for each person, application, connection and pattern, and how often more', () => {
    let now = 1_000_000;
    const eventOf = createProxyEvents(() => now);
    assert.equal(eventOf(read)?.details?.more, undefined);
    for (let more = 0; more < 5; more += 1) assert.equal(eventOf({ ...read, method: more % 2 ? 'HEAD' : 'GET' }), undefined);
    for (const other of [{ person: 'usr_ben' }, { application: 'cli' }, { connection: 'mail' }, { pattern: '/events' }])
      assert.ok(eventOf({ ...read, ...other }));
    now += 60_000;
    assert.equal(eventOf(read)?.details?.more, 5);
  });

  it('R-136 has each request that may change something, and how it went', () => {
    const eventOf = createProxyEvents();
    const outcomes = [200, 404, 500].flatMap((status) => ['POST', 'DELETE'].map((method) => eventOf({ ...read, method, status })?.outcome));
    assert.deepEqual(outcomes, ['ok', 'ok', 'refused', 'refused', 'failed', 'failed']);
  });
});
