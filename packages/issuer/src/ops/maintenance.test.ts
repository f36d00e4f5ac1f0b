import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { freePort } from '@safeconduct/test-support/ports';
import { createDatabase, postgresSkipped } from '@safeconduct/test-support/postgres';
import pg from 'pg';
import { kids, query, withIssuer } from '../issuer.fixtures.test.ts';
import { headerOf, introspect, redeem, refresh, signIn } from '../provider/harness.test.ts';

describe('an issuer on PostgreSQL, over time', { skip: postgresSkipped }, () => {
  it('F-15 serves with another key after a rotation, without a restart, while tokens of the old key still work', async () => {
    const database = await createDatabase();
    await withIssuer(
      async ({ issuer, url }) => {
        const before = await signIn(url);
        const [, next] = await kids(url);
        const client = new pg.Client({ connectionString: database.url });
        await client.connect();
        await client.query(
          `update issuer.signing_key set published_at = now() - interval '100 days', activated_at = activated_at - interval '100 days'`,
        );
        await client.end();
        await issuer.maintain();
        const after = await signIn(url);
        assert.equal(headerOf(after.tokens.access_token).kid, next);
        assert.notEqual(headerOf(before.tokens.access_token).kid, next);
        assert.equal((await kids(url)).length, 3);
        assert.equal((await introspect(url, before.tokens.access_token)).active, true);
        assert.equal((await refresh(url, before.tokens.refresh_token)).status, 200);
      },
      { databaseUrl: database.url },
    );
    await database.drop();
  });

  it('R-027 does not revive used codes and refresh tokens by a restart or a rotation of keys', async () => {
    const database = await createDatabase();
    const masterKey = randomBytes(32).toString('base64');
    const options = { databaseUrl: database.url, masterKey, issuer: `http://localhost:${await freePort()}` };
    const used = { code: '', verifier: '', parent: '', child: '' };
    await withIssuer(async ({ url }) => {
      const { tokens, code, verifier } = await signIn(url);
      const { status, json } = await refresh(url, tokens.refresh_token);
      assert.equal(status, 200);
      Object.assign(used, { code, verifier, parent: tokens.refresh_token, child: (json as { refresh_token: string }).refresh_token });
    }, options);
    await query(database.url, `update issuer.artifact set consumed_at = consumed_at - interval '1 minute' where consumed_at is not null`);
    await query(
      database.url,
      `update issuer.signing_key set published_at = now() - interval '100 days', activated_at = activated_at - interval '100 days'`,
    );
    const rotated = { ...options, masterKey: `${randomBytes(32).toString('base64')}\n${masterKey}` };
    await withIssuer(async ({ issuer, url }) => {
      await issuer.maintain();
      assert.equal((await refresh(url, used.parent)).status, 400);
      // Reuse after the grace window ends the family, so the child is dead as well.
      assert.equal((await refresh(url, used.child)).status, 400);
      assert.equal((await redeem(url, { ...used, client: 'cli' })).status, 400);
    }, rotated);
    await database.drop();
  });

  it('cleans up what has expired, and nothing else', async () => {
    const database = await createDatabase();
    await withIssuer(
      async ({ issuer, url }) => {
        const { tokens } = await signIn(url);
        const client = new pg.Client({ connectionString: database.url });
        await client.connect();
        await client.query(
          `insert into issuer.artifact (id, kind, payload, expires_at) select 'old:' || n, 'AuthorizationCode', '{}', now() - interval '2 hours' from generate_series(1, 2500) n`,
        );
        await issuer.maintain();
        const { rows } = await client.query(`select count(*)::int as n from issuer.artifact where id like 'old:%'`);
        assert.equal(rows[0]?.n, 0);
        await client.end();
        assert.equal((await refresh(url, tokens.refresh_token)).status, 200);
      },
      { databaseUrl: database.url },
    );
    await database.drop();
  });
});
