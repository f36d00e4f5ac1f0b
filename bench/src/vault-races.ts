/**
 * 200 callers, four issuer processes on one PostgreSQL, and a third party that takes each refresh token once and ends everything
 * when one comes twice. An access token ends, everybody asks for it at once, and every tenth time a process is killed meanwhile.
 */
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { type Answer, post } from './issuers.ts';
import { CONNECTION, type RacingPerson, racingPeople, SECRET, WEB } from './vault-races-configuration.ts';
import { connectAccount, signIn } from './vault-races-people.ts';
import { openRacesPlace, type Racer, type RacesPlace } from './vault-races-place.ts';

const CALLERS = 200;
const PROCESSES = 4;
/** Seconds after which no expiry is begun. */
const LONGEST = 540;

/** `npm run bench -- vault-races [expiries]`: 500 unless told otherwise. Fails when a count is not what it must be. */
export async function run([expiries = '500']: readonly string[]): Promise<void> {
  const place = await openRacesPlace(PROCESSES);
  const database = new pg.Client(place.databaseUrl);
  await database.connect();
  try {
    const race = await prepare(place, database);
    const started = performance.now();
    const elapsed = () => (performance.now() - started) / 1000;
    let round = 0;
    while (round < Number(expiries) && elapsed() < LONGEST) await raceOnce(race, round++);
    await Promise.all(race.restarts);
    if (round < Number(expiries))
      console.log(`ended after ${round} of ${expiries} expiries: this machine is too slow, or too busy, for more`);
    await print(race, round, elapsed());
  } finally {
    await database.end();
    await place.stop();
  }
}

interface Race {
  readonly place: RacesPlace;
  readonly database: pg.Client;
  /** By the id of a person: what the application proves the person with. */
  readonly subjects: ReadonlyMap<string, string>;
  /** Whose a token of the third party is, by its own word. */
  readonly owners: Map<string, Promise<string>>;
  readonly restarts: Promise<void>[];
  readonly tally: Tally;
}

interface Tally {
  /** Refreshes at the third party per expiry, without and with a kill. */
  readonly calm: Map<number, number>;
  readonly killed: Map<number, number>;
  readonly statuses: Map<number, number>;
  tokens: number;
  foreign: number;
  dead: number;
  lost: number;
  marked: number;
  kills: number;
  againElsewhere: number;
  /** Milliseconds that the last round without a kill took. */
  pace: number;
}

async function prepare(place: RacesPlace, database: pg.Client): Promise<Race> {
  const subjects = new Map<string, string>();
  for (const person of racingPeople) {
    await connectAccount(place.issuer, person);
    subjects.set(person.id, await signIn(place.issuer, person));
  }
  const counts = { tokens: 0, foreign: 0, dead: 0, lost: 0, marked: 0, kills: 0, againElsewhere: 0, pace: 200 };
  const tally = { calm: new Map(), killed: new Map(), statuses: new Map(), ...counts };
  return { place, database, subjects, owners: new Map(), restarts: [], tally };
}

async function raceOnce(race: Race, round: number): Promise<void> {
  const { place, database, tally } = race;
  const person = personAt(round);
  const withKill = round % 10 === 9;
  if (withKill) await everybodyAlive(race);
  const before = await place.seen();
  await database.query(`update issuer.connected_account set expires_at = now() - interval '1 second' where user_id = $1`, [person.id]);
  race.owners.clear();
  const begun = performance.now();
  // Four in five ask for the token that has ended; the others must get their own all the same.
  const callers = Array.from({ length: CALLERS }, (_, caller) =>
    call(race, { person: caller % 5 === 4 ? personAt(caller) : person, caller }),
  );
  if (withKill) kill(race);
  await Promise.all(callers);
  if (!withKill) tally.pace = performance.now() - begun;
  const { refreshes } = await place.seen();
  count(withKill ? tally.killed : tally.calm, refreshes - before.refreshes);
  await settle(race, person);
}

const personAt = (index: number): RacingPerson => racingPeople[index % racingPeople.length] as RacingPerson;

function count<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

async function everybodyAlive(race: Race): Promise<void> {
  await Promise.all(race.restarts.splice(0));
}

/** One process dies: every second time while some process waits for the third party, otherwise at any time. */
function kill(race: Race): void {
  const { place, restarts, tally } = race;
  const racer = place.racers[Math.floor(Math.random() * PROCESSES)] as Racer;
  const moment = tally.kills++ % 2 === 0 ? claimed(race) : pause(Math.random() * tally.pace);
  restarts.push(moment.then(() => racer.killAndStart()));
}

async function claimed({ database, tally }: Race): Promise<void> {
  const until = performance.now() + tally.pace;
  while (performance.now() < until) {
    const { rowCount } = await database.query('select from issuer.connected_account where refresh_claim is not null');
    if (rowCount !== 0) return pause(Math.random() * 150);
    await pause(5);
  }
}

interface Caller {
  readonly person: RacingPerson;
  readonly caller: number;
}

/** Asks until there is an answer; whom a dying process left without one asks another. */
async function call(race: Race, { person, caller }: Caller): Promise<void> {
  const { tally } = race;
  for (let attempt = 0; ; attempt++) {
    const answer = await exchange(race, person, caller + attempt).catch(() => undefined);
    if (answer === undefined) tally.againElsewhere++;
    else {
      count(tally.statuses, answer.status);
      if (answer.status === 200) return checkOwner(race, person, tokenIn(answer));
      if (answer.status !== 503) return;
    }
    if (attempt > 100) throw new Error('nobody answers');
    await pause(answer === undefined ? 20 : 1_000);
  }
}

function exchange({ place, subjects }: Race, { id }: RacingPerson, turn: number): Promise<Answer> {
  const alive = place.racers.filter((racer) => racer.alive);
  const { url } = alive[turn % alive.length] as Racer;
  return post(url, '/oauth2/token', {
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    requested_token_type: 'urn:safeconduct:params:oauth:token-type:connection-access-token',
    subject_token: subjects.get(id) ?? '',
    subject_token_type: 'urn:ietf:params:oauth:token-type:refresh_token',
    connection: CONNECTION,
    client_id: WEB,
    client_secret: SECRET,
  });
}

const tokenIn = ({ body }: Answer): string => (JSON.parse(body) as { access_token: string }).access_token;

async function checkOwner({ place, owners, tally }: Race, { there }: RacingPerson, token: string): Promise<void> {
  const known = owners.get(token) ?? askOwner(place.calendar, token);
  owners.set(token, known);
  const owner = await known;
  tally.tokens++;
  if (owner === '') tally.dead++;
  else if (owner !== there.id) tally.foreign++;
}

async function askOwner(calendar: string, token: string): Promise<string> {
  const answer = await fetch(new URL('/userinfo', calendar), { headers: { authorization: `Bearer ${token}` } });
  return answer.ok ? ((await answer.json()) as { sub: string }).sub : '';
}

/** After a round an account is usable or marked for reconnection; a marked one is connected again, as its person would. */
async function settle(race: Race, person: RacingPerson): Promise<void> {
  const { database, place, tally } = race;
  const { rows } = await database.query<{ state: string }>('select state from issuer.connected_account where user_id = $1', [person.id]);
  const answer = await exchange(race, person, 0).catch(() => undefined);
  const usable = answer?.status === 200 && (await askOwner(place.calendar, tokenIn(answer))) === person.there.id;
  if (usable) return;
  if (rows[0]?.state === 'reconnect') tally.marked++;
  else tally.lost++;
  await everybodyAlive(race);
  await connectAccount(place.issuer, person);
}

async function print({ place, tally }: Race, expiries: number, seconds: number): Promise<void> {
  const { reuseAlarms } = await place.seen();
  const census = (counts: ReadonlyMap<number, number>, unit: string) =>
    [...counts]
      .toSorted(([a], [b]) => a - b)
      .map(([what, times]) => `${times} x ${what}${unit}`)
      .join(', ') || 'none';
  console.log(`${expiries} expiries x ${CALLERS} callers on ${PROCESSES} processes, ${tally.kills} killed, ${seconds.toFixed(0)} s`);
  console.log(
    `  refreshes at the third party per expiry   without a kill: ${census(tally.calm, '')}   with one: ${census(tally.killed, '')}`,
  );
  console.log(`  lost accounts: ${tally.lost}   marked for reconnection: ${tally.marked}`);
  console.log(`  reuse alarms at the third party: ${reuseAlarms}`);
  console.log(`  tokens given: ${tally.tokens}   foreign: ${tally.foreign}   dead: ${tally.dead}`);
  console.log(`  answers by status: ${census(tally.statuses, '')}   asked again after a kill: ${tally.againElsewhere}`);
  const failures = [
    ...([...tally.calm.keys()].some((times) => times !== 1) ? ['an expiry without a kill caused no refresh, or several'] : []),
    ...([...tally.killed.keys()].some((times) => times > 1) ? ['an expiry with a kill caused several refreshes'] : []),
    ...(tally.lost > 0 ? ['accounts were lost'] : []),
    ...(reuseAlarms > 0 ? ['the third party saw a refresh token twice'] : []),
    ...(tally.foreign > 0 ? ["somebody got somebody else's token"] : []),
    ...(tally.dead > 0 ? ['somebody got a token that was good for nothing'] : []),
  ];
  for (const failure of failures) console.error(`NOT AS PROMISED: ${failure}`);
  if (failures.length > 0) process.exitCode = 1;
}
