import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey, randomBytes, sign, verify } from 'node:crypto';
import { describe, it } from 'node:test';
import { createDatabase, postgresSkipped } from '@safeconduct/test-support/postgres';
import { openStore, type Statement } from '../store/database.ts';
import { migrate } from '../store/migrate.ts';
import { finished, startModule } from '../store/processes.fixtures.test.ts';
import { onBothEngines } from '../store/stores.fixtures.test.ts';
import { parseMasterKeys } from './master-key.ts';
import { createSeal } from './seal.ts';
import { defaultKeyPolicy, keyStates, mainKeySet, replaceCompromisedKey, rotateSigningKeys, signingKeys } from './signing-keys.ts';

const masterKey = randomBytes(32).toString('base64');
const seal = createSeal(parseMasterKeys(masterKey));
const AGE: Statement = {
  name: 'let keys age',
  text: `update issuer.signing_key set published_at = published_at - make_interval(secs => $1),
  activated_at = activated_at - make_interval(secs => $1), retired_at = retired_at - make_interval(secs => $1)`,
};
const STORED: Statement = { name: 'stored keys', text: 'select private_jwk, public_jwk::text as open from issuer.signing_key' };
const day = 86_400;

onBothEngines('signing keys', (fixture) => {
  const age = (seconds: number) => fixture.store().run(AGE, [seconds]);
  const kids = async () => (await signingKeys(fixture.store(), seal)).map(({ kid }) => kid);

  it('are made once by two that ask at the same moment: one signs, one is published for later', async () => {
    const [one, two] = await Promise.all([signingKeys(fixture.store(), seal), signingKeys(fixture.store(), seal)]);
    assert.deepEqual(one, two);
    assert.equal(one.length, 2);
    assert.ok(one.every(({ alg, use, crv }) => alg === 'ES256' && use === 'sig' && crv === 'P-256'));
  });

  it('work: what the first signs verifies with its public half', async () => {
    const [active] = await signingKeys(fixture.store(), seal);
    assert.ok(active);
    const { d: _private, ...open } = active;
    const data = Buffer.from('x');
    const signature = sign('sha256', data, createPrivateKey({ key: active, format: 'jwk' }));
    assert.ok(verify('sha256', data, createPublicKey({ key: open, format: 'jwk' }), signature));
  });

  it('are unreadable in the database', async () => {
    const rows = await fixture.store().run<{ private_jwk: string; open: string }>(STORED, []);
    const secrets = (await signingKeys(fixture.store(), seal)).map(({ d }) => String(d));
    for (const secret of secrets) assert.ok(!JSON.stringify(rows).includes(secret));
    assert.ok(rows.every(({ private_jwk, open }) => private_jwk.startsWith('sc1.') && !('d' in JSON.parse(open))));
  });

  it('do not rotate before their time', async () => {
    const before = await kids();
    assert.equal((await rotateSigningKeys(fixture.store(), seal)).result, 'kept');
    assert.deepEqual(await kids(), before);
  });

  it('never sign with a key that was not published for long enough', async () => {
    const before = await kids();
    assert.equal((await rotateSigningKeys(fixture.store(), seal, { force: true })).result, 'early');
    assert.deepEqual(await kids(), before);
  });

  it('rotate when it is time: the published one signs, the old one stays published, a new one is published', async () => {
    const [active, next] = await kids();
    const states = await keyStates(fixture.store());
    await age(defaultKeyPolicy.activeFor + 1);
    const results = await Promise.all([rotateSigningKeys(fixture.store(), seal), rotateSigningKeys(fixture.store(), seal)]);
    assert.deepEqual(results.map(({ result }) => result).sort(), ['kept', 'rotated']);
    const after = await kids();
    assert.equal(after[0], next);
    assert.equal(after.length, 3);
    assert.ok(active !== undefined && after.slice(1).includes(active));
    assert.notEqual(await keyStates(fixture.store()), states);
  });

  it('are removed when nothing that they signed can be alive any more', async () => {
    const before = await kids();
    await age(defaultKeyPolicy.retiredFor + day);
    assert.equal((await rotateSigningKeys(fixture.store(), seal)).removed, 1);
    assert.equal((await kids()).length, before.length - 1);
  });

  it('can be ended at once when somebody else knows one', async () => {
    const [active, next] = await kids();
    const ended = await replaceCompromisedKey(fixture.store(), seal);
    assert.deepEqual(ended, [{ ...mainKeySet, removed: active, active: next }]);
    const after = await kids();
    assert.equal(after[0], next);
    assert.ok(active !== undefined && !after.includes(active));
  });

  it('are sealed again with a newer master key', async () => {
    const newer = createSeal(parseMasterKeys(`${randomBytes(32).toString('base64')}\n${masterKey}`));
    await rotateSigningKeys(fixture.store(), newer);
    const rows = await fixture.store().run<{ private_jwk: string }>(STORED, []);
    assert.ok(rows.every(({ private_jwk }) => !newer.stale(private_jwk)));
    assert.equal((await signingKeys(fixture.store(), newer)).length, rows.length);
    await assert.rejects(signingKeys(fixture.store(), seal), /sealed with master key/);
  });
});

describe('rotation by two processes', { skip: postgresSkipped }, () => {
  it('F-16 happens once, and both then use the same key', async () => {
    const database = await createDatabase();
    const store = await openStore({ databaseUrl: database.url, dataDirectory: '.' });
    await migrate(store);
    await signingKeys(store, seal);
    await store.run(AGE, [defaultKeyPolicy.activeFor + 1]);
    const here = (file: string) => JSON.stringify(new URL(file, import.meta.url).href);
    const rotator = `
      import { openStore } from ${here('../store/database.ts')};
      import { createSeal } from ${here('seal.ts')};
      import { parseMasterKeys } from ${here('master-key.ts')};
      import { rotateSigningKeys } from ${here('signing-keys.ts')};
      const store = await openStore({ databaseUrl: process.env.TEST_URL, dataDirectory: '.' });
      console.log(JSON.stringify(await rotateSigningKeys(store, createSeal(parseMasterKeys(process.env.TEST_KEY)))));
      await store.close();`;
    const env = { TEST_URL: database.url, TEST_KEY: masterKey };
    const ends = await Promise.all([1, 2, 3].map(() => finished(startModule(rotator, env))));
    const rotations = ends.map(({ output }) => JSON.parse(output) as { result: string; active: string });
    assert.deepEqual(rotations.map(({ result }) => result).sort(), ['kept', 'kept', 'rotated']);
    assert.equal(new Set(rotations.map(({ active }) => active)).size, 1);
    await store.close();
    await database.drop();
  });
});
