/** Starts the issuer, the shop and a calendar as processes that speak only HTTP, and stops them together. */
import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants, fstatSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { calendarClient } from './demo-client.ts';

export interface StackOptions {
  /** Where the issuer answers, such as `http://localhost:8080`. */
  readonly issuerUrl: string;
  /** Where the shop answers, such as `http://localhost:3000`. */
  readonly shopUrl: string;
  /** Where the calendar answers, a third party, such as `http://localhost:4000`. */
  readonly calendarUrl: string;
  /** Where the shop listens, when a proxy stands before it. Default: the port of `shopUrl`. */
  readonly shopPort?: number;
  /** Folder for databases, keys and logs. */
  readonly dataDirectory: string;
  /** What all parts inherit. Default: this process's environment. */
  readonly environment?: NodeJS.ProcessEnv;
  /** Called once if a part ends by itself after it was ready. */
  readonly onEnded?: (part: string, tail: string) => void;
}

export interface Stack {
  readonly logs: Readonly<Record<string, string>>;
  /** Ends all parts and waits for them. */
  stop(): Promise<void>;
}

/** A part did not start. The message is the part's own last words. */
export class PartFailed extends Error {
  override readonly name = 'PartFailed';
}

interface Part {
  readonly name: string;
  readonly process: ChildProcess;
  readonly log: string;
  /** Where in the log this run begins. */
  readonly from: number;
}

/** Starts the parts side by side and waits until each says that it is ready. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { dataDirectory, onEnded } = options;
  makeFolder(dataDirectory);
  const place = { env: environmentOf(options), directory: dataDirectory };
  const parts = [
    launch('issuer', [issuerBin(), 'dev', '--config', configuration], place),
    launch('shop', [fileURLToPath(new URL('main.ts', import.meta.url))], place),
    launch('calendar', [calendarMain()], place),
  ];
  let stopping = false;
  const stop = async () => {
    stopping = true;
    await Promise.all(parts.map(end));
  };
  try {
    await Promise.all(parts.map(ready));
  } catch (error) {
    await stop();
    throw error;
  }
  for (const part of parts) {
    part.process.once('exit', () => {
      if (!stopping) onEnded?.(part.name, lastWords(part));
    });
  }
  return { logs: Object.fromEntries(parts.map(({ name, log }) => [name, log])), stop };
}

/** What the parts are told. Each reads its own settings of it. */
function environmentOf({ issuerUrl, shopUrl, shopPort, calendarUrl, dataDirectory, environment = process.env }: StackOptions) {
  return {
    ...environment,
    SAFECONDUCT_ISSUER: issuerUrl,
    SAFECONDUCT_DATA: dataDirectory,
    SHOP_URL: shopUrl,
    PORT: String(shopPort ?? portOf(shopUrl)),
    CALENDAR_URL: calendarUrl,
    CALENDAR_DATA: environment.CALENDAR_DATA ?? dataDirectory,
    CALENDAR_CLIENT_ID: calendarClient.id,
    CALENDAR_CLIENT_SECRET: calendarClient.secret,
    CALENDAR_REDIRECT_URIS: `${issuerUrl}/connections/calendar/callback`,
  };
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    accessSync(path, constants.W_OK);
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code;
    throw new PartFailed(`the folder ${path} cannot be used (${reason}): choose another one with SAFECONDUCT_DATA`, { cause: error });
  }
}

const configuration = fileURLToPath(new URL('../safeconduct.config.ts', import.meta.url));

/** The `safeconduct` command, beside the issuer's own entry. */
function issuerBin(): string {
  const entry = import.meta.resolve('@safeconduct/issuer');
  return fileURLToPath(new URL(entry.endsWith('.ts') ? 'bin.ts' : 'bin.js', entry));
}

/** The calendar is a program of its own: nothing of it runs in here. */
function calendarMain(): string {
  return fileURLToPath(new URL('main.ts', import.meta.resolve('@safeconduct/example-calendar-api')));
}

function launch(name: string, args: readonly string[], { env, directory }: { env: NodeJS.ProcessEnv; directory: string }): Part {
  const log = join(directory, `${name}.log`);
  // Appended to: another run on the same folder may still be writing, and is about to be told apart by its lock.
  const output = openSync(log, 'a', 0o600);
  const from = fstatSync(output).size;
  const conditions = process.execArgv.filter((argument) => argument.startsWith('--conditions'));
  // Over the channel a part says that it is ready. It closes when this process dies, and the part then ends too.
  const child = spawn(process.execPath, [...conditions, ...args], { env, stdio: ['ignore', output, output, 'ipc'] });
  return { name, process: child, log, from };
}

/** Waits for the part's own word that it is ready: somebody else may be listening on its port. */
function ready(part: Part): Promise<void> {
  const { name, process: child, log } = part;
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new PartFailed(`the ${name} was not ready after 60 s; its log is ${log}`)), 60_000);
    child.once('message', () => {
      clearTimeout(timer);
      resolve();
    });
    child.once('exit', () => {
      clearTimeout(timer);
      reject(new PartFailed(lastWords(part)));
    });
  });
}

async function end(part: Part): Promise<void> {
  const { process: child } = part;
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 12_000);
  await gone;
  clearTimeout(timer);
}

/** The last lines that a person can read; log records (JSON) are left out unless there is nothing else. */
function lastWords({ log, from }: Part): string {
  const lines = readFileSync(log).subarray(from).toString('utf8').trim().split('\n');
  const plain = lines.filter((line) => !line.startsWith('{'));
  return (plain.length > 0 ? plain : lines).slice(-6).join('\n');
}

function portOf(url: string): string {
  const { port, protocol } = new URL(url);
  return port || (protocol === 'https:' ? '443' : '80');
}
