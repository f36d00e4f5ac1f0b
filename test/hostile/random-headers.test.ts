/** A million Authorization headers that nobody would send, at each adapter: nothing escapes, nobody gets in. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import type { KnockingOrder, KnockingReport } from './knocking.fixtures.test.ts';

/** Knocks in a worker, because the test runner watches every promise of its own thread, and here are millions. */
async function knock(order: KnockingOrder): Promise<KnockingReport> {
  const worker = new Worker(new URL('./knocking.fixtures.test.ts', import.meta.url), { workerData: order });
  const [report] = (await once(worker, 'message')) as [KnockingReport];
  await worker.terminate();
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
