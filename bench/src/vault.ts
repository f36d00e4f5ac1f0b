/**
 * Budget P5: an exchange out of the vault against a server that parses the same request and reads one row by its key:
 * `npm run bench -- vault [ROUNDS] [REQUESTS]`. CPU per request of the server's process, and of PostgreSQL's beside it.
 */
import { hash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@safeconduct/test-support/ports';
import { createDatabase } from '@safeconduct/test-support/postgres';
import pg from 'pg';
import { median, number } from './figures.ts';
import { drive } from './load.ts';
import { type Served, serveFile } from './served.ts';
import { CALLBACK, CONNECTION, type RacingPerson, racingPeople, SECRET, WEB } from './vault-races-configuration.ts';
import { Browser, connectAccount } from './vault-races-people.ts';

const BUDGET = 1.3;
/** Rounds that do not count: until about 8,000 requests the servers still compile what they run. */
const WARM_UP = 3;

interface Contender {
  readonly name: string;
  readonly served: Served;
  /** Which of the database's processes work for it. */
  readonly backends: string;
  readonly subjects: readonly Subject[];
  /** Microseconds a request, one figure a round. */
  readonly process: number[];
  readonly database: number[];
  readonly perSecond: number[];
}

interface Subject {
  readonly token: string;
  readonly type: 'access_token' | 'refresh_token';
}

/** Prints CPU per request and exchanges per second, by access token and by refresh token. */
export async function run([rounds = '7', requests = '3000']: readonly string[]): Promise<void> {
  const database = await createDatabase();
  const client = new pg.Client(database.url);
  await client.connect();
  const data = mkdtempSync(join(tmpdir(), 'safeconduct-bench-vault-'));
  const contenders = await contendersOf(database.url, { client, data });
  try {
    for (let round = -WARM_UP; round < Number(rounds); round++)
      for (const contender of contenders) await measure(contender, { client, requests: Number(requests), counts: round >= 0 });
    print(contenders, { rounds, requests });
  } finally {
    await Promise.all([...new Set(contenders.map(({ served }) => served))].map((served) => served.stop()));
    await client.end();
    await database.drop();
    rmSync(data, { recursive: true, force: true });
  }
}

async function contendersOf(url: string, { client, data }: { readonly client: pg.Client; readonly data: string }): Promise<Contender[]> {
  const port = await freePort();
  const address = `http://127.0.0.1:${port}`;
  const settings = { ISSUER_PORT: String(port), DATABASE_URL: url, DATA: data, MASTER_KEY: randomBytes(32).toString('base64url') };
  const calendar = await serveFile('vault-served.ts', ['calendar'], settings);
  const issuer = await serveFile('vault-served.ts', ['issuer'], { ...settings, CALENDAR: `http://127.0.0.1:${calendar.port}` });
  const people: Tokens[] = [];
  for (const person of racingPeople) {
    await connectAccount(address, person);
    people.push(await signedIn(address, person));
  }
  await calendar.stop();
  await fillPeer(client);
  const peer = await serveFile('vault-served.ts', ['peer'], settings);
  const contender = (name: string, served: Served, type: Subject['type']): Contender => ({
    name,
    served,
    backends: served === peer ? "= 'peer'" : "<> 'peer'",
    subjects: people.map((tokens) => ({ token: tokens[type], type })),
    process: [],
    database: [],
    perSecond: [],
  });
  return [
    contender('parse + one indexed read', peer, 'access_token'),
    contender('exchange by access token', issuer, 'access_token'),
    contender('exchange by refresh token', issuer, 'refresh_token'),
  ];
}

type Tokens = Record<Subject['type'], string>;

async function signedIn(issuer: string, person: RacingPerson): Promise<Tokens> {
  const verifier = randomBytes(32).toString('base64url');
  const query = {
    client_id: WEB,
    response_type: 'code',
    scope: 'openid offline_access read:me:connected_accounts',
    resource: `${issuer}/me/`,
    redirect_uri: CALLBACK,
    state: 's',
    code_challenge: hash('sha256', verifier, 'base64url'),
    code_challenge_method: 'S256',
  };
  const { url } = await new Browser(issuer, person).go(new URL(`/oauth2/authorize?${new URLSearchParams(query)}`, issuer));
  const form = {
    grant_type: 'authorization_code',
    code: url.searchParams.get('code') ?? '',
    redirect_uri: CALLBACK,
    code_verifier: verifier,
  };
  const body = new URLSearchParams({ ...form, client_id: WEB, client_secret: SECRET });
  const answer = await fetch(new URL('/oauth2/token', issuer), { method: 'POST', body });
  const tokens = (await answer.json()) as Partial<Tokens>;
  const { access_token, refresh_token } = tokens;
  if (!access_token?.startsWith('ey') || !refresh_token) throw new Error(`${person.email} was not signed in: ${answer.status}`);
  return { access_token, refresh_token };
}

async function fillPeer(client: pg.Client): Promise<void> {
  await client.query(`create table peer_vault (user_id text, connection text, token text not null, scope text, expires_at timestamptz,
    primary key (user_id, connection))`);
  await client.query(`insert into peer_vault select 'user-' || n, '${CONNECTION}', repeat(md5(n::text), 10), 'calendar.read', now() + interval '1 day'
    from generate_series(1, 5000) n`);
  await client.query('analyze');
}

interface Round {
  readonly client: pg.Client;
  readonly requests: number;
  readonly counts: boolean;
}

async function measure({ name, served, backends, subjects, ...figures }: Contender, { client, requests, counts }: Round): Promise<void> {
  const messages = subjects.map((subject) => message(served.port, subject));
  const [ours, theirs, began] = [served.cpu(), await databaseCpu(client, backends), performance.now()];
  const statuses = await drive({ port: served.port, requests, message: (index) => messages[index % messages.length] ?? '' });
  if (statuses.get(200) !== requests) throw new Error(`${name} answered ${[...statuses].join(' ')}`);
  if (!counts) return;
  figures.perSecond.push((requests / (performance.now() - began)) * 1000);
  figures.process.push((served.cpu() - ours) / requests);
  figures.database.push(worked(theirs, await databaseCpu(client, backends)) / requests);
}

function message(port: number, { token, type }: Subject): string {
  const body = new URLSearchParams({
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    requested_token_type: 'urn:safeconduct:params:oauth:token-type:connection-access-token',
    subject_token: token,
    subject_token_type: `urn:ietf:params:oauth:token-type:${type}`,
    connection: CONNECTION,
  }).toString();
  const head = [
    'POST /oauth2/token HTTP/1.1',
    `host: 127.0.0.1:${port}`,
    'accept: application/json',
    `authorization: Basic ${btoa(`${WEB}:${SECRET}`)}`,
    'content-type: application/x-www-form-urlencoded',
    `content-length: ${Buffer.byteLength(body)}`,
  ];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}

/** Microseconds that each of the database's processes of one side has worked, by its id. */
async function databaseCpu(client: pg.Client, backends: string): Promise<ReadonlyMap<number, number>> {
  const { rows } = await client.query<{ pid: number }>(
    `select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and application_name ${backends}`,
  );
  return new Map(rows.map(({ pid }) => [pid, Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1000]));
}

/** Idle connections are closed between the rounds, and new ones opened. */
const worked = (before: ReadonlyMap<number, number>, after: ReadonlyMap<number, number>): number =>
  [...after].reduce((sum, [pid, cpu]) => sum + cpu - (before.get(pid) ?? 0), 0);

function print(contenders: readonly Contender[], { rounds, requests }: Record<'rounds' | 'requests', string>): void {
  const [peer] = contenders;
  console.log(`# P5: ${racingPeople.length} people, ${requests} requests a round, ${rounds} rounds, interleaved; ours with client`);
  console.log('# authentication, liveness of the subject token, decryption, security headers and the access log.');
  console.log('# Every JWT was verified before, every data key is in memory, every registration is at most 5 s old.');
  console.log(
    `${''.padEnd(28)} ${'µs of its process'.padEnd(26)} ${'µs of PostgreSQL'.padEnd(26)} ${'a second'.padEnd(9)} process   with PostgreSQL`,
  );
  for (const { name, process, database, perSecond } of contenders) {
    const both = (one: Contender) => one.process.map((value, round) => value + (one.database[round] ?? 0));
    const ratio = peer ? median(process) / median(peer.process) : Number.NaN;
    const whole = peer ? median(both({ name, process, database } as Contender)) / median(both(peer)) : Number.NaN;
    const verdict =
      name === peer?.name ? '' : `${number(ratio)} x ${ratio <= BUDGET ? `<= ${BUDGET} held` : `<= ${BUDGET} missed`}   ${number(whole)} x`;
    console.log(
      `${name.padEnd(28)} ${spread(process).padEnd(26)} ${spread(database).padEnd(26)} ${median(perSecond).toFixed(0).padEnd(9)} ${verdict}`,
    );
  }
}

const spread = (values: readonly number[]): string =>
  `${median(values).toFixed(1)} (${Math.min(...values).toFixed(1)} to ${Math.max(...values).toFixed(1)})`;
