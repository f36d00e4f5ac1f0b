import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { freePort } from '@safeconduct/test-support/ports';
import { createDatabase, postgresSkipped } from '@safeconduct/test-support/postgres';
import pg from 'pg';
import { createIssuer } from '../index.ts';
import { cuttable, kids, raw, withIssuer } from '../issuer.fixtures.test.ts';
import { signIn } from '../provider/harness.test.ts';
import { configuration } from '../provider/shop.fixtures.test.ts';

describe('an issuer on PostgreSQL, while it starts and ends', { skip: postgresSkipped }, () => {
  it('R-149 finishes what it was asked before it ends, and takes nothing new', async () => {
    const database = await createDatabase();
    await withIssuer(
      async ({ issuer, url, port }) => {
        const client = new pg.Client({ connectionString: database.url });
        await client.connect();
        // A sign-in that waits for a lock is a request that is running when the end comes.
        await client.query('begin; lock table issuer.application in access exclusive mode');
        const query = new URLSearchParams({ client_id: 'cli', response_type: 'code' });
        const running = raw(port, { path: `/oauth2/authorize?${query}` });
        await waitFor(client, `select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`);
        const closing = issuer.close();
        await assert.rejects(fetch(`${url}/livez`));
        await client.query('commit');
        assert.ok((await running).status < 500);
        await closing;
        await client.end();
      },
      { databaseUrl: database.url },
    );
    await database.drop();
  });

  it('R-149 is not ready, and answers 503 with a time to try again, while the database is away; then it heals', async () => {
    const database = await createDatabase();
    const wire = await cuttable(database.url);
    await withIssuer(
      async ({ url }) => {
        assert.equal((await fetch(`${url}/readyz`)).status, 200);
        wire.cut();
        for (const path of ['/readyz', '/oauth2/authorize?client_id=cli&response_type=code']) {
          const answer = await fetch(url + path, { redirect: 'manual' });
          assert.equal(answer.status, 503, path);
          assert.ok(Number(answer.headers.get('retry-after')) > 0, path);
        }
        assert.equal((await fetch(`${url}/livez`)).status, 200);
        wire.mend();
        assert.equal((await fetch(`${url}/readyz`)).status, 200);
        assert.ok((await signIn(url)).tokens.access_token);
      },
      { databaseUrl: wire.url },
    );
    wire.cut();
    await wire.close();
    await database.drop();
  });

  it('F-16 starts twice at the same moment on an empty database, with one set of keys and one configuration', async () => {
    const database = await createDatabase();
    const ports = [await freePort(), await freePort()];
    const url = `http://localhost:${ports[0]}`;
    const open = (port: number | undefined) =>
      createIssuer({ issuer: url, ...(port && { port }), databaseUrl: database.url, masterKey, configuration, logLevel: 'silent' });
    const masterKey = randomBytes(32).toString('base64');
    const issuers = await Promise.all(ports.map(open));
    await Promise.all(issuers.map((issuer) => issuer.listen()));
    const [one, two] = await Promise.all(ports.map((port) => kids(`http://127.0.0.1:${port}`)));
    assert.deepEqual(one, two);
    assert.equal(issuers.filter(({ applied }) => applied.length > 0).length, 1);
    await Promise.all(issuers.map((issuer) => issuer.close()));
    await database.drop();
  });
});

async function waitFor(client: pg.Client, query: string): Promise<void> {
  for (let round = 0; round < 500; round++) {
    if (((await client.query(query)).rowCount ?? 0) > 0) return;
  }
  throw new Error(`never became true: ${query}`);
}
