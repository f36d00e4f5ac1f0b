import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { postgresSkipped, startCluster } from '@safeconduct/test-support/postgres';
import type { Statement } from './database.ts';
import { openStore } from './database.ts';
import { onBothEngines } from './stores.fixtures.test.ts';
import { StoreUnavailable } from './unavailable.ts';

const ADD: Statement = { name: 'add organization', text: 'insert into issuer.organization (id, name) values ($1, $2)' };
const COUNT: Statement = { name: 'count organizations', text: 'select count(*)::int as n from issuer.organization where id = $1' };
const SLEEP: Statement = { name: 'sleep', text: 'select pg_sleep($1)' };

onBothEngines('a store', (fixture) => {
  const count = async (id: string) => (await fixture.store().run<{ n: number }>(COUNT, [id]))[0]?.n;

  it('keeps what a transaction wrote', async () => {
    await fixture.store().transaction(async (run) => run(ADD, ['kept', 'Kept']));
    assert.equal(await count('kept'), 1);
  });

  it('forgets what a failed transaction wrote', async () => {
    const failing = fixture.store().transaction(async (run) => {
      await run(ADD, ['lost', 'Lost']);
      throw new Error('changed my mind');
    });
    await assert.rejects(failing, /changed my mind/);
    assert.equal(await count('lost'), 0);
  });

  it('goes on after a statement that the database refused', async () => {
    await fixture.store().run(ADD, ['twice', 'Once']);
    await assert.rejects(fixture.store().run(ADD, ['twice', 'Again']), { code: '23505' });
    assert.equal(await count('twice'), 1);
  });

  it('refuses another connection inside a transaction instead of waiting for ever', async () => {
    await assert.rejects(
      fixture.store().transaction(async () => fixture.store().run(COUNT, ['x'])),
      (error: unknown) => error instanceof TypeError && /use the run that it passes/.test(error.message),
    );
  });

  it('runs sixty transactions at once without mixing them', async () => {
    const ids = Array.from({ length: 60 }, (_, index) => `parallel-${index}`);
    const seen = await Promise.all(
      ids.map((id) =>
        fixture.store().transaction(async (run) => {
          await run(ADD, [id, id]);
          return (await run<{ n: number }>(COUNT, [id]))[0]?.n;
        }),
      ),
    );
    assert.deepEqual(new Set(seen), new Set([1]));
  });

  it('counts each statement by its name', async () => {
    fixture.store().statements.clear();
    await count('a');
    await count('b');
    assert.deepEqual(Object.fromEntries(fixture.store().statements), { 'count organizations': 2 });
  });

  it('says that it is ready', async () => assert.equal(await fixture.store().ready(), true));
});

describe('a store on PostgreSQL', { skip: postgresSkipped }, () => {
  it('gives up a statement that takes longer than the deadline', async () => {
    const cluster = await startCluster();
    const store = await openStore({ databaseUrl: cluster.url, dataDirectory: '.', deadline: 200, poolSize: 1 });
    try {
      await assert.rejects(store.run(SLEEP, [5]), StoreUnavailable);
      assert.equal(await store.ready(), true);
    } finally {
      await store.close();
      await cluster.stop();
    }
  });

  it('says so while the server is away, and works again when it is back, without a restart', async () => {
    const cluster = await startCluster();
    const store = await openStore({ databaseUrl: cluster.url, dataDirectory: '.', deadline: 1_000 });
    try {
      await Promise.all([store.run(SLEEP, [0]), store.run(SLEEP, [0]), store.run(SLEEP, [0])]);
      const running = store.run(SLEEP, [0.9]);
      const refused = assert.rejects(running, StoreUnavailable);
      await cluster.crash();
      await refused;
      assert.equal(await store.ready(), true);
    } finally {
      await store.close();
      await cluster.stop();
    }
  });

  it('does not prepare statements when told so, for poolers in transaction mode', async () => {
    const cluster = await startCluster();
    const store = await openStore({ databaseUrl: cluster.url, dataDirectory: '.', prepare: false, poolSize: 1 });
    try {
      await store.run(SLEEP, [0]);
      const [row] = await store.run<{ n: number }>({ name: 'prepared', text: 'select count(*)::int as n from pg_prepared_statements' }, []);
      assert.equal(row?.n, 0);
    } finally {
      await store.close();
      await cluster.stop();
    }
  });

  it('is not ready, and says that the database does not answer, when nobody listens', async () => {
    const store = await openStore({ databaseUrl: 'postgres://nobody@127.0.0.1:1/none', dataDirectory: '.', deadline: 500 });
    assert.equal(await store.ready(), false);
    await assert.rejects(store.run(SLEEP, [0]), StoreUnavailable);
    await store.close();
  });
});
