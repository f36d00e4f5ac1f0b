/** For tests of the command as people use it: the launcher in a process of its own, against an issuer in another one. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '@safeconduct/test-support/ports';
import { quickStorage } from '@safeconduct/test-support/postgres';
import { finished, wrote } from '../store/processes.fixtures.test.ts';

export const launcher = fileURLToPath(new URL('../../bin/safeconduct.js', import.meta.url));

/** How a command ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** What it reads on standard input. Default: nothing. */
  readonly input?: string;
}

export interface RunningIssuer {
  readonly url: string;
  readonly port: number;
  /** Where the issuer and the commands run, and what the commands take for the home of their user. */
  readonly directory: string;
  /** What the commands are started with. */
  readonly env: Readonly<Record<string, string>>;
  /** The log so far. */
  log(): string;
  /** Runs one command to its end. */
  run(args: readonly string[], options?: RunOptions): Promise<Ended>;
  /** Runs one command with `--json`. Throws what it said unless it worked. */
  json(args: readonly string[], options?: RunOptions): Promise<Record<string, unknown>>;
  start(args: readonly string[], options?: RunOptions): ChildProcess;
  setupCode(): string;
  /** Ends the issuer and starts it again on the same data. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/** Starts an issuer on a free port in a folder of its own. */
export async function startIssuer(): Promise<RunningIssuer> {
  const directory = mkdtempSync(join(tmpdir(), 'safeconduct-command-'));
  const storage = await quickStorage();
  const port = await freePort();
  const url = `http://localhost:${port}`;
  const { PATH = '' } = process.env;
  const env = {
    PATH,
    ...storage.env,
    HOME: directory,
    BROWSER: 'none',
    SAFECONDUCT_ISSUER: url,
    SAFECONDUCT_DATA: join(directory, 'data'),
    // Dozens of short processes load the same modules.
    NODE_COMPILE_CACHE: join(directory, 'cache'),
  };
  const start = (args: readonly string[], options: RunOptions = {}) =>
    spawn(process.execPath, [launcher, ...args], { cwd: directory, env: { ...env, ...options.env }, stdio: 'pipe' });
  const run = async (args: readonly string[], options: RunOptions = {}): Promise<Ended> => {
    const child = start(args, options);
    child.stdin?.end(options.input ?? '');
    return ended(child);
  };
  let log = '';
  const boot = async (): Promise<ChildProcess> => {
    const issuer = start(['dev']);
    for (const stream of [issuer.stdout, issuer.stderr])
      stream?.on('data', (text: Buffer) => {
        log += text.toString();
      });
    await wrote(issuer, 'is ready');
    return issuer;
  };
  let issuer = await boot();
  return {
    url,
    port,
    directory,
    env,
    log: () => log,
    start,
    run,
    json: async (args, options) => {
      const { code, stdout, stderr } = await run([...args, '--json'], options);
      if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${stderr}`);
      return JSON.parse(stdout) as Record<string, unknown>;
    },
    setupCode: () => (JSON.parse(readFileSync(join(directory, 'data/setup.json'), 'utf8')) as { code: string }).code,
    async restart() {
      await stopped(issuer);
      issuer = await boot();
    },
    async close() {
      await stopped(issuer);
      await storage.drop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function stopped(child: ChildProcess): Promise<void> {
  const end = finished(child);
  child.kill('SIGTERM');
  await end;
}

async function ended(child: ChildProcess): Promise<Ended> {
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      texts[name] += text;
    });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...texts };
}
