import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { plainApplication, type RegisteredApplication } from '../orgs/applications.ts';
import type { Row, Run } from '../store/database.ts';
import { findListed, isRegistered, readScopes } from './asking.ts';
import type { Connection } from './connection.ts';

const application = (more: Partial<RegisteredApplication> = {}): RegisteredApplication => ({
  ...plainApplication,
  id: 'app',
  projectId: 'shop',
  kind: 'web',
  name: 'App',
  authMethod: 'client_secret_basic',
  organizationId: 'org',
  projectClients: [],
  reaches: true,
  secretHashes: [],
  keys: [],
  credentialsFor: null,
  ...more,
});

const answering = (rows: Row[]): { run: Run } => ({ run: async () => rows as never });
const nobody = answering([]);

describe('where an application may send people back to', () => {
  it('R-079 is an address that it registered, exactly; a link may add a query', async () => {
    const app = application({ redirectUris: ['https://app.example/cb'], postLogoutRedirectUris: ['https://app.example/bye?x=1'] });
    const may = (address: string, anyQuery = false) => isRegistered(nobody, app, { address, anyQuery });
    assert.deepEqual(
      await Promise.all([may('https://app.example/cb'), may('https://app.example/bye?x=1'), may('https://app.example/cb?a=b', true)]),
      [true, true, true],
    );
    for (const address of [
      'https://app.example/cb?a=b',
      'https://app.example/cb/',
      'https://app.example/CB',
      'https://app.example/bye',
      'https://app.example/cb#f',
      '',
    ])
      assert.equal(await may(address), false, address);
    assert.equal(await may('https://app.example/bye?y=2', true), false);
  });

  it('R-079 is any port of a loopback address on a device, and of no name', async () => {
    const native = application({
      kind: 'native',
      redirectUris: ['http://127.0.0.1/cb', 'http://localhost:4000/cb', 'com.example.app:/cb'],
    });
    const may = (address: string, app = native) => isRegistered(nobody, app, { address });
    assert.equal(await may('http://127.0.0.1:51234/cb'), true);
    assert.equal(await may('com.example.app:/cb'), true);
    for (const address of [
      'http://127.0.0.1:51234/other',
      'http://localhost:51234/cb',
      'https://127.0.0.1:1/cb',
      'http://127.0.0.2:1/cb',
      'com.example.app:/other',
    ])
      assert.equal(await may(address), false, address);
    assert.equal(await may('http://127.0.0.1:51234/cb', application({ redirectUris: ['http://127.0.0.1/cb'] })), false);
  });

  it('R-079 is for an API what the applications that call it registered', async () => {
    const callers = answering([{ kind: 'web', redirect_uris: ['https://app.example/cb'], post_logout_redirect_uris: [] }]);
    const address = 'https://app.example/cb';
    assert.equal(await isRegistered(callers, application({ kind: 'api', resource: 'https://api.example' }), { address }), true);
    assert.equal(await isRegistered(callers, application(), { address }), false, 'of any other kind it is its own alone');
  });
});

describe('who may ask', () => {
  const connection = {
    id: 'calendar',
    accounts: true,
    disabled: false,
    publicClients: false,
    applications: new Map([['app', { scopes: 'all', tokens: true }]]),
  };
  const asked = (more: object, rows: Row[] = [rowOf('client_secret_basic')]) =>
    findListed(
      {
        store: answering(rows),
        connections: { find: async () => ({ ...connection, ...more }) as never as Connection, ofOrganization: async () => [] },
      },
      { connectionId: 'calendar', clientId: 'app' },
    );
  const rowOf = (method: string): Row => ({
    id: 'app',
    kind: 'web',
    auth_method: method,
    organization_id: 'org',
    secret_hashes: [],
    keys: [],
    reaches: true,
  });

  it('R-120 VLT-05 is an application that the connection lists and that can prove itself', async () => {
    assert.equal(typeof (await asked({})), 'object');
    assert.equal(await asked({ accounts: false }), 'connection_unknown');
    assert.equal(await asked({ disabled: true }), 'connection_off');
    assert.equal(await asked({ applications: new Map() }), 'application_not_listed');
    assert.equal(await asked({}, []), 'application_unknown');
    assert.equal(await asked({}, [rowOf('none')]), 'application_public');
    assert.equal(typeof (await asked({ publicClients: true }, [rowOf('none')])), 'object');
  });
});

describe('scopes in an address', () => {
  it('are split and held to the grammar', () => {
    assert.deepEqual(readScopes(' a  b a '), ['a', 'b']);
    assert.deepEqual(readScopes(''), []);
    for (const wrong of ['a"b', 'a\\b', 'a\tb', 'ä', 'x'.repeat(201), Array.from({ length: 51 }, (_, at) => `s${at}`).join(' ')])
      assert.equal(readScopes(wrong), undefined);
  });
});
