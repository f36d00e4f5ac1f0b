import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, beforeEach, describe, it } from 'node:test';
import { CommandProblem } from './problem.ts';
import { readStoredToken, removeStoredToken, tokenDirectory, tokenPath, writeStoredToken } from './stored-token.ts';

const issuer = 'https://login.example';
const stored = { token: 'sc_pat_demo', userId: 'svc_1', tokenId: 'pat_1', expiresAt: '2027-02-20T12:00:00.000Z' };

describe('the token that this machine keeps', () => {
  const home = mkdtempSync(join(tmpdir(), 'safeconduct-token-'));
  const terminal = { environment: { HOME: home, LOCALAPPDATA: home } };
  const path = tokenPath(terminal, issuer);
  beforeEach(() => rmSync(dirname(path), { recursive: true, force: true }));
  after(() => rmSync(home, { recursive: true, force: true }));

  it('is in a file that only its owner can read, and comes back', async () => {
    assert.equal(await readStoredToken(terminal, issuer), undefined);
    assert.equal(await writeStoredToken(terminal, issuer, stored), path);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.equal(statSync(dirname(path)).mode & 0o777, 0o700);
    assert.deepEqual(await readStoredToken(terminal, issuer), stored);
    await removeStoredToken(terminal, issuer);
    assert.equal(await readStoredToken(terminal, issuer), undefined);
  });

  it('is never given to another issuer, even if its file is moved', async () => {
    await writeStoredToken(terminal, issuer, stored);
    assert.equal(await readStoredToken(terminal, 'https://other.example'), undefined);
    symlinkOver(tokenPath(terminal, 'https://other.example'), path);
    await assert.rejects(readStoredToken(terminal, 'https://other.example'), /is a link: remove it/);
    rmSync(tokenPath(terminal, 'https://other.example'));
    writeFileSync(tokenPath(terminal, 'https://other.example'), JSON.stringify({ issuer, ...stored }), { mode: 0o600 });
    await assert.rejects(readStoredToken(terminal, 'https://other.example'), /damaged/);
  });

  it('is refused when others can read it', async () => {
    await writeStoredToken(terminal, issuer, stored);
    chmodSync(path, 0o640);
    await assert.rejects(readStoredToken(terminal, issuer), (error: unknown) => {
      assert.ok(error instanceof CommandProblem);
      assert.match(error.message, /can be read by other users/);
      return !error.message.includes(stored.token);
    });
  });

  it('is not written into a folder that others can write', async () => {
    mkdirSync(dirname(path), { recursive: true });
    chmodSync(dirname(path), 0o777);
    await assert.rejects(writeStoredToken(terminal, issuer, stored), /chmod go=/);
  });

  it('lies where this system keeps such things', () => {
    assert.equal(tokenDirectory({ environment: { HOME: '/home/ada' } }, 'linux'), '/home/ada/.local/state/safeconduct/tokens');
    assert.equal(tokenDirectory({ environment: { HOME: '/home/ada', XDG_STATE_HOME: '/state' } }, 'linux'), '/state/safeconduct/tokens');
    assert.match(tokenDirectory({ environment: { HOME: '/Users/ada' } }, 'darwin'), /Application Support\/safeconduct\/tokens$/);
  });
});

function symlinkOver(link: string, target: string): void {
  rmSync(link, { force: true });
  symlinkSync(target, link);
}
