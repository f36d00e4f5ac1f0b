import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { PGlite } from '@electric-sql/pglite';
import { createDatabase, postgresSkipped, type TestDatabase } from '@safeconduct/test-support/postgres';
import pg from 'pg';
import { memorySessions } from './memory-sessions.ts';
import { postgresSessions } from './postgres-sessions.ts';
import { endingLifetimeMs, type SessionStore, type StoredSession } from './session-store.ts';

const issuer = 'https://id.example';
const base: Omit<StoredSession, 'id'> = {
  issuer,
  subject: 'ada',
  providerSession: 'sid-1',
  content: 'sealed',
  version: 1,
  startedAt: 1_000,
  idleUntil: 10_000,
  endsAt: 20_000,
};
let count = 0;
const newSession = (changes: Partial<StoredSession> = {}): StoredSession => {
  count++;
  return { ...base, subject: `person-${count}`, providerSession: `sid-${count}`, id: `session-${count}`, ...changes };
};

function behavesAsAStore(open: () => SessionStore): void {
  let store: SessionStore;
  before(() => {
    store = open();
  });

  it('R-077 gives a session back as it was kept', async () => {
    const session = newSession();
    await store.create(session, 2_000);
    assert.deepEqual(await store.read(session.id, 2_000), session);
    assert.equal(await store.read('another', 2_000), undefined);
  });

  it('keeps a session of a provider that has no sid', async () => {
    const { providerSession: _, ...session } = newSession();
    await store.create(session, 2_000);
    assert.deepEqual(await store.read(session.id, 2_000), session);
  });

  it('R-077 gives no session that idled or lived too long', async () => {
    const session = newSession();
    await store.create(session, 2_000);
    assert.ok(await store.read(session.id, 9_999));
    assert.equal(await store.read(session.id, 10_000), undefined);
    await store.touch(session.id, 30_000, 9_000);
    assert.ok(await store.read(session.id, 19_999));
    assert.equal(await store.read(session.id, 20_000), undefined);
  });

  it('R-077 does not wake a session that has idled away', async () => {
    const session = newSession();
    await store.create(session, 2_000);
    await store.touch(session.id, 15_000, 10_001);
    assert.equal(await store.read(session.id, 10_001), undefined);
  });

  it('writes content only over the version that was read', async () => {
    const session = newSession();
    await store.create(session, 2_000);
    assert.equal(await store.replace(session.id, 1, 'next', 2_000), true);
    assert.equal(await store.replace(session.id, 1, 'late', 2_000), false);
    assert.deepEqual(await store.read(session.id, 2_000), { ...session, content: 'next', version: 2 });
  });

  it('R-078 ends a session for good: no late write of any kind brings it back', async () => {
    const session = newSession();
    await store.create(session, 2_000);
    await store.end(session.id, 2_000);
    await store.touch(session.id, 15_000, 2_000);
    assert.equal(await store.replace(session.id, 1, 'late', 2_000), false);
    assert.equal(await store.lease(session.id, 'late', 9_000, 2_000), false);
    assert.equal(await store.read(session.id, 2_000), undefined);
  });

  it('R-078 ends the sessions of a provider session, and those that are just being created', async () => {
    const session = newSession();
    await store.create(session, 2_000);
    await store.endAtProvider({ issuer, session: session.providerSession }, 3_000);
    assert.equal(await store.read(session.id, 3_000), undefined);
    await store.touch(session.id, 15_000, 3_000);
    assert.equal(await store.replace(session.id, 1, 'late', 3_000), false);
    assert.equal(await store.lease(session.id, 'late', 9_000, 3_000), false);
    const late = newSession({ providerSession: session.providerSession, startedAt: 2_999 });
    await store.create(late, 3_001);
    assert.equal(await store.read(late.id, 3_001), undefined);
    const next = newSession({ providerSession: session.providerSession, startedAt: 3_001 });
    await store.create(next, 3_002);
    assert.ok(await store.read(next.id, 3_002));
  });

  it('R-078 keeps an ended session ended when its ending is forgotten', async () => {
    const week = 7 * endingLifetimeMs;
    const sessions = [newSession({ idleUntil: week, endsAt: week }), newSession({ idleUntil: week, endsAt: week })];
    const living = newSession({ idleUntil: week, endsAt: week });
    for (const session of [...sessions, living]) await store.create(session, 2_000);
    await store.endAtProvider({ issuer, session: sessions[0]?.providerSession }, 3_000);
    await store.endAtProvider({ issuer, subject: sessions[1]?.subject }, 3_000);
    await store.sweep(3_000 + endingLifetimeMs);
    for (const { id } of sessions) assert.equal(await store.read(id, 4_000 + endingLifetimeMs), undefined);
    assert.ok(await store.read(living.id, 4_000 + endingLifetimeMs));
  });

  it('ends everything of a person, at one provider only', async () => {
    const [one, two] = [newSession({ subject: 'eve' }), newSession({ subject: 'eve' })];
    const elsewhere = newSession({ subject: 'eve', issuer: 'https://other.example' });
    for (const session of [one, two, elsewhere]) await store.create(session, 2_000);
    await store.endAtProvider({ issuer, subject: 'eve' }, 3_000);
    assert.equal(await store.read(one.id, 3_000), undefined);
    assert.equal(await store.read(two.id, 3_000), undefined);
    assert.ok(await store.read(elsewhere.id, 3_000));
  });

  it('tells whether a provider session was ended since a token was issued', async () => {
    await store.endAtProvider({ issuer, session: 'gone' }, 5_000);
    assert.equal(await store.wasEnded({ issuer, subject: 'ben', session: 'gone' }, 5_000), true);
    assert.equal(await store.wasEnded({ issuer, subject: 'ben', session: 'gone' }, 5_001), false);
    assert.equal(await store.wasEnded({ issuer, subject: 'ben', session: 'other' }, 0), false);
    assert.equal(await store.wasEnded({ issuer, subject: 'ben' }, 0), false);
    assert.equal(await store.wasEnded({ issuer: 'https://other.example', subject: 'ben', session: 'gone' }, 0), false);
    // A session id that is spelled like a person's id is still a session id.
    assert.equal(await store.wasEnded({ issuer, subject: 'gone' }, 0), false);
  });

  it('R-075 leases a session to one holder at a time', async () => {
    const session = newSession();
    await store.create(session, 2_000);
    const tries = await Promise.all(Array.from({ length: 10 }, (_, index) => store.lease(session.id, `holder-${index}`, 4_000, 2_000)));
    assert.equal(tries.filter(Boolean).length, 1);
    await store.release(session.id, 'nobody');
    assert.equal(await store.lease(session.id, 'early', 5_000, 3_999), false);
    assert.equal(await store.lease(session.id, 'next', 6_000, 4_000), true);
    await store.release(session.id, 'next');
    assert.equal(await store.lease(session.id, 'third', 6_000, 4_001), true);
  });

  it('R-070 lets a key be used by the first of many', async () => {
    const tries = await Promise.all(Array.from({ length: 20 }, () => store.useOnce('key', 4_000, 2_000)));
    assert.equal(tries.filter(Boolean).length, 1);
    assert.equal(await store.useOnce('key', 5_000, 3_999), false);
  });

  it('sweeps what is over, and nothing else', async () => {
    const [over, living] = [newSession(), newSession({ idleUntil: 90_000, endsAt: 90_000 })];
    await store.create(over, 2_000);
    await store.create(living, 2_000);
    await store.endAtProvider({ issuer, session: 'swept' }, 5_000);
    await store.sweep(20_000);
    assert.equal(await store.read(over.id, 2_000), undefined);
    assert.ok(await store.read(living.id, 20_000));
    assert.equal(await store.wasEnded({ issuer, session: 'swept' }, 0), true);
    await store.sweep(5_000 + endingLifetimeMs);
    assert.equal(await store.wasEnded({ issuer, session: 'swept' }, 0), false);
  });
}

describe('memorySessions', () => behavesAsAStore(memorySessions));

describe('postgresSessions on PGlite', () => {
  const pglite = new PGlite();
  const pool = {
    query: async (text: string, values?: unknown[]) => {
      if (values === undefined) {
        await pglite.exec(text);
        return { rows: [], rowCount: 0 };
      }
      const { rows, affectedRows = 0 } = await pglite.query(text, values);
      return { rows, rowCount: affectedRows };
    },
  };
  before(() => postgresSessions(pool).migrate());
  after(() => pglite.close());
  behavesAsAStore(() => postgresSessions(pool));
});

describe('postgresSessions on PostgreSQL', { skip: postgresSkipped }, () => {
  let database: TestDatabase;
  let pool: pg.Pool;
  before(async () => {
    database = await createDatabase();
    pool = new pg.Pool({ connectionString: database.url });
    // The server may be gone before the last connection has said goodbye.
    pool.on('error', () => undefined);
    // Several processes start together.
    await Promise.all([postgresSessions(pool), postgresSessions(pool), postgresSessions(pool)].map((store) => store.migrate()));
  });
  after(async () => {
    await pool.end();
    await database.drop();
  });
  behavesAsAStore(() => postgresSessions(pool));
});
