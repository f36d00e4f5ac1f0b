import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import type { StoredTokens } from '../../core/protocol/tokens.ts';
import { generic } from '../../core/providers/generic.ts';
import { createLogin, type Login } from '../../steps/login/login.ts';
import { clientId, type ForeignProvider, openBrowserOf, resource, startForeignProvider } from './provider.fixtures.test.ts';
import { type SignInOptions, signIn } from './sign-in.ts';

let provider: ForeignProvider;
let directory = '';
let login: Login;

before(async () => {
  provider = await startForeignProvider();
  login = createLogin({ ...loginOptions(), provider: generic({ issuer: provider.issuer }) });
});
after(() => provider.close());
beforeEach(async () => {
  directory = join(await mkdtemp(join(tmpdir(), 'stored-')), 'credentials');
  const tell: SignInOptions['tell'] = (step) => step.kind === 'browser' && openBrowserOf().signIn(step.url, 'ada');
  await signIn(login, { ...storage(), device: false, open: async () => false, input: new PassThrough(), tell });
});
afterEach(() => rm(join(directory, '..'), { recursive: true }));

const loginOptions = () => ({
  clientId,
  redirectUri: 'http://127.0.0.1/callback',
  scopes: ['openid', 'offline_access', 'orders:read'],
  resource,
});
const storage = () => ({ environment: {}, directory, keyring: false });
const refreshes = () => provider.grants.filter(({ grant }) => grant === 'refresh_token').length;

/** Changes what is stored, as time and accidents do. */
async function tamper(change: Partial<StoredTokens>): Promise<void> {
  const path = join(directory, (await readdir(directory)).find((name) => name.endsWith('.json')) ?? '');
  const stored = JSON.parse(await readFile(path, 'utf8')) as { tokens: StoredTokens };
  await writeFile(path, JSON.stringify({ ...stored, tokens: { ...stored.tokens, ...change } }));
}

const expire = () => tamper({ expiresAt: Date.now() - 1 });

/** Another process that wants a token; `stall` stops it just before its refresh request leaves. */
function otherProcess({ stall = false } = {}): ChildProcess {
  const at = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
  const program = `
    import { generic } from ${at('../../core/providers/generic.ts')};
    import { createLogin } from ${at('../../steps/login/login.ts')};
    import { signIn } from ${at('sign-in.ts')};
    const stalled = (url, init) => {
      if (init?.method !== 'POST') return fetch(url, init);
      process.stdout.write('holding');
      return new Promise(() => setInterval(() => {}, 1000));
    };
    const provider = generic(${JSON.stringify({ issuer: provider.issuer })});
    const login = createLogin({ ...${JSON.stringify(loginOptions())}, provider, ...(${stall} && { fetch: stalled }) });
    const { identity } = await signIn(login, { ...${JSON.stringify(storage())}, interactive: false });
    process.stdout.write(identity.subject);
  `;
  return spawn(process.execPath, ['--conditions=safeconduct-source', '--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

async function outputOf(child: ChildProcess): Promise<string> {
  let text = '';
  child.stdout?.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  await once(child, 'close');
  return text;
}

describe('the stored sign-in', () => {
  it('R-075 is refreshed once by six processes that need it at the same time', async () => {
    await expire();
    const earlier = refreshes();
    const outputs = await Promise.all(Array.from({ length: 6 }, () => outputOf(otherProcess())));
    assert.deepEqual(outputs, Array(6).fill('ada'));
    assert.equal(refreshes() - earlier, 1);
  });

  it('R-075 is refreshed by the next process when the one that was at it is killed', async () => {
    await expire();
    const holder = otherProcess({ stall: true });
    await once(holder.stdout ?? holder, 'data');
    const earlier = refreshes();
    const waiting = [outputOf(otherProcess()), outputOf(otherProcess())];
    holder.kill('SIGKILL');
    assert.deepEqual(await Promise.all(waiting), ['ada', 'ada']);
    assert.equal(refreshes() - earlier, 1);
  });

  it('R-075 is on the disk before anybody gets the new tokens', async () => {
    await expire();
    const { tokens } = await signIn(login, { ...storage(), interactive: false });
    const path = join(directory, (await readdir(directory)).find((name) => name.endsWith('.json')) ?? '');
    assert.ok((await readFile(path, 'utf8')).includes(tokens.refreshToken?.reveal() ?? 'nothing'));
  });

  it('is renewed when an API has refused its access token, and only by the first who says so', async () => {
    const before = await signIn(login, { ...storage(), interactive: false });
    const earlier = refreshes();
    const renewed = await signIn(login, { ...storage(), interactive: false, refused: before.tokens });
    assert.notEqual(renewed.tokens.accessToken.reveal(), before.tokens.accessToken.reveal());
    const again = await signIn(login, { ...storage(), interactive: false, refused: before.tokens });
    assert.equal(again.tokens.accessToken.reveal(), renewed.tokens.accessToken.reveal());
    assert.equal(refreshes() - earlier, 1);
  });

  it('asks again when the session at the provider has ended', async () => {
    await tamper({ expiresAt: 0, refreshToken: 'no-such-token' });
    const notices: string[] = [];
    const tell: SignInOptions['tell'] = (step) => step.kind === 'notice' && notices.push(step.message);
    await assert.rejects(signIn(login, { ...storage(), interactive: false, tell }), { code: 'session_missing' });
    assert.deepEqual(notices, ['Your session has ended: sign in again.']);
    assert.equal((await readdir(directory)).filter((name) => name.endsWith('.json')).length, 0);
  });

  it('proves nobody when its ID token was changed', async () => {
    const { tokens } = await signIn(login, { ...storage(), interactive: false });
    const [header, , signature] = tokens.idToken?.reveal().split('.') ?? [];
    const forged = Buffer.from(JSON.stringify({ iss: provider.issuer, aud: clientId, sub: 'eve', iat: 1, exp: 2_000_000_000 })).toString(
      'base64url',
    );
    await tamper({ idToken: `${header}.${forged}.${signature}` });
    await assert.rejects(signIn(login, { ...storage(), interactive: false, tell: () => {} }), { code: 'session_missing' });
  });
});
