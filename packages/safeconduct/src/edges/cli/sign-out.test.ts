import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { startForeignProvider } from './provider.fixtures.test.ts';
import { loginAt, person, setStage } from './sign-in.fixtures.test.ts';
import { signIn } from './sign-in.ts';
import { signOut } from './sign-out.ts';

const stage = setStage();

describe('signing out at a terminal', () => {
  it('revokes the tokens at the provider and deletes them here', async () => {
    const { tokens } = await signIn(stage.login(), stage.options({ tell: person().tell }));
    const stored = join(stage.directory(), (await readdir(stage.directory())).find((name) => name.endsWith('.json')) ?? '');
    const copy = await readFile(stored);
    assert.deepEqual(await signOut(stage.login(), stage.options()), { signedOut: true, revoked: true });
    assert.equal((await readdir(stage.directory())).filter((name) => name.endsWith('.json')).length, 0);
    await rm(stage.directory(), { recursive: true });
    await restore(stored, copy);
    const again = signIn(stage.login(), stage.options({ interactive: false, refused: tokens, tell: () => {} }));
    await assert.rejects(again, { code: 'session_missing' });
    assert.equal(stage.provider().grants.at(-1)?.granted, false);
  });

  it('deletes them although the provider does not answer, and says that it was not told', async () => {
    const passing = await startForeignProvider();
    await signIn(loginAt(passing), stage.options({ tell: person().tell }));
    const login = loginAt(passing);
    await passing.close();
    assert.deepEqual(await signOut(login, stage.options()), { signedOut: true, revoked: false });
  });

  it('has nothing to do when nobody is signed in', async () => {
    assert.deepEqual(await signOut(stage.login(), stage.options()), { signedOut: false, revoked: false });
  });
});

async function restore(path: string, text: Buffer): Promise<void> {
  await mkdir(join(path, '..'), { mode: 0o700 });
  await writeFile(path, text, { mode: 0o600 });
}
