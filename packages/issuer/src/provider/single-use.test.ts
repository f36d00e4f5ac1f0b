/** One property for every kind of thing that may be used once: of many who try at the same time, one succeeds. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createDatabase } from '@safeconduct/test-support/postgres';
import { openStore, type Store } from '../store/database.ts';
import { migrate } from '../store/migrate.ts';
import { artifactId } from './artifact.ts';
import { engines } from './harness.test.ts';
import { atomically, LostRace, unit } from './unit.ts';

const kinds = ['AuthorizationCode', 'RefreshToken', 'DeviceCode', 'PushedAuthorizationRequest', 'ResetLink', 'Invitation', 'ConnectState'];
const PARALLEL = 40;

for (const { engine, skip } of engines) {
  describe(`single use on ${engine}`, { skip }, () => {
    let stores: Store[] = [];
    let end: () => Promise<void>;
    before(async () => {
      const dataDirectory = mkdtempSync(join(tmpdir(), 'safeconduct-once-'));
      const database = engine === 'postgres' ? await createDatabase() : undefined;
      const open = () => openStore({ dataDirectory, ...(database && { databaseUrl: database.url }) });
      stores = database ? [await open(), await open()] : [await open()];
      await migrate(first());
      end = async () => {
        for (const store of stores) await store.close();
        await database?.drop();
        rmSync(dataDirectory, { recursive: true, force: true });
      };
    });
    after(() => end());

    const first = (): Store => {
      const [store] = stores;
      assert.ok(store);
      return store;
    };
    const issue = async (kind: string, value: string, ttl = 60) =>
      atomically(first(), async () => unit().write({ id: artifactId(kind, value), kind, payload: {}, ttl }));

    /** What everybody does who redeems: look, refuse what was used, use it, and write what comes of it. */
    const use = (store: Store, kind: string, value: string, by: number) =>
      atomically(store, async () => {
        const found = await unit().find(kind, value);
        if (!found || found.consumedAt !== undefined) return 'refused';
        unit().consume(found.id);
        unit().write({ id: artifactId('Outcome', `${value} ${by}`), kind: 'Outcome', payload: { value }, ttl: 60 });
        return 'used';
      });

    for (const kind of kinds) {
      it(`R-022 of ${PARALLEL} who use one ${kind} at once, one succeeds and leaves a trace`, async () => {
        const value = randomUUID();
        await issue(kind, value);
        const answers = await Promise.all(
          Array.from({ length: PARALLEL }, (_, by) => use(stores[by % stores.length] ?? first(), kind, value, by)),
        );
        assert.deepEqual(
          answers.filter((answer) => answer === 'used'),
          ['used'],
        );
        const outcomes = {
          name: 'outcomes',
          text: `select count(*)::int as count from issuer.artifact where kind = 'Outcome' and payload->>'value' = $1`,
        };
        assert.deepEqual(await first().run(outcomes, [value]), [{ count: 1 }]);
        assert.equal(await use(first(), kind, value, PARALLEL), 'refused');
      });
    }

    it('R-022 finds neither another kind, nor a part of a value, nor what has expired', async () => {
      const value = randomUUID();
      await issue('Invitation', value);
      assert.equal(await use(first(), 'ResetLink', value, 0), 'refused');
      assert.equal(await use(first(), 'Invitation', value.slice(0, -1), 0), 'refused');
      await first().run({ name: 'expire', text: 'update issuer.artifact set expires_at = now() where id = $1' }, [
        artifactId('Invitation', value),
      ]);
      assert.equal(await use(first(), 'Invitation', value, 0), 'refused');
    });

    it('R-021 writes nothing of a unit whose single-use value somebody else used, or that failed', async () => {
      const value = randomUUID();
      await issue('Invitation', value);
      await use(first(), 'Invitation', value, 0);
      const stubborn = atomically(first(), async () => {
        unit().consume(artifactId('Invitation', value));
        unit().write({ id: artifactId('Outcome', `${value} late`), kind: 'Outcome', payload: {}, ttl: 60 });
      });
      await assert.rejects(stubborn, LostRace);
      const failing = atomically(first(), async () => {
        unit().write({ id: artifactId('Outcome', `${value} failed`), kind: 'Outcome', payload: {}, ttl: 60 });
        throw new Error('refused later');
      });
      await assert.rejects(failing, /refused later/);
      for (const outcome of ['late', 'failed']) {
        assert.equal(await atomically(first(), () => unit().find('Outcome', `${value} ${outcome}`)), undefined);
      }
    });

    it('R-078 what was revoked stays so, whoever writes it again', async () => {
      const value = randomUUID();
      await issue('Session', value);
      await atomically(first(), async () => unit().revoke(artifactId('Session', value)));
      await issue('Session', value);
      assert.equal(await atomically(first(), () => unit().find('Session', value)), undefined);
    });
  });
}
