/** Random work of many people on a small pool. SAFECONDUCT_SOAK_SECONDS makes it longer, SAFECONDUCT_SOAK_SEED repeats a run. */
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { describe, it } from 'node:test';
import type pg from 'pg';
import Cursor from 'pg-cursor';
import { asUser } from './as-user.ts';
import { kinds, leftovers, person, type TestDatabase } from './fixtures.test.ts';

const seconds = Number(process.env.SAFECONDUCT_SOAK_SECONDS ?? 6);
const MINE = 'select user_id from orders';

/** Mulberry32: small, and the same numbers for the same seed. */
function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Turn {
  readonly name: string;
  readonly pool: pg.Pool;
  look(rows: readonly { user_id: string }[]): void;
}
const within = async ({ pool }: Turn, work: (client: pg.PoolClient) => Promise<unknown>): Promise<void> => {
  const client = await pool.connect();
  try {
    await work(client);
  } finally {
    client.release();
  }
};
const works: readonly (readonly [weight: number, work: (turn: Turn) => Promise<unknown>])[] = [
  [40, async (turn) => turn.look((await turn.pool.query(MINE)).rows)],
  [25, async (turn) => turn.look((await turn.pool.query({ name: 'mine', text: `${MINE} where total > $1`, values: [2] })).rows)],
  [8, (turn) => turn.pool.query('select 1/0')],
  [4, (turn) => turn.pool.query({ name: 'bad', text: 'select nope from orders' })],
  [5, (turn) => turn.pool.query("insert into orders (user_id) values ('nobody')").then(() => assert.fail('a foreign row was written'))],
  [
    6,
    (turn) =>
      within(turn, async (client) => {
        await client.query('begin');
        await client.query('update orders set total = total');
        turn.look((await client.query(MINE)).rows);
        await client.query('commit');
        turn.look((await client.query(MINE)).rows);
      }),
  ],
  [
    4,
    (turn) =>
      within(turn, async (client) => {
        await client.query('begin');
        await client.query('select 1/0').catch(() => {});
        turn.look((await client.query(MINE)).rows);
      }),
  ],
  [
    3,
    (turn) =>
      within(turn, async (client) => {
        await client.query('begin');
        turn.look((await client.query(MINE)).rows);
      }),
  ],
  [2, (turn) => turn.pool.query('reset role')],
  [
    2,
    (turn) =>
      within(turn, async (client) => {
        void client.query(MINE).then(
          ({ rows }) => turn.look(rows),
          () => {},
        );
      }),
  ],
  [
    2,
    (turn) =>
      within(turn, async (client) => {
        const cursor = client.query(new Cursor(MINE));
        turn.look(await cursor.read(3));
        // pg-cursor's close() never ends on a connection that has died.
        await Promise.race([cursor.close(), new Promise((done) => client.once('end', () => done(undefined)))]);
      }),
  ],
  [1, (turn) => turn.pool.query('begin')],
  [1, (turn) => turn.pool.query({ text: 'select pg_sleep(0.05)', query_timeout: 5 } as pg.QueryConfig)],
];
const wheel = works.flatMap(([weight, work]) => Array.from({ length: weight }, () => work));

/** Gives what ends it: when that is done, nobody is cancelled or killed any more. */
function disturb(db: TestDatabase, roll: () => number): () => Promise<void> {
  if (db.kind === 'PGlite') return async () => {};
  let under: Promise<unknown> = Promise.resolve();
  const timer = setInterval(() => {
    // With a time to wait, in milliseconds, it answers when the victim is gone.
    const what = roll() < 0.5 ? 'pg_cancel_backend(pid)' : 'pg_terminate_backend(pid, 1000)';
    const done = db.admin(
      `select ${what} from pg_stat_activity where datname = current_database() and usename like '%_login' order by random() limit 1`,
    );
    under = Promise.allSettled([under, done]);
  }, 40);
  return async () => {
    clearInterval(timer);
    await under;
    // What a victim said last may have come with the answer: the pool hears of it first.
    await new Promise((heard) => setImmediate(heard));
  };
}

for (const { kind, skip, open } of kinds) {
  describe(`64 people on one pool, ${kind}`, { skip }, () => {
    it('R-118 shows nobody a row of somebody else, through errors, cancels and kills', async (t) => {
      const seed = Number(process.env.SAFECONDUCT_SOAK_SEED ?? randomInt(2 ** 31));
      const roll = dice(seed);
      const db = await open({ max: 4 });
      let rows = 0;
      let foreign = 0;
      let turns = 0;
      const people = Array.from({ length: 64 }, (_, i): Turn => {
        const name = `user-${i}`;
        const look: Turn['look'] = (seen) => {
          rows += seen.length;
          foreign += seen.filter((row) => row.user_id !== name).length;
        };
        return { name, pool: asUser(person(name), db.pool, { patience: 60_000, prepare: i % 4 !== 0 }), look };
      });
      const calm = disturb(db, roll);
      const until = Date.now() + seconds * 1000;
      const foul: unknown[] = [];
      await Promise.all(
        people.map(async (turn) => {
          while (Date.now() < until) {
            turns++;
            await wheel[Math.floor(roll() * wheel.length)]?.(turn).catch((error) => {
              if (error instanceof assert.AssertionError) foul.push(error);
            });
          }
        }),
      );
      await calm();
      const left = await leftovers(db.pool);
      t.diagnostic(`seed ${seed}: ${turns} turns, ${rows} rows, ${foreign} foreign`);
      await db.close();
      assert.deepEqual({ foreign, foul, left }, { foreign: 0, foul: [], left: [] });
      assert.ok(rows > 1000, `${rows} rows`);
    });
  });
}
