/** Two processes, one database: 200 requests at once with the same code, or the same refresh token; and a process that dies. */
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createDatabase, postgresSkipped, type TestDatabase } from '@safeconduct/test-support/postgres';
import { openStore, type Store } from '../store/database.ts';
import { artifactId } from './artifact.ts';
import { type BareOptions, bareOptions, spawnBareIssuer } from './bare-issuer.fixtures.test.ts';
import type { Answer } from './browser.fixtures.test.ts';
import { authorize, introspect, redeem, refresh, signIn } from './harness.test.ts';

const PARALLEL = 100;
const ROUNDS = 3;

describe('two processes on one database', { skip: postgresSkipped }, () => {
  let database: TestDatabase;
  let options: BareOptions;
  let store: Store;
  const children: ChildProcess[] = [];
  const urls: string[] = [];
  const dataDirectory = mkdtempSync(join(tmpdir(), 'safeconduct-races-'));

  before(async () => {
    database = await createDatabase();
    options = await bareOptions({ dataDirectory, databaseUrl: database.url });
    store = await openStore({ ...options.place, poolSize: 2 });
    for (const { url, child } of await Promise.all([spawnBareIssuer(options, { port: options.port }), spawnBareIssuer(options)])) {
      urls.push(url);
      children.push(child);
    }
  });
  after(async () => {
    for (const child of children) child.kill();
    await store.close();
    await database.drop();
    rmSync(dataDirectory, { recursive: true, force: true });
  });

  const first = () => String(urls[0]);
  const everywhere = (send: (url: string) => Promise<Answer>) =>
    Promise.all(urls.flatMap((url) => Array.from({ length: PARALLEL }, () => send(url))));
  const statuses = (answers: readonly Answer[]) => answers.filter(({ status }) => status === 200).length;
  const liveLeaves = async (token: string) => {
    const text = `select count(*)::int as leaves from issuer.artifact r join issuer.artifact g on g.id = r.grant_id and g.revoked_at is null
      where r.kind = 'RefreshToken' and r.consumed_at is null and r.grant_id = (select grant_id from issuer.artifact where id = $1)`;
    return (await store.run({ name: 'live leaves', text }, [artifactId('RefreshToken', token)]))[0]?.leaves;
  };

  it('R-021 lets exactly one of 200 redeem a code; the losers are valid replays, so its tokens end', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const back = await authorize(first());
      const answers = await everywhere((url) => redeem(url, back));
      assert.equal(statuses(answers), 1);
      const won = answers.find(({ status }) => status === 200)?.json;
      assert.deepEqual(await introspect(first(), won.access_token), { active: false });
      assert.equal((await refresh(first(), won.refresh_token)).status, 400);
    }
  });

  it('R-025 gives all of 200 the same child of a refresh token, one live leaf, and logs nobody out', async () => {
    let leaf = (await signIn(first())).tokens.refresh_token;
    for (let round = 0; round < ROUNDS; round++) {
      const answers = await everywhere((url) => refresh(url, leaf));
      assert.equal(statuses(answers), answers.length);
      const children = new Set(answers.map(({ json }) => String(json.refresh_token)));
      assert.equal(children.size, 1);
      leaf = [...children].join();
      assert.equal(await liveLeaves(leaf), 1);
    }
    assert.equal((await refresh(first(), leaf)).status, 200);
  });

  it('R-027 a process killed between commit and answer logs nobody out, and a used code stays used', async () => {
    const { refresh_token: parent } = (await signIn(first())).tokens;
    const dying = await spawnBareIssuer(options, { crash: true });
    const gone = new Promise((resolve) => dying.child.once('exit', (_code, signal) => resolve(signal)));
    await assert.rejects(refresh(dying.url, parent));
    assert.equal(await gone, 'SIGKILL');
    const retry = await refresh(first(), parent);
    assert.equal(retry.status, 200);
    assert.equal((await refresh(first(), retry.json.refresh_token)).status, 200);

    const back = await authorize(first());
    const second = await spawnBareIssuer(options, { crash: true });
    await assert.rejects(redeem(second.url, back));
    assert.equal((await redeem(first(), back)).status, 400);
  });

  for (const state of ['40001', '40P01']) {
    it(`R-021 survives SQLSTATE ${state} once`, async () => {
      const { refresh_token: token } = (await signIn(first())).tokens;
      await store.transaction((run) =>
        run(
          {
            name: `fail ${state}`,
            text: `do $$ begin create sequence issuer.failures;
            create function issuer.fail_once() returns trigger language plpgsql as $f$
              begin if nextval('issuer.failures') = 1 then raise exception using errcode = '${state}'; end if; return new; end $f$;
            create trigger fail_once before update on issuer.artifact for each row execute function issuer.fail_once(); end $$`,
          },
          [],
        ),
      );
      try {
        assert.equal((await refresh(first(), token)).status, 200);
      } finally {
        const text =
          'do $$ begin drop trigger fail_once on issuer.artifact; drop function issuer.fail_once; drop sequence issuer.failures; end $$';
        await store.run({ name: `mend ${state}`, text }, []);
      }
    });
  }
});
