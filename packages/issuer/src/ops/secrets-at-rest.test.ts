import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { createDatabase, postgresSkipped } from '@safeconduct/test-support/postgres';
import pg from 'pg';
import { withIssuer } from '../issuer.fixtures.test.ts';
import { refresh, signIn } from '../provider/harness.test.ts';
import { ADA, SECRET } from '../provider/shop.fixtures.test.ts';

describe('the database', { skip: postgresSkipped }, () => {
  it('R-146 holds nothing that whoever reads all of it could use: no token, code, cookie, password, secret or key', async () => {
    const database = await createDatabase();
    const masterKey = randomBytes(32).toString('base64');
    await withIssuer(
      async ({ url }) => {
        const { tokens, code, verifier, url: back } = await signIn(url);
        const { json } = await refresh(url, tokens.refresh_token);
        const later = json as Record<'access_token' | 'refresh_token' | 'id_token', string>;
        const values = [
          tokens.access_token,
          tokens.refresh_token,
          tokens.id_token,
          later.access_token,
          later.refresh_token,
          later.id_token,
        ];
        const dump = await everything(database.url);
        assert.match(dump, /usr_ada/);
        for (const value of [...values, code, verifier, ADA.password, SECRET, masterKey]) {
          assert.ok(value.length > 8 && !dump.includes(value), `${value.slice(0, 8)}… is in the database`);
        }
        assert.equal(back.searchParams.get('code'), code);
        assert.doesNotMatch(dump, /"+d"+:|\beyJ|sc_(rt|at|pat|sk|dc)_/);
      },
      { databaseUrl: database.url, masterKey },
    );
    await database.drop();
  });
});

/** Every row of every table, as text. */
async function everything(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ name: string }>(`select tablename as name from pg_tables where schemaname = 'issuer'`);
  const dumps = [];
  for (const { name } of rows) dumps.push((await client.query(`select t::text from issuer.${name} t`)).rows.map((row) => row.t).join('\n'));
  await client.end();
  return dumps.join('\n');
}
