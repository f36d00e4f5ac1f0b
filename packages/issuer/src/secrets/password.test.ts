import assert from 'node:assert/strict';
import { pbkdf2Sync, randomBytes, scryptSync } from 'node:crypto';
import { describe, it } from 'node:test';
import { createPasswordHasher, HasherBusy, importable, policy } from './password.ts';
import { formatPhc } from './phc.ts';

const hasher = createPasswordHasher();
const PASSWORD = 'plain tea for two';

describe('password hashing', () => {
  it('R-050 hashes with argon2id, 19456 KiB, 2 passes, 1 lane, and a salt of its own', async () => {
    assert.deepEqual(policy, { memory: 19_456, passes: 2, lanes: 1, tag: 32, salt: 16 });
    const [one, other] = await Promise.all([hasher.hash(PASSWORD), hasher.hash(PASSWORD)]);
    assert.match(one, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    assert.notEqual(one, other);
    assert.deepEqual(await hasher.check(PASSWORD, one), { ok: true, stale: false });
    assert.deepEqual(await hasher.check(`${PASSWORD}!`, one), { ok: false, stale: false });
  });

  it('checks a hash of the reference implementation', async () => {
    const reference = '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc';
    assert.deepEqual(await hasher.check('password', reference), { ok: true, stale: false });
    assert.throws(() => importable(reference.replace('argon2id', 'argon2i')), /argon2i cannot be imported/);
  });

  it('compares composed and decomposed letters alike', async () => {
    const composed = await hasher.hash('caf\u00e9 caf\u00e9 caf\u00e9');
    assert.equal((await hasher.check('cafe\u0301 cafe\u0301 cafe\u0301', composed)).ok, true);
  });

  it('R-050 finds a hash below the policy stale, and so asks for a new one at sign-in', async () => {
    const weak = formatPhc({
      algorithm: 'scrypt',
      parameters: { ln: 14, r: 8, p: 1 },
      salt: Buffer.from('saltsaltsalt'),
      hash: scryptSync(PASSWORD, 'saltsaltsalt', 32, { N: 2 ** 14, r: 8, p: 1 }),
    });
    assert.deepEqual(await hasher.check(PASSWORD, weak), { ok: true, stale: true });
    assert.deepEqual(await hasher.check('other', weak), { ok: false, stale: false });
  });

  it('checks an imported pbkdf2 hash', async () => {
    const salt = randomBytes(16);
    const imported = formatPhc({
      algorithm: 'pbkdf2-sha256',
      parameters: { i: 100_000 },
      salt,
      hash: pbkdf2Sync(PASSWORD, salt, 100_000, 32, 'sha256'),
    });
    assert.equal((await hasher.check(PASSWORD, imported)).ok, true);
  });

  it('says what to do with a hash that it cannot use', () => {
    assert.throws(() => importable('$2b$12$abcdefghijklmnopqrstuv'), /no PHC string .*set a password instead/);
    assert.throws(
      () => importable('$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA'),
      /m of this argon2id hash must be from/,
    );
    assert.throws(() => importable('$argon2id$v=19$m=99999999,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA'), /m of this argon2id hash/);
  });

  it('R-050 mixes in a pepper, keeps older ones for checking, and needs the one that a hash names', async () => {
    const older = { id: 'p1', key: randomBytes(32) };
    const newer = { id: 'p2', key: randomBytes(32) };
    const before = await createPasswordHasher({ peppers: [older] }).hash(PASSWORD);
    assert.match(before, /keyid=/);
    const both = createPasswordHasher({ peppers: [newer, older] });
    assert.deepEqual(await both.check(PASSWORD, before), { ok: true, stale: true });
    assert.deepEqual(await both.check(PASSWORD, await both.hash(PASSWORD)), { ok: true, stale: false });
    await assert.rejects(hasher.check(PASSWORD, before), /pepper p1, which is not configured/);
  });

  it('turns away what would wait too long', async () => {
    const narrow = createPasswordHasher({ lanes: 1, queue: 2 });
    const outcomes = await Promise.allSettled(Array.from({ length: 6 }, () => narrow.checkNobody(PASSWORD)));
    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 3);
    assert.ok(outcomes.every((outcome) => outcome.status === 'fulfilled' || outcome.reason instanceof HasherBusy));
    assert.equal((await narrow.checkNobody(PASSWORD)).ok, false, 'the lane is free again');
  });

  it('leaves the event loop alone', async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    await Promise.all([hasher.hash(PASSWORD), hasher.hash(PASSWORD)]);
    clearInterval(timer);
    assert.ok(turns > 5, `the loop turned ${turns} times`);
  });
});
