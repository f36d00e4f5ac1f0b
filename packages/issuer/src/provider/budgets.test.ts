/** How many SQL statements each flow sends. Applications are read once per five seconds and counted as known. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createAccessToken } from '../people/access-tokens.ts';
import { type OnEngine, startBareOn } from './bare-issuer.fixtures.test.ts';
import { basic, call } from './browser.fixtures.test.ts';
import { engines, introspect, refresh, signIn } from './harness.test.ts';
import { API, OPAQUE_API } from './shop.fixtures.test.ts';

for (const { engine, skip } of engines) {
  describe(`statements on ${engine}`, { skip }, () => {
    let on: OnEngine;
    let url: string;

    before(async () => {
      on = await startBareOn(engine);
      ({ url } = on);
      await signIn(url, { client: 'web' });
      await introspect(url, 'unknown');
      await introspect(url, 'unknown', 'opaque-api');
      await job();
    });
    after(() => on.end());

    const job = () =>
      call(url, '/oauth2/token', { form: { grant_type: 'client_credentials', scope: 'orders:read' }, headers: basic('job') });
    const counted = async (flow: () => Promise<unknown>) => {
      on.bare.store.statements.clear();
      const result = await flow();
      return { result, statements: [...on.bare.store.statements.values()].reduce((sum, one) => sum + one, 0) };
    };

    it('spends at most 8 on a full login, 4 with a session, 2 on a refresh', async () => {
      const first = await counted(() => signIn(url, { client: 'web' }));
      const { browser, tokens } = first.result as Awaited<ReturnType<typeof signIn>>;
      const again = await counted(() => signIn(url, { client: 'web', browser }));
      const refreshed = await counted(() => refresh(url, tokens.refresh_token, 'web'));
      assert.ok(first.statements <= 8, `full login: ${first.statements}`);
      assert.ok(again.statements <= 4, `with a session: ${again.statements}`);
      assert.ok(refreshed.statements <= 2, `refresh: ${refreshed.statements}`);
    });

    it('spends one on introspection of a JWT, an opaque token and a personal access token', async () => {
      const jwt = (await signIn(url, { client: 'web', resource: API })).tokens.access_token;
      const opaque = (await signIn(url, { client: 'web', resource: OPAQUE_API })).tokens.access_token;
      const { token } = await on.bare.store.transaction((run) =>
        createAccessToken(run, { userId: 'usr_ada', name: 'Script', resources: [API], createdBy: 'usr_ada' }),
      );
      const answers = [
        await counted(() => introspect(url, jwt)),
        await counted(() => introspect(url, opaque, 'opaque-api')),
        await counted(() => introspect(url, token.reveal())),
      ];
      assert.deepEqual(
        answers.map(({ statements }) => statements),
        [1, 1, 1],
      );
      assert.deepEqual(
        answers.map(({ result }) => (result as { active: boolean }).active),
        [true, true, true],
      );
    });

    it('spends one on client credentials: who the service user is now', async () => {
      const { result, statements } = await counted(job);
      assert.equal((result as { status: number }).status, 200);
      assert.equal(statements, 1);
    });
  });
}
