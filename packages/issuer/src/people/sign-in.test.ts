import assert from 'node:assert/strict';
import { createSecretKey, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createDatabase, postgresSkipped, type TestDatabase } from '@safeconduct/test-support/postgres';
import { createPasswordHasher, type PasswordHasher } from '../secrets/password.ts';
import { openStore, type Store } from '../store/database.ts';
import { migrate } from '../store/migrate.ts';
import { setPassword } from './passwords.ts';
import { createSignIn, type SignInAttempt, type SignInResult } from './sign-in.ts';
import { countFailure, emailBucket, networkBucket, sweepThrottle } from './throttle.ts';
import { disableUser, findUser, findUserByEmail, type User, upsertUser } from './users.ts';

const ADA: User = {
  id: 'usr_ada',
  kind: 'person',
  organizationId: 'org',
  email: 'Ada@Shop.example',
  emailVerified: true,
  name: 'Ada Brandt',
  state: 'active',
};
const PASSWORD = 'plain tea on the quay';

for (const { engine, skip } of [
  { engine: 'pglite', skip: false },
  { engine: 'postgres', skip: postgresSkipped },
] as const) {
  describe(`people on ${engine}`, { skip }, () => {
    const dataDirectory = mkdtempSync(join(tmpdir(), 'safeconduct-people-'));
    let database: TestDatabase | undefined;
    let store: Store;
    before(async () => {
      database = engine === 'postgres' ? await createDatabase() : undefined;
      store = await openStore({ dataDirectory, databaseUrl: database?.url });
      await migrate(store);
      await store.run({ name: 'organization', text: `insert into issuer.organization (id, name) values ('org', 'Quay Shop')` }, []);
    });
    after(async () => {
      await store.close();
      await database?.drop();
      rmSync(dataDirectory, { recursive: true, force: true });
    });
    users(() => store);
    signingIn(() => store);
  });
}

function users(store: () => Store): void {
  it('creates a user, changes it, and says when nothing changed', async () => {
    assert.equal(await upsertUser(store().run, ADA), 'created');
    assert.equal(await upsertUser(store().run, ADA), 'same');
    assert.equal(await upsertUser(store().run, { ...ADA, name: 'Ada B.' }), 'changed');
    assert.equal(await upsertUser(store().run, ADA), 'changed');
    const nothing = { givenName: undefined, familyName: undefined, locale: undefined, claims: {}, metadata: {}, subjects: {} };
    assert.deepEqual(await findUser(store(), ADA.id), { ...ADA, ...nothing });
    assert.equal((await findUserByEmail(store(), ' ada@SHOP.example '))?.id, ADA.id);
    assert.equal(await findUser(store(), 'usr_nobody'), undefined);
  });

  it('says so when an e-mail is taken', async () => {
    await assert.rejects(
      upsertUser(store().run, { ...ADA, id: 'usr_twin', email: 'ADA@shop.example' }),
      /usr_twin cannot have its e-mail: another user has it/,
    );
  });

  it('sets a password once, keeps it, and takes a hash', async () => {
    assert.equal(await setPassword(store().run, ADA.id, { password: PASSWORD }), 'created');
    assert.equal(await setPassword(store().run, ADA.id, { password: PASSWORD }), 'same');
    const hash = await createPasswordHasher().hash(PASSWORD);
    assert.equal(await setPassword(store().run, ADA.id, { hash }), 'changed');
    assert.equal(await setPassword(store().run, ADA.id, { hash }), 'same');
    await assert.rejects(setPassword(store().run, ADA.id, { password: 'short' }), /at least 15 characters/);
    await assert.rejects(setPassword(store().run, ADA.id, { password: 'quayshop-brandt' }), /words that everybody tries/);
    await assert.rejects(setPassword(store().run, 'usr_nobody', { password: PASSWORD }), /no user usr_nobody/);
  });

  it('R-060 ends in one transaction all that a disabled user holds, and records who did it', async () => {
    const eve: User = { ...ADA, id: 'usr_eve', email: 'eve@shop.example' };
    await upsertUser(store().run, eve);
    await hold(store(), 'usr_eve', ['Session:e', 'Grant:e', 'RefreshToken:e']);
    await hold(store(), ADA.id, ['Grant:a']);
    assert.equal(await disableUser(store(), 'usr_eve', 'usr_admin'), true);
    assert.equal(await disableUser(store(), 'usr_eve', 'usr_admin'), false, 'once');
    assert.deepEqual(await alive(store()), ['Grant:a']);
    assert.equal((await findUser(store(), 'usr_eve'))?.state, 'disabled');
    const events = await store().run(
      { name: 'events', text: `select actor, target, outcome from issuer.event where type = 'user.disabled'` },
      [],
    );
    assert.deepEqual(events, [{ actor: 'usr_admin', target: 'usr_eve', outcome: 'ok' }]);
  });

  it('R-060 does the same when the configuration disables a user', async () => {
    const eve: User = { ...ADA, id: 'usr_eve', email: 'eve@shop.example' };
    await upsertUser(store().run, eve);
    await hold(store(), 'usr_eve', ['Session:f']);
    assert.equal(await upsertUser(store().run, { ...eve, state: 'disabled' }), 'changed');
    assert.deepEqual(await alive(store()), ['Grant:a']);
  });
}

function hold(store: Store, accountId: string, ids: readonly string[]) {
  const text = `insert into issuer.artifact (id, kind, payload, account_id, expires_at) select id, split_part(id, ':', 1), '{}', $1, now() + interval '1 day' from unnest($2::text[]) as id`;
  return store.run({ name: 'hold', text }, [accountId, ids]);
}

async function alive(store: Store): Promise<unknown[]> {
  return (await store.run({ name: 'alive', text: 'select id from issuer.artifact where revoked_at is null order by id' }, [])).map(
    ({ id }) => id,
  );
}

function signingIn(store: () => Store): void {
  let later = 0;
  let hasher: PasswordHasher;
  let signIn: (attempt: SignInAttempt) => Promise<SignInResult>;
  const attempt = (more: Partial<SignInAttempt> = {}) =>
    signIn({ email: 'ada@shop.example', password: PASSWORD, address: '203.0.113.5', ...more });
  const wrong = (more: Partial<SignInAttempt> = {}) => attempt({ password: 'not it at all', ...more });
  const key = createSecretKey(randomBytes(32));
  const fresh = async () => {
    later = 0;
    await store().run({ name: 'clear', text: 'delete from issuer.sign_in_throttle' }, []);
    await store().run({ name: 'long ago', text: `update issuer.user_password set changed_at = now() - interval '1 hour'` }, []);
    hasher = createPasswordHasher({ lanes: 4 });
    signIn = createSignIn({ store: store(), hasher, key, clock: (time) => time + later });
  };
  const times = async (count: number, work: () => Promise<SignInResult>) => {
    const results: SignInResult[] = [];
    for (let at = 0; at < count; at++) results.push(await work());
    return results;
  };

  it('signs a person in, whatever the letter case of the e-mail', async () => {
    await fresh();
    const result = await attempt({ email: ' ADA@shop.example' });
    assert.equal(result.kind === 'ok' && result.user.id, ADA.id);
  });

  it('R-053 does the same work and says the same for a wrong password, nobody, a service user and a disabled user', async () => {
    await fresh();
    await upsertUser(store().run, { ...ADA, id: 'usr_off', email: 'off@shop.example' });
    await setPassword(store().run, 'usr_off', { password: PASSWORD });
    await disableUser(store(), 'usr_off', 'test');
    await upsertUser(store().run, { ...ADA, id: 'usr_job', email: 'job@shop.example', kind: 'service' });
    await upsertUser(store().run, { ...ADA, id: 'usr_new', email: 'new@shop.example' });
    const seen: unknown[] = [];
    for (const email of ['ada@shop.example', 'nobody@shop.example', 'off@shop.example', 'job@shop.example', 'new@shop.example']) {
      const [hashes, statements] = [hasher.computed(), total(store())];
      const result = await (email === 'ada@shop.example' ? wrong({ email }) : attempt({ email }));
      seen.push([result.kind, hasher.computed() - hashes, total(store()) - statements]);
    }
    assert.deepEqual(seen, Array(5).fill(['mismatch', 1, 3]));
  });

  it('R-052 R-053 pauses an e-mail that nobody has like any other, and without hashing', async () => {
    const seen: unknown[] = [];
    for (const email of ['ada@shop.example', 'nobody@shop.example']) {
      await fresh();
      const kinds = (await times(6, () => wrong({ email }))).map(({ kind }) => kind);
      const hashes = hasher.computed();
      const paused = await attempt({ email });
      seen.push([kinds, paused.kind === 'paused' && [paused.where, Math.ceil(paused.seconds / 30)], hasher.computed() - hashes]);
    }
    assert.deepEqual(seen[0], [['mismatch', 'mismatch', 'mismatch', 'mismatch', 'mismatch', 'paused'], ['email', 1], 0]);
    assert.deepEqual(seen[1], seen[0]);
  });

  it('R-052 opens again after the pause, grows it, and forgets after a success', async () => {
    await fresh();
    await times(5, wrong);
    later += 31_000;
    assert.equal((await wrong()).kind, 'mismatch');
    const longer = await attempt();
    assert.equal(longer.kind === 'paused' && Math.ceil(longer.seconds / 30), 2);
    later += 61_000;
    assert.equal((await attempt()).kind, 'ok');
    assert.deepEqual(
      (await times(4, wrong)).map(({ kind }) => kind),
      Array(4).fill('mismatch'),
      'the count begins anew',
    );
    assert.equal((await attempt()).kind, 'ok');
  });

  it('R-052 closes passwords after 100 failures in a row, until a new one is set', async () => {
    await fresh();
    const account = emailBucket(key, 'ada@shop.example');
    for (let at = 0; at < 99; at++) await countFailure(store().run, account, { now: Date.now(), afresh: false });
    later += 1_000_000;
    assert.equal((await wrong()).kind, 'mismatch');
    later += 365 * 86_400_000;
    assert.equal((await attempt()).kind, 'closed');
    const text = `update issuer.user_password set changed_at = to_timestamp($2::float8 / 1000) where user_id = $1`;
    await store().run({ name: 'password set', text }, [ADA.id, Date.now() + later]);
    later += 60_000;
    assert.equal((await wrong()).kind, 'mismatch', 'a mistake does not close it again');
    assert.equal((await attempt()).kind, 'ok');
  });

  it('R-052 pauses a network that tries many people, and nobody else', async () => {
    await fresh();
    const network = networkBucket(key, '2001:db8::1');
    for (let at = 0; at < 49; at++) await countFailure(store().run, network, { now: Date.now(), afresh: false });
    assert.equal((await signIn({ email: 'p50@shop.example', password: 'x', address: '2001:db8::2' })).kind, 'mismatch');
    const paused = await attempt({ address: '2001:db8::ffff' });
    assert.equal(paused.kind === 'paused' && paused.where, 'network');
    assert.equal((await attempt({ address: '2001:db8:0:1::1' })).kind, 'ok');
  });

  it('R-052 lets a browser that signed in before go on while a stranger is paused, and counts it for itself', async () => {
    await fresh();
    const first = await attempt();
    assert.ok(first.kind === 'ok');
    await times(8, () => wrong({ address: '198.51.100.7' }));
    assert.equal((await attempt({ address: '198.51.100.7' })).kind, 'paused');
    assert.equal((await attempt({ address: '198.51.100.7', browser: first.browser })).kind, 'ok');
    assert.equal((await attempt({ browser: first.browser.replace(/.$/, 'x') })).kind, 'paused', 'not with a note that we did not write');
    await times(5, () => wrong({ browser: first.browser }));
    assert.equal((await attempt({ browser: first.browser })).kind, 'paused', 'a stolen note is no free ticket');
  });

  it('R-052 counts guesses that are sent at the same moment', async () => {
    await fresh();
    const results = await Promise.all(Array.from({ length: 20 }, () => wrong()));
    assert.equal(results.filter(({ kind }) => kind === 'mismatch').length, 5);
    assert.ok(results.every(({ kind }) => ['mismatch', 'paused'].includes(kind)));
  });

  it('R-050 hashes anew at sign-in what is below the policy', async () => {
    await fresh();
    const weak = '$argon2id$v=19$m=7168,t=1,p=1$c29tZXNhbHRzb21l$';
    const { argon2Sync } = await import('node:crypto');
    const nonce = Buffer.from('c29tZXNhbHRzb21l', 'base64');
    const tag = argon2Sync('argon2id', { message: PASSWORD, nonce, memory: 7168, passes: 1, parallelism: 1, tagLength: 32 });
    await setPassword(store().run, ADA.id, { hash: weak + tag.toString('base64').replace(/=+$/, '') });
    assert.equal((await attempt()).kind, 'ok');
    const [row] = await store().run({ name: 'hash', text: 'select hash from issuer.user_password where user_id = $1' }, [ADA.id]);
    assert.match(String(row?.hash), /m=19456,t=2,p=1/);
    assert.equal((await attempt()).kind, 'ok');
  });

  it('takes no password longer than 1 kB, and no control characters for anything else', async () => {
    await fresh();
    assert.equal((await attempt({ password: PASSWORD + '\u0000'.repeat(2000) })).kind, 'mismatch');
    assert.equal((await attempt({ email: 'ada@shop.example\u0000' })).kind === 'ok', false);
    assert.equal((await attempt({ password: '' })).kind, 'mismatch');
  });

  it('R-012 turns away a crowd that waits for one account', async () => {
    await fresh();
    const results = await Promise.all(Array.from({ length: 60 }, () => attempt()));
    assert.ok(results.some(({ kind }) => kind === 'busy'));
    assert.ok(results.some(({ kind }) => kind === 'ok'));
    assert.equal((await attempt()).kind, 'ok');
  });

  it('sweeps counts that no longer matter, and keeps closed accounts', async () => {
    await fresh();
    const text = `insert into issuer.sign_in_throttle values ('email:old', 3, now() - interval '31 days', now()), ('email:closed', 100, now() - interval '31 days', now()), ('email:new', 3, now(), now())`;
    await store().run({ name: 'counts', text }, []);
    assert.equal(await sweepThrottle(store().run), 1);
  });
}

const total = ({ statements }: Store): number => [...statements.values()].reduce((sum, count) => sum + count, 0);
