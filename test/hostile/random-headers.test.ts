/** A million Authorization headers that nobody would send, at each adapter: nothing escapes, nobody gets in. */
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { KnockingOrder, KnockingReport } from './knocking.fixtures.test.ts';

/** Knocks in a process of its own, because the test runner watches every promise of its process, and here are millions. */
async function knock(order: KnockingOrder): Promise<KnockingReport> {
  const knocking = fork(fileURLToPath(new URL('./knocking.fixtures.test.ts', import.meta.url)));
  const ended = once(knocking, 'exit');
  const report = new Promise<KnockingReport>((resolve) => knocking.once('message', (found) => resolve(found as KnockingReport)));
  knocking.send(order);
  const [code, signal] = await ended;
  assert.equal(code, 0, `the knocking process ended with ${code ?? signal}`);
  return report;
}

const adapters = ['node', 'express', 'fastify', 'hono', 'fetchHandler'];
const each = <Value>(value: Value) => Object.fromEntries(adapters.map((name) => [name, value]));

describe('random Authorization headers', () => {
  it('R-100 a million of them at each adapter are answered with 400 or 401, and nothing escapes', async () => {
    const { worst, statuses, good } = await knock({ headers: 1_000_000, seed: 20261122, asks: false });
    assert.equal(worst, undefined);
    assert.deepEqual(statuses, each([400, 401]));
    assert.deepEqual(good, each(200));
  });

  it('R-100 are answered with 400 or 401 where the provider has to be asked', async () => {
    const { worst, statuses, good, asked } = await knock({ headers: 5_000, seed: 7, asks: true });
    assert.equal(worst, undefined);
    assert.deepEqual(statuses, each([400, 401]));
    assert.deepEqual(good, each(200));
    assert.ok(asked > 1_000, `${asked} of them were asked about`);
  });
});
