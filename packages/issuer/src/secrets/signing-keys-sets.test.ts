import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey, hash, randomBytes, sign, verify, X509Certificate } from 'node:crypto';
import { describe, it } from 'node:test';
import { createDatabase, postgresSkipped } from '@safeconduct/test-support/postgres';
import { openStore, type Statement } from '../store/database.ts';
import { migrate } from '../store/migrate.ts';
import { finished, startModule } from '../store/processes.fixtures.test.ts';
import { onBothEngines } from '../store/stores.fixtures.test.ts';
import { parseMasterKeys } from './master-key.ts';
import { createSeal } from './seal.ts';
import { defaultKeyPolicy, keyStates, mainKeySet, replaceCompromisedKey, rotateSigningKeys, signingKeys } from './signing-keys.ts';
import type { KeySet } from './signing-keys-making.ts';

const masterKey = randomBytes(32).toString('base64');
const seal = createSeal(parseMasterKeys(masterKey));
const one: KeySet = { issuer: 'https://one.example.com/', algorithm: 'RS256' };
const two: KeySet = { issuer: 'https://two.example.com', algorithm: 'RS256' };
const late: KeySet = { issuer: 'https://late.example.com', algorithm: 'ES256' };
const AGE: Statement = {
  name: 'let keys of sets age',
  text: `update issuer.signing_key set published_at = published_at - make_interval(secs => $1),
  activated_at = activated_at - make_interval(secs => $1), retired_at = retired_at - make_interval(secs => $1)`,
};
const OPEN: Statement = { name: 'open keys', text: 'select kid, issuer, public_jwk, private_jwk from issuer.signing_key' };
const MOVE: Statement = { name: 'move a key', text: 'update issuer.signing_key set issuer = $2 where issuer = $1' };

onBothEngines('signing keys of several issuers', (fixture) => {
  const keys = (set?: KeySet) => signingKeys(fixture.store(), seal, set);
  const kids = async (set?: KeySet) => (await keys(set)).map(({ kid }) => kid);

  it('are a set for each, made once by two that ask at the same moment', async () => {
    const [main, first, again] = await Promise.all([keys(), keys(one), keys(one)]);
    assert.deepEqual(first, again);
    assert.equal(first.length, 2);
    assert.ok(first.every(({ alg, use, kty }) => alg === 'RS256' && use === 'sig' && kty === 'RSA'));
    assert.equal(new Set([...main, ...first, ...(await keys(two))].map(({ kid }) => kid)).size, 6);
  });

  it('are told apart by their states, so that running issuers learn of a new set', async () => {
    const before = await keyStates(fixture.store());
    await keys(late);
    assert.notEqual(await keyStates(fixture.store()), before);
  });

  it('S3.3 come with a real certificate of the same key, which names them', async () => {
    for (const key of await keys(one)) {
      const der = Buffer.from(key.x5c?.[0] ?? '', 'base64');
      const certificate = new X509Certificate(der);
      assert.ok(certificate.verify(certificate.publicKey));
      const { n, e } = certificate.publicKey.export({ format: 'jwk' });
      assert.deepEqual([n, e], [key.n, key.e]);
      assert.deepEqual([key.kid, key.x5t], [hash('sha1', der, 'base64url'), key.kid]);
      assert.equal(certificate.subject, `CN=${one.issuer}`);
    }
  });

  it('work: what one signs verifies with the certificate that is published', async () => {
    const [active] = await keys(one);
    assert.ok(active);
    const signature = sign('sha256', Buffer.from('x'), createPrivateKey({ key: active, format: 'jwk' }));
    const published = new X509Certificate(Buffer.from(active.x5c?.[0] ?? '', 'base64')).publicKey;
    assert.ok(verify('sha256', Buffer.from('x'), published, signature));
    assert.ok(published.equals(createPublicKey({ key: active, format: 'jwk' })));
  });

  it('are unreadable in the database', async () => {
    const rows = await fixture.store().run<{ public_jwk: object; private_jwk: string }>(OPEN, []);
    const secret = (await keys(one)).flatMap(({ d, p, q, dp, dq, qi }) => [d, p, q, dp, dq, qi]).map(String);
    assert.ok(secret.every((text) => text.length > 100 && !JSON.stringify(rows).includes(text)));
    assert.ok(rows.every(({ private_jwk }) => private_jwk.startsWith('sc1.')));
    for (const { public_jwk } of rows) assert.ok(!['d', 'p', 'q', 'dp', 'dq', 'qi'].some((member) => member in public_jwk));
  });

  it('do not open for another issuer, if somebody moves them there', async () => {
    const elsewhere = 'https://elsewhere.example.com';
    await fixture.store().run(MOVE, [two.issuer, elsewhere]);
    await assert.rejects(keys({ ...two, issuer: elsewhere }));
    await fixture.store().run(MOVE, [elsewhere, two.issuer]);
    assert.equal((await keys(two)).length, 2);
  });

  it('rotate all in their time, each in its own set; a set that is younger stays as it is', async () => {
    await fixture.store().run(AGE, [defaultKeyPolicy.activeFor + 1]);
    const young: KeySet = { issuer: 'https://young.example.com', algorithm: 'ES256' };
    const before = { main: await kids(), one: await kids(one), young: await kids(young) };
    const rotations = await Promise.all([rotateSigningKeys(fixture.store(), seal), rotateSigningKeys(fixture.store(), seal)]);
    const results = rotations.map(({ sets }) => sets.map(({ issuer, result }) => `${result} ${issuer}`).sort());
    const done = results.flat().filter((text) => text.startsWith('rotated'));
    assert.deepEqual(done.sort(), ['', late.issuer, one.issuer, two.issuer].map((issuer) => `rotated ${issuer}`).sort());
    assert.equal((await kids())[0], before.main[1]);
    const after = await kids(one);
    assert.deepEqual([after.length, after[0], after[2]], [3, before.one[1], before.one[0]]);
    assert.deepEqual(await kids(young), before.young);
  });

  it('rotate now, where the next key was published for long enough, and say where it was not', async () => {
    await fixture.store().run(AGE, [defaultKeyPolicy.publishedFor + 1]);
    const fresh: KeySet = { issuer: 'https://fresh.example.com', algorithm: 'ES256' };
    await keys(fresh);
    const { result, active, sets } = await rotateSigningKeys(fixture.store(), seal, { force: true });
    assert.equal(result, 'rotated');
    assert.deepEqual([active, sets[0]?.issuer], [(await kids())[0], '']);
    assert.equal(sets.find(({ issuer }) => issuer === fresh.issuer)?.result, 'early');
    assert.equal(sets.filter((set) => set.result === 'rotated').length, sets.length - 1);
  });

  it('are removed in every set when nothing that they signed can be alive any more', async () => {
    await fixture.store().run(AGE, [defaultKeyPolicy.retiredFor + 1]);
    const { sets, removed } = await rotateSigningKeys(fixture.store(), seal);
    assert.ok(removed >= 4);
    assert.equal(sets.find(({ issuer }) => issuer === one.issuer)?.removed, 2);
    assert.equal((await kids(one)).length, 2);
  });

  it('can be ended at once in every set when somebody else knows them', async () => {
    const before = await kids(one);
    const ended = await replaceCompromisedKey(fixture.store(), seal);
    assert.deepEqual(ended[0]?.issuer, mainKeySet.issuer);
    assert.deepEqual(
      ended.find(({ issuer }) => issuer === one.issuer),
      { ...one, removed: before[0], active: before[1] },
    );
    const after = await kids(one);
    assert.deepEqual([after.length, after[0], after.includes(String(before[0]))], [2, before[1], false]);
  });

  it('are sealed again with a newer master key, with their certificates', async () => {
    const newer = createSeal(parseMasterKeys(`${randomBytes(32).toString('base64')}\n${masterKey}`));
    const before = await keys(one);
    await rotateSigningKeys(fixture.store(), newer);
    assert.deepEqual(await signingKeys(fixture.store(), newer, one), before);
    await assert.rejects(keys(one), /sealed with master key/);
  });
});

describe('the first keys of an issuer', { skip: postgresSkipped }, () => {
  it('F-16 are made by three processes at once, and all of them use the same', async () => {
    const database = await createDatabase();
    const store = await openStore({ databaseUrl: database.url, dataDirectory: '.' });
    await migrate(store);
    const here = (file: string) => JSON.stringify(new URL(file, import.meta.url).href);
    const maker = `
      import { openStore } from ${here('../store/database.ts')};
      import { createSeal } from ${here('seal.ts')};
      import { parseMasterKeys } from ${here('master-key.ts')};
      import { signingKeys } from ${here('signing-keys.ts')};
      const store = await openStore({ databaseUrl: process.env.TEST_URL, dataDirectory: '.' });
      const keys = await signingKeys(store, createSeal(parseMasterKeys(process.env.TEST_KEY)), ${JSON.stringify(one)});
      console.log(keys.map(({ kid }) => kid).join(' '));
      await store.close();`;
    const env = { TEST_URL: database.url, TEST_KEY: masterKey };
    const ends = await Promise.all([1, 2, 3].map(() => finished(startModule(maker, env))));
    const [first] = ends;
    assert.match(first?.output ?? '', /^[\w-]{27} [\w-]{27}\n$/);
    assert.ok(ends.every(({ output }) => output === first?.output));
    await store.close();
    await database.drop();
  });
});
