/** Programs as a reader starts them: the issuer, the `safeconduct` command and the API, each a process of its own. */
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freePort } from '@safeconduct/test-support/ports';
import { quickStorage } from '@safeconduct/test-support/postgres';
import { variant as variantOf } from '@safeconduct/test-support/variant';

const run = promisify(execFile);

export const here = fileURLToPath(new URL('..', import.meta.url));
export const launcher = fileURLToPath(new URL('bin/safeconduct.js', import.meta.resolve('@safeconduct/issuer/package.json')));

export interface Running {
  /** Everything that it printed so far. */
  output(): string;
  stop(): Promise<void>;
}

/** Starts a program and waits until it prints `sign`. */
export async function start(args: readonly string[], options: { sign: RegExp; env: NodeJS.ProcessEnv; cwd?: string }): Promise<Running> {
  const { sign, env, cwd = here } = options;
  const child = spawn(process.execPath, args, { cwd, env: { PATH: process.env.PATH, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(child, 'close');
  let output = '';
  const listening = new Promise<void>((resolve) => {
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        if (sign.test(output)) resolve();
      });
  });
  const gone = ended.then(() => {
    throw new Error(`${args.join(' ')} ended by itself:\n${output}`);
  });
  gone.catch(() => {});
  await Promise.race([listening, gone]);
  return { output: () => output, stop: () => stopped(child, ended) };
}

async function stopped(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  child.kill('SIGTERM');
  await ended;
}

/** An issuer with an administrator, and what a test asks the administrator to do. */
export interface Home {
  readonly issuer: string;
  /** One call of the admin API: what the `safeconduct` command does, without a process for each. */
  admin(method: string, path: string, body?: object): Promise<Record<string, unknown>>;
  close(): Promise<void>;
}

/** An empty issuer as `npx safeconduct dev` starts it, set up by `npx safeconduct setup`. */
export async function startHome(): Promise<Home> {
  const directory = mkdtempSync(join(tmpdir(), 'guarded-api-'));
  const issuer = `http://localhost:${await freePort()}`;
  const storage = await quickStorage();
  const place = { SAFECONDUCT_ISSUER: issuer, SAFECONDUCT_DATA: join(directory, 'data'), ...storage.env };
  const env = { PATH: process.env.PATH, HOME: directory, ...place };
  const running = await start([launcher, 'dev'], { sign: /is ready/, env, cwd: directory });
  const { stdout } = await run(process.execPath, [launcher, 'setup', '--print-token', '--json'], { env });
  const { token } = (JSON.parse(stdout) as { administrator: { token: string } }).administrator;
  return {
    issuer,
    async admin(method, path, body) {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
      const answer = await fetch(`${issuer}/admin/v1${path}`, { method, headers, ...(body && { body: JSON.stringify(body) }) });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
      return text === '' ? {} : JSON.parse(text);
    },
    async close() {
      await running.stop();
      await storage.drop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

export interface RunningApi extends Running {
  readonly url: string;
}

/** Starts the API, or a copy of it to which diffs were applied. */
export async function startApi(env: NodeJS.ProcessEnv, ...diffs: readonly string[]): Promise<RunningApi> {
  const directory = diffs.length === 0 ? undefined : variant(diffs);
  const port = await freePort();
  const running = await start(['--conditions=safeconduct-source', 'src/server.ts'], {
    sign: /The API is ready:/,
    env: { ...env, PORT: String(port) },
    cwd: directory ?? here,
  });
  return {
    ...running,
    url: `http://127.0.0.1:${port}`,
    async stop() {
      await running.stop();
      if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** A copy of the example with these diffs applied to it. */
export function variant(diffs: readonly string[]): string {
  return variantOf(here, { parts: ['src', 'package.json'], diffs });
}

/** One answer, as `curl -i` shows it. */
export interface Answer {
  readonly status: number;
  readonly challenge: string;
  readonly body: unknown;
}

/** Asks with curl, as the text does. */
export async function curl(url: string, ...args: readonly string[]): Promise<Answer> {
  const { stdout } = await run('curl', ['--silent', '--show-error', '--include', '--url', url, ...args]);
  const [head = '', body = ''] = stdout.split('\r\n\r\n', 2);
  return {
    status: Number(head.split(' ')[1]),
    challenge: /^www-authenticate: (.*)$/im.exec(head)?.[1] ?? '',
    body: /^content-type: application\/json/im.test(head) ? JSON.parse(body) : body,
  };
}

export const bearing = (token: string) => ['--header', `authorization: Bearer ${token}`];

/** Why tests that ask with curl are skipped, or false. */
export const curlSkipped: string | false = hasCurl() ? false : 'no curl here: install it to run this';

function hasCurl(): boolean {
  try {
    execFileSync('curl', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
