import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { createDatabase, postgresSkipped } from '@safeconduct/test-support/postgres';
import pg from 'pg';
import { createIssuer, demo } from '../index.ts';

describe('production', { skip: postgresSkipped }, () => {
  it('R-144 does not start as a superuser, whom nothing stops from rewriting the audit log', async () => {
    const database = await createDatabase();
    const production = {
      mode: 'production',
      issuer: 'https://login.example',
      masterKey: randomBytes(32).toString('base64'),
      logLevel: 'silent',
    } as const;
    await assert.rejects(createIssuer({ ...production, databaseUrl: database.url }), /superuser/);
    await database.drop();
  });

  it('R-144 does not start while a demo secret is in use', async () => {
    const database = await createDatabase();
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    const { rows } = await client.query<{ name: string }>('select current_database() as name');
    const role = `${rows[0]?.name}_owner`;
    await client.query(`create role ${role} login; grant create on database ${rows[0]?.name} to ${role}`);
    const url = new URL(database.url);
    url.username = role;
    const options = { databaseUrl: url.href, masterKey: randomBytes(32).toString('base64'), logLevel: 'silent' } as const;
    const users = [{ id: 'usr_demo', organization: 'o', email: 'd@shop.example', password: demo('a passphrase everybody knows') }];
    const development = await createIssuer({ ...options, configuration: { organizations: [{ id: 'o', name: 'O' }], users } });
    await development.close();
    const production = { ...options, mode: 'production', issuer: 'https://login.example' } as const;
    await assert.rejects(createIssuer(production), /usr_demo has a demo secret in this database/);
    await client.query(`delete from issuer.demo_secret`);
    await (await createIssuer(production)).close();
    await client.query(`drop owned by ${role} cascade; drop role ${role}`);
    await client.end();
    await database.drop();
  });
});
