import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { inspect } from 'node:util';
import { commandSettingNames, readSettings, SettingsError, settingNames } from './config.ts';

const key = randomBytes(32).toString('base64');
const database = 'postgres://issuer:a-database-password@db.example/issuer';
const production = { SAFECONDUCT_ISSUER: 'https://login.example', DATABASE_URL: database, SAFECONDUCT_MASTER_KEY: key };
const inProduction = (environment: Record<string, string | undefined>) =>
  readSettings({ mode: 'production' }, { ...production, ...environment });

function refused(read: () => unknown, finding: RegExp): void {
  assert.throws(read, (error: unknown) => {
    assert.ok(error instanceof SettingsError);
    assert.match(error.message, finding);
    assert.ok(!error.message.includes(key) && !error.message.includes('a-database-password'), 'a refusal shows no secret');
    return true;
  });
}

describe('settings', () => {
  let directory = '';
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'safeconduct-config-'));
  });
  after(() => rmSync(directory, { recursive: true, force: true }));
  const file = (name: string, text: string, mode = 0o600) => {
    const path = join(directory, name);
    writeFileSync(path, text);
    chmodSync(path, mode);
    return path;
  };

  it('take keys for the vault, a key service and networks that may be called', () => {
    const settings = inProduction({
      SAFECONDUCT_VAULT_KEY_FILE: file('vault.key', `${randomBytes(32).toString('base64')}\n${randomBytes(32).toString('hex')}\n`),
      SAFECONDUCT_VAULT_KMS: 'aws-kms:alias/vault',
      SAFECONDUCT_OUTBOUND_NETWORKS: '10.1.0.0/16, 192.168.7.1',
    });
    assert.equal(settings.vaultKeys.length, 2);
    assert.equal(settings.vaultKms, 'aws-kms:alias/vault');
    assert.deepEqual(settings.outboundNetworks, ['10.1.0.0/16', '192.168.7.1']);
  });

  it('need nothing in development: localhost, the embedded database, a key of its own that only its owner can read', () => {
    const dataDirectory = join(directory, 'fresh');
    const settings = readSettings({ dataDirectory }, {});
    assert.equal(settings.issuer, 'http://localhost:8080');
    assert.equal(settings.port, 8080);
    assert.equal(settings.host, '127.0.0.1');
    assert.equal(settings.databaseUrl, undefined);
    assert.equal(statSync(join(dataDirectory, 'master.key')).mode & 0o777, 0o600);
    const again = readSettings({ dataDirectory }, {});
    assert.equal(again.masterKeys[0]?.id, settings.masterKeys[0]?.id);
  });

  it('take the port from the issuer, and the issuer from the environment', () => {
    const settings = readSettings({ dataDirectory: directory }, { SAFECONDUCT_ISSUER: 'http://localhost:9099' });
    assert.equal(settings.port, 9099);
  });

  it('cannot be changed', () => assert.ok(Object.isFrozen(inProduction({}))));

  it('are complete in production with an issuer, a database and a master key', () => {
    const settings = inProduction({});
    assert.equal(settings.issuer, 'https://login.example');
    assert.equal(settings.databaseUrl?.reveal(), database);
    assert.ok(!existsSync(join(settings.dataDirectory, 'master.key')) || settings.masterKeys.length === 1);
  });

  it('R-146 show no secret when they are printed', () => {
    for (const text of [inspect(inProduction({}), { depth: 9 }), JSON.stringify(inProduction({}))]) {
      assert.doesNotMatch(text, /a-database-password/);
      assert.ok(!text.includes(key));
    }
  });

  it('read secrets from files', () => {
    const DATABASE_URL_FILE = file('url', `${database}\n`);
    const SAFECONDUCT_MASTER_KEY_FILE = file('key', `${key}\n`);
    const settings = inProduction({
      DATABASE_URL: undefined,
      SAFECONDUCT_MASTER_KEY: undefined,
      DATABASE_URL_FILE,
      SAFECONDUCT_MASTER_KEY_FILE,
    });
    assert.equal(settings.databaseUrl?.reveal(), database);
    assert.equal(settings.masterKeys.length, 1);
  });

  it('R-144 refuse a secret file that everybody can read', () => {
    const path = file('open', key, 0o644);
    refused(() => inProduction({ SAFECONDUCT_MASTER_KEY: undefined, SAFECONDUCT_MASTER_KEY_FILE: path }), /chmod 600/);
  });

  const refusals: readonly (readonly [what: string, environment: Record<string, string | undefined>, finding: RegExp])[] = [
    ['an http issuer beyond this computer', { SAFECONDUCT_ISSUER: 'http://login.example' }, /SAFECONDUCT_ISSUER: must begin with https/],
    ['an http issuer on a private network', { SAFECONDUCT_ISSUER: 'http://10.0.0.5:8080' }, /must begin with https/],
    ['an http issuer that only looks like localhost', { SAFECONDUCT_ISSUER: 'http://localhost.evil.example' }, /must begin with https/],
    ['an issuer with a path', { SAFECONDUCT_ISSUER: 'https://login.example/auth' }, /write https:\/\/login\.example$/m],
    ['an issuer with a password', { SAFECONDUCT_ISSUER: 'https://a:b@login.example' }, /write https:\/\/login\.example$/m],
    ['an issuer that is no URL', { SAFECONDUCT_ISSUER: 'login.example' }, /must be a URL/],
    ['the embedded database', { DATABASE_URL: undefined }, /DATABASE_URL is missing: the embedded database is for development/],
    ['a database that is not PostgreSQL', { DATABASE_URL: 'mysql://x/y' }, /DATABASE_URL: must be a URL such as postgres/],
    [
      'a database that anybody may pretend to be',
      { DATABASE_URL: 'postgres://a:b@db.example/x?sslmode=no-verify' },
      /DATABASE_URL: sslmode=no-verify/,
    ],
    ['a missing master key', { SAFECONDUCT_MASTER_KEY: undefined }, /SAFECONDUCT_MASTER_KEY .* is missing: make one with/],
    ['a demo master key', { SAFECONDUCT_MASTER_KEY: 'MasterkeyNeedsToHave32Characters' }, /must be 32 random bytes/],
    ['a guessable master key', { SAFECONDUCT_MASTER_KEY: Buffer.alloc(32, 7).toString('base64') }, /guessable/],
    [
      'a guessable key of the vault',
      { SAFECONDUCT_VAULT_KEY: Buffer.alloc(32, 7).toString('base64') },
      /SAFECONDUCT_VAULT_KEY: .*guessable/,
    ],
    ['a key service that is none', { SAFECONDUCT_VAULT_KMS: 'alias/vault' }, /SAFECONDUCT_VAULT_KMS: must be aws-kms:/],
    ['an outbound network that is everything', { SAFECONDUCT_OUTBOUND_NETWORKS: '0.0.0.0/0' }, /OUTBOUND_NETWORKS: .* is too wide/],
    ['a short master key', { SAFECONDUCT_MASTER_KEY: randomBytes(16).toString('base64') }, /must be 32 random bytes/],
    ['a secret and its file at once', { DATABASE_URL_FILE: '/nowhere' }, /DATABASE_URL and DATABASE_URL_FILE are both set/],
    [
      'a secret file that is not there',
      { SAFECONDUCT_MASTER_KEY: undefined, SAFECONDUCT_MASTER_KEY_FILE: '/nowhere' },
      /SAFECONDUCT_MASTER_KEY_FILE: .*ENOENT/,
    ],
    ['a misspelt setting', { SAFECONDUCT_ISSUR: 'https://login.example' }, /SAFECONDUCT_ISSUR is no setting/],
    ['certificate checks that were turned off', { NODE_TLS_REJECT_UNAUTHORIZED: '0' }, /turns certificate checks off/],
    ['a debugger', { NODE_OPTIONS: '--inspect=0.0.0.0' }, /debugger/],
    ['proxies that are everybody', { SAFECONDUCT_TRUSTED_PROXIES: '0.0.0.0/0' }, /is too wide/],
    ['proxies that are no network', { SAFECONDUCT_TRUSTED_PROXIES: 'proxy.example' }, /no address or network/],
    ['an impossible port', { SAFECONDUCT_PORT: '99999' }, /SAFECONDUCT_PORT: must be a whole number from 1 to 65535/],
    ['an unknown log level', { SAFECONDUCT_LOG_LEVEL: 'loud' }, /must be one of silent/],
  ];
  for (const [what, environment, finding] of refusals) {
    it(`R-144 refuse ${what} in production`, () => refused(() => inProduction(environment), finding));
  }

  it('list every finding at once', () => {
    assert.throws(
      () => readSettings({ mode: 'production' }, { SAFECONDUCT_ISSUER: 'http://login.example', SAFECONDUCT_PORT: 'x' }),
      (error: unknown) => error instanceof SettingsError && error.findings.length === 4,
    );
  });

  it('leave the variables of the command alone', () => {
    assert.doesNotThrow(() => inProduction({ SAFECONDUCT_TOKEN: 'a token', SAFECONDUCT_PASSWORD: 'a password' }));
  });

  it('only warn about a misspelt setting in development', () => {
    const { warnings } = readSettings({ dataDirectory: directory }, { SAFECONDUCT_ISSUR: 'x' });
    assert.match(warnings.join(), /SAFECONDUCT_ISSUR is no setting/);
  });

  it('are all in docs/configuration.md, and nothing else is', () => {
    const text = readFileSync(new URL('../../../docs/configuration.md', import.meta.url), 'utf8');
    const named = new Set(text.match(/SAFECONDUCT_[A-Z_]+/g)?.filter((name) => !name.endsWith('_')));
    assert.deepEqual([...named].sort(), [...settingNames, ...commandSettingNames].sort());
  });

  it('leave process.env to config.ts alone', () => {
    const source = readFileSync(new URL('config.ts', import.meta.url), 'utf8');
    assert.equal(source.match(/process\.env/g)?.length, 3);
  });
});
