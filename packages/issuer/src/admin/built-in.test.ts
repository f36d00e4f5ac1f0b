import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { checkConfiguration } from '../configuration/schema.ts';
import { findApplication } from '../orgs/applications.ts';
import { parseMasterKeys } from '../secrets/master-key.ts';
import { hashOf } from '../secrets/token-format.ts';
import { onBothEngines } from '../store/stores.fixtures.test.ts';
import { ADMIN_API, adminSecret, builtIn, COMMAND, ensureBuiltIn } from './built-in.ts';
import { fetchFromHere } from './serve.ts';

const issuer = 'https://login.example';
const keysOf = (...bytes: number[]) =>
  parseMasterKeys(
    bytes.map((byte) => Buffer.from(Array.from({ length: 32 }, (_, index) => (index * 37 + byte) % 256)).toString('base64')).join(','),
  );

onBothEngines('what is built in', (fixture) => {
  const ensure = (masterKeys = keysOf(3), at = issuer) => ensureBuiltIn(fixture.store(), { issuer: at, masterKeys });

  it('R-143 is an API and a public application for the command, and nobody who could use them', async () => {
    await Promise.all([ensure(), ensure()]);
    await ensure();
    const api = await findApplication(fixture.store(), ADMIN_API);
    assert.deepEqual([api?.kind, api?.resource, api?.issuerAdmin], ['api', `${issuer}/admin/v1`, false]);
    const command = await findApplication(fixture.store(), COMMAND);
    assert.deepEqual([command?.kind, command?.authMethod, command?.secretHashes], ['native', 'none', []]);
    const [counted] = await fixture.store().run({ name: 'count users', text: 'select count(*)::int as users from issuer.users' }, []);
    assert.equal(counted?.users, 0);
  });

  it('takes the secrets of all master keys, so that the key can be rotated, and no older one', async () => {
    const [newer, older] = keysOf(5, 3);
    assert.ok(newer && older);
    const hashes = async () => new Set((await findApplication(fixture.store(), ADMIN_API))?.secretHashes);
    await ensure([newer, older]);
    assert.deepEqual(await hashes(), new Set([newer, older].map((key) => hashOf(adminSecret(key).reveal()))));
    await ensure([newer]);
    assert.deepEqual(await hashes(), new Set([hashOf(adminSecret(newer).reveal())]));
    assert.equal(`${adminSecret(newer)}`, '[secret]');
  });

  it('never turns a project or application that is there under its id into one of administrators', async () => {
    const { run } = fixture.store();
    const say = (text: string) => run({ name: text.slice(0, 60), text }, []);
    await ensure();
    await say(`insert into issuer.organization (id, name) values ('elsewhere', 'E')`);
    await say(`update issuer.project set organization_id = 'elsewhere' where id = 'safeconduct'`);
    await assert.rejects(ensure(), /a project or application of its own under safeconduct, which is built in/);
    await say(`update issuer.project set organization_id = 'safeconduct' where id = 'safeconduct'`);
    await ensure();
  });

  it('follows the issuer to another address', async () => {
    await ensure(keysOf(3), 'https://other.example');
    assert.equal((await findApplication(fixture.store(), ADMIN_API))?.resource, 'https://other.example/admin/v1');
  });
});

describe('what is built in', () => {
  it('is no configuration file’s to declare', () => {
    for (const id of builtIn) {
      const declared = { projects: [{ id: 'p', organization: 'o', name: 'P', applications: [{ id, name: 'A', kind: 'native' }] }] };
      assert.throws(() => checkConfiguration(declared), new RegExp(`the id ${id} is built in`));
    }
    assert.throws(() => checkConfiguration({ organizations: [{ id: 'safeconduct', name: 'Mine' }] }), /the id safeconduct is built in/);
  });

  it('asks the issuer where it listens, and everybody else where they are', async () => {
    const server = createServer((request, response) => response.end(`${request.url}`));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    try {
      const ask = fetchFromHere({ issuer, host: '0.0.0.0', port });
      const init = { method: 'GET', headers: {}, redirect: 'manual', body: undefined } as never;
      assert.equal(await (await ask(`${issuer}/oauth2/jwks?x=1`, init)).text(), '/oauth2/jwks?x=1');
      assert.equal(await (await ask(`http://127.0.0.1:${port}/else`, init)).text(), '/else');
    } finally {
      server.close();
    }
  });
});
