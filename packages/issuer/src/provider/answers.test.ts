/** What callers get when storage is away, or when something of ours fails. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { bareOptions, startBareIssuer } from './bare-issuer.fixtures.test.ts';
import { basic, call } from './browser.fixtures.test.ts';
import { authorizePath, refresh } from './harness.test.ts';

describe('an engine whose database is away', () => {
  it('R-034 answers 503 with Retry-After and says nothing about why, and metadata as always', async () => {
    const dataDirectory = mkdtempSync(join(tmpdir(), 'safeconduct-away-'));
    const options = await bareOptions({ dataDirectory });
    const logged: string[] = [];
    const bare = await startBareIssuer({ ...options, log: (message) => logged.push(message) });
    try {
      assert.equal((await call(options.issuer, authorizePath({}, 'x'.repeat(43)))).status, 303);
      assert.equal((await call(options.issuer, '/oauth2/introspect', { form: { token: 'x' }, headers: basic('api') })).status, 200);
      await bare.closeStore();
      const answers = [
        await call(options.issuer, '/oauth2/introspect', { form: { token: 'sc_at_x' }, headers: basic('api', 'wrong') }),
        await refresh(options.issuer, 'sc_rt_x'),
        await call(options.issuer, authorizePath({}, 'x'.repeat(43))),
      ];
      for (const { status, headers, json } of answers) {
        assert.equal(status, 503);
        assert.equal(headers['retry-after'], '2');
        assert.equal(headers['cache-control'], 'no-store');
        assert.equal(headers.location, undefined);
        assert.equal(json.error, 'temporarily_unavailable');
      }
      assert.equal((await call(options.issuer, '/.well-known/openid-configuration')).status, 200);
      assert.ok(logged.length > 0);
    } finally {
      await bare.stop();
      rmSync(dataDirectory, { recursive: true, force: true });
    }
  });
});
