/** 200 parallel redemptions of one code, and of one refresh token, on two issuer processes and one PostgreSQL. */
import pg from 'pg';
import { type Answer, type Bench, openBench, Person, type Running, redeem, refresh, tokensOf } from './issuers.ts';

const PARALLEL = 200;

/** `npm run bench -- races [rounds]`: 100 rounds unless told otherwise. Fails when a count is not what it must be. */
export async function run([rounds = '100']: readonly string[]): Promise<void> {
  const bench = await openBench();
  try {
    const processes = [await bench.start('ours'), await bench.start('ours')];
    const failures = [
      ...(await raceCodes(processes, Number(rounds))),
      ...(await raceRefreshTokens(bench, { processes, rounds: Number(rounds) })),
    ];
    for (const failure of failures) console.error(`NOT AS PROMISED: ${failure}`);
    if (failures.length > 0) process.exitCode = 1;
  } finally {
    await bench.stop();
  }
}

const first = ([one]: readonly Running[]): string => one?.url ?? '';

/** Sends the same request many times at once, to the processes in turn. */
function everywhere(processes: readonly Running[], request: (url: string) => Promise<Answer>): Promise<Answer[]> {
  return Promise.all(Array.from({ length: PARALLEL }, (_, index) => request(processes[index % processes.length]?.url ?? '')));
}

async function raceCodes(processes: readonly Running[], rounds: number): Promise<string[]> {
  const person = new Person(first(processes));
  const seen = new Map<number, number>();
  const winners: number[] = [];
  const started = performance.now();
  for (let round = 0; round < rounds; round++) {
    const back = await person.authorize();
    const answers = await everywhere(processes, (url) => redeem(url, back));
    for (const { status } of answers) seen.set(status, (seen.get(status) ?? 0) + 1);
    winners.push(answers.filter(({ status }) => status === 200).length);
  }
  const exactlyOne = winners.filter((count) => count === 1).length;
  console.log(`authorization code   ${rounds} rounds x ${PARALLEL} requests on ${processes.length} processes, ${seconds(started)}`);
  console.log(`  rounds with exactly one success: ${exactlyOne} of ${rounds}   answers by status: ${census(seen)}`);
  return exactlyOne === rounds ? [] : [`a code was redeemed ${Math.max(...winners)} times`];
}

async function raceRefreshTokens(
  bench: Bench,
  { processes, rounds }: { processes: readonly Running[]; rounds: number },
): Promise<string[]> {
  const database = new pg.Client(bench.databaseUrl);
  await database.connect();
  const seen = new Map<number, number>();
  const children: number[] = [];
  const leaves: number[] = [];
  const started = performance.now();
  let leaf = String(tokensOf(await redeem(first(processes), await new Person(first(processes)).authorize())).refresh_token);
  for (let round = 0; round < rounds; round++) {
    const answers = await everywhere(processes, (url) => refresh(url, leaf));
    for (const { status } of answers) seen.set(status, (seen.get(status) ?? 0) + 1);
    const tokens = new Set(answers.filter(({ status }) => status === 200).map((answer) => String(tokensOf(answer).refresh_token)));
    children.push(tokens.size);
    [leaf = leaf] = tokens;
    leaves.push(await liveLeaves(database));
  }
  const last = await refresh(first(processes), leaf);
  await database.end();
  const refused = [...seen].filter(([status]) => status !== 200).reduce((sum, [, count]) => sum + count, 0);
  console.log(`refresh token        ${rounds} rounds x ${PARALLEL} requests on ${processes.length} processes, ${seconds(started)}`);
  console.log(
    `  rounds with one child for everybody: ${children.filter((count) => count === 1).length} of ${rounds}   answers by status: ${census(seen)}`,
  );
  console.log(
    `  rounds with one live leaf: ${leaves.filter((count) => count === 1).length} of ${rounds}   callers logged out: ${refused}   last leaf still works: ${last.status === 200}`,
  );
  const kept = refused === 0 && last.status === 200 && [...children, ...leaves].every((count) => count === 1);
  return kept ? [] : ['a refresh token had several children or leaves, or somebody was logged out'];
}

/** Unused refresh tokens in the newest family. */
async function liveLeaves(database: pg.Client): Promise<number> {
  const { rows } = await database.query<{ count: number }>(`select count(*)::int as count from issuer.artifact r
    join issuer.artifact g on g.id = r.grant_id and g.revoked_at is null
    where r.kind = 'RefreshToken' and r.consumed_at is null and r.grant_id =
      (select grant_id from issuer.artifact where kind = 'RefreshToken' order by created_at desc limit 1)`);
  return rows[0]?.count ?? 0;
}

const seconds = (started: number): string => `${((performance.now() - started) / 1000).toFixed(1)} s`;
const census = (seen: ReadonlyMap<number, number>): string => [...seen].map(([status, count]) => `${count} x ${status}`).join(', ');
