import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { StoredTokens } from '../../core/protocol/tokens.ts';
import { type CredentialKey, type CredentialOptions, credentialDirectory, openCredentials } from './credentials.ts';
import { type Keyring, openKeyring } from './keyring.ts';

const key: CredentialKey = { issuer: 'https://id.example', client: 'terminal', resource: undefined };
const tokens: StoredTokens = { accessToken: 'access-1', refreshToken: 'refresh-1', expiresAt: 1_800_000_000_000, scopes: ['openid'] };
const posix = { skip: process.platform === 'win32' };

let directory = '';
let warnings: string[] = [];
beforeEach(async () => {
  directory = join(await mkdtemp(join(tmpdir(), 'credentials-')), 'own');
  warnings = [];
});
afterEach(() => rm(join(directory, '..'), { recursive: true }));

const open = (options: Partial<CredentialOptions> = {}, of: CredentialKey = key) =>
  openCredentials(of, { directory, openKeyring: async () => undefined, warn: (message) => warnings.push(message), ...options });

async function onlyFile(): Promise<string> {
  return join(directory, (await readdir(directory)).find((name) => name.endsWith('.json')) ?? assert.fail('nothing is stored'));
}

/** A keyring as systems have them, in memory. */
function memoryKeyring(): Keyring & { readonly keys: Map<string, Buffer> } {
  const keys = new Map<string, Buffer>();
  return {
    keys,
    find: async (account) => keys.get(account),
    provide: async (account) => {
      const kept = keys.get(account) ?? randomBytes(32);
      keys.set(account, kept);
      return kept;
    },
    forget: async (account) => void keys.delete(account),
  };
}

describe('stored credentials', () => {
  it('gives back what was stored, and nothing after it was removed', async () => {
    const credentials = open();
    assert.equal(await credentials.read(), undefined);
    await credentials.write(tokens);
    assert.deepEqual(await credentials.read(), tokens);
    await credentials.remove();
    assert.equal(await credentials.read(), undefined);
  });

  it('R-076 does not give a program that asks for other scopes the tokens of before, and lets sign-out read them all the same', async () => {
    const scopes = ['openid', 'orders:read'];
    await open({ scopes }).write(tokens);
    assert.deepEqual(await open({ scopes: scopes.toReversed() }).read(), tokens);
    assert.equal(await open({ scopes: [...scopes, 'orders:write'] }).read(), undefined);
    assert.match(warnings.join(), /asks for other rights now/);
    assert.deepEqual(await open().read(), tokens);
  });

  it('R-080 refuses a file that others can read', posix, async () => {
    await open().write(tokens);
    await chmod(await onlyFile(), 0o640);
    await assert.rejects(open().read(), { code: 'credentials_unsafe', message: /is open to other users.*chmod/ });
  });

  it('R-080 refuses a directory that others can enter', posix, async () => {
    await mkdir(directory, { mode: 0o755 });
    await chmod(directory, 0o755);
    await assert.rejects(open().write(tokens), { code: 'credentials_unsafe' });
    await assert.rejects(open().read(), { code: 'credentials_unsafe' });
  });

  it('R-080 refuses a link', posix, async () => {
    await open().write(tokens);
    const file = await onlyFile();
    await rename(file, `${file}.moved`);
    await symlink(`${file}.moved`, file);
    await assert.rejects(open().read(), { code: 'credentials_unsafe', message: /is a link/ });
  });

  it('leaves nothing but the new file when it replaces one', async () => {
    await open().write(tokens);
    await open().write({ ...tokens, accessToken: 'access-2' });
    assert.equal((await readdir(directory)).length, 1);
    assert.equal((await open().read())?.accessToken, 'access-2');
  });

  for (const [what, text] of [
    ['no JSON', '{"version":1,'],
    ['an empty file', ''],
    ['another version', '{"version":9}'],
    ['tokens that are none', JSON.stringify({ version: 1, issuer: key.issuer, client: key.client, tokens: { accessToken: 7 } })],
  ] as const) {
    it(`says that the file is damaged when it holds ${what}, and goes on without it`, async () => {
      await open().write(tokens);
      await writeFile(await onlyFile(), text);
      assert.equal(await open().read(), undefined);
      assert.match(warnings.join(), /is damaged and is not used: sign in again/);
      assert.doesNotMatch(warnings.join(), /access-1|refresh-1/);
    });
  }

  it('R-074 does not read a file that was stored for another issuer, even under the right name', async () => {
    await open().write(tokens);
    const name = await onlyFile();
    const foreign: CredentialKey = { ...key, issuer: 'https://attacker.example' };
    await rm(name);
    await open({}, foreign).write(tokens);
    await rename(await onlyFile(), name);
    assert.equal(await open().read(), undefined);
  });

  it('keeps issuers, clients and APIs apart', async () => {
    const keys: CredentialKey[] = [
      key,
      { ...key, issuer: 'https://id.example/' },
      { ...key, client: 'x' },
      { ...key, resource: 'https://api.example' },
    ];
    for (const [at, each] of keys.entries()) await open({}, each).write({ ...tokens, accessToken: `access-${at}` });
    for (const [at, each] of keys.entries()) assert.equal((await open({}, each).read())?.accessToken, `access-${at}`);
  });
});

describe('stored credentials with a keyring', () => {
  it('keeps no token in the file, and opens it with the key from the keyring', async () => {
    const keyring = memoryKeyring();
    await open({ openKeyring: async () => keyring }).write(tokens);
    assert.doesNotMatch(await readFile(await onlyFile(), 'utf8'), /access-1|refresh-1/);
    assert.deepEqual(await open({ openKeyring: async () => keyring }).read(), tokens);
  });

  it('asks to sign in again when the keyring has another key or is gone', async () => {
    const keyring = memoryKeyring();
    await open({ openKeyring: async () => keyring }).write(tokens);
    assert.equal(await open().read(), undefined);
    assert.match(warnings.join(), /locked with the system keyring/);
    for (const account of keyring.keys.keys()) keyring.keys.set(account, randomBytes(32));
    assert.equal(await open({ openKeyring: async () => keyring }).read(), undefined);
    assert.match(warnings.join(), /damaged/);
  });

  it('forgets the key with the sign-in', async () => {
    const keyring = memoryKeyring();
    const credentials = open({ openKeyring: async () => keyring });
    await credentials.write(tokens);
    await credentials.remove();
    assert.equal(keyring.keys.size, 0);
  });

  it('goes on with the file alone where the system has no keyring', async () => {
    const keyring = await openKeyring();
    const account = `check-${randomBytes(8).toString('hex')}`;
    if (!keyring) return assert.equal(keyring, undefined);
    assert.deepEqual(await keyring.find(account), undefined);
    assert.deepEqual(await keyring.provide(account), await keyring.find(account));
    await keyring.forget(account);
    assert.deepEqual(await keyring.find(account), undefined);
  });
});

describe('where credentials lie', () => {
  it('is the state directory of the platform', () => {
    assert.equal(credentialDirectory({ HOME: '/home/ada' }, 'linux'), '/home/ada/.local/state/safeconduct/credentials');
    assert.equal(credentialDirectory({ HOME: '/home/ada', XDG_STATE_HOME: '/state' }, 'linux'), '/state/safeconduct/credentials');
    assert.equal(
      credentialDirectory({ HOME: '/home/ada', XDG_STATE_HOME: 'relative' }, 'linux'),
      '/home/ada/.local/state/safeconduct/credentials',
    );
    assert.equal(credentialDirectory({ HOME: '/Users/ada' }, 'darwin'), '/Users/ada/Library/Application Support/safeconduct/credentials');
    assert.match(credentialDirectory({ LOCALAPPDATA: '/local' }, 'win32'), /^\/local.safeconduct.credentials$/);
  });
});
