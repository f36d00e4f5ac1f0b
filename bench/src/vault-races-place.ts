/** Everything that races: a database, the calendar, and issuer processes that can be killed and started again. */
import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@safeconduct/test-support/ports';
import { createDatabase } from '@safeconduct/test-support/postgres';
import type { Orders, Seen } from './vault-races-process.ts';

/** One issuer process. `alive` is false from its kill until it serves again. */
export interface Racer {
  readonly url: string;
  alive: boolean;
  /** `kill -9`, and a new process on the same port; resolves when that one serves. */
  killAndStart(): Promise<void>;
}

export interface RacesPlace {
  readonly databaseUrl: string;
  /** Name of the issuer: the address of the first process. */
  readonly issuer: string;
  readonly calendar: string;
  readonly racers: readonly Racer[];
  seen(): Promise<Seen>;
  stop(): Promise<void>;
}

export async function openRacesPlace(processes: number): Promise<RacesPlace> {
  const database = await createDatabase();
  const dataDirectory = mkdtempSync(join(tmpdir(), 'safeconduct-vault-races-'));
  const ports = await Promise.all(Array.from({ length: processes }, freePort));
  const issuer = `http://127.0.0.1:${ports[0]}`;
  const children = new Set<ChildProcess>();
  const start = async (orders: Orders) => {
    const child = fork(new URL('./vault-races-process.ts', import.meta.url), {
      execArgv: ['--conditions=safeconduct-source'],
      env: { ...process.env, NODE_ENV: 'production' },
    });
    children.add(child.once('exit', () => children.delete(child)));
    return { child, said: await answerTo<string>(child, orders) };
  };
  const calendar = await start({ role: 'calendar', issuer });
  const shared = { role: 'issuer', issuer, calendar: calendar.said, databaseUrl: database.url, dataDirectory } as const;
  const masterKey = randomBytes(32).toString('base64url');
  const racers: Racer[] = [];
  for (const port of ports) racers.push(await openRacer(port, () => start({ ...shared, masterKey, port })));
  return {
    databaseUrl: database.url,
    issuer,
    calendar: calendar.said,
    racers,
    seen: () => answerTo<Seen>(calendar.child, 'figures'),
    async stop() {
      await Promise.all([...children].map((child) => ended(child, 'SIGKILL')));
      await database.drop();
      rmSync(dataDirectory, { recursive: true, force: true });
    },
  };
}

async function openRacer(port: number, start: () => Promise<{ child: ChildProcess }>): Promise<Racer> {
  let { child } = await start();
  const racer: Racer = {
    url: `http://127.0.0.1:${port}`,
    alive: true,
    async killAndStart() {
      racer.alive = false;
      await ended(child, 'SIGKILL');
      ({ child } = await start());
      racer.alive = true;
    },
  };
  return racer;
}

function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => child.once('exit', () => resolve()).kill(signal));
}

function answerTo<T>(child: ChildProcess, question: Orders | 'figures'): Promise<T> {
  return new Promise((resolve, reject) => {
    const exited = (code: number | null) => reject(new Error(`a process ended with ${code}`));
    child.once('exit', exited);
    child.once('message', (answer) => {
      child.off('exit', exited);
      resolve(answer as T);
    });
    child.send(question);
  });
}
