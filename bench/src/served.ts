/** A server under measurement, in a process of its own, so that its CPU time is its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

export interface Served {
  readonly port: number;
  /** CPU time of all its threads so far, in microseconds. */
  readonly cpu: () => number;
  readonly stop: () => Promise<void>;
}

const running = new Set<ChildProcess>();
// A bench that throws leaves no server behind.
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Starts a program that prints its port on the first line. */
export async function serve(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Served> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, ...env } });
  const exit = once(child, 'exit');
  running.add(child);
  const first = await Promise.race([once(createInterface(child.stdout), 'line'), exit]);
  const port = Number(first[0]);
  if (!(port > 1023) || child.pid === undefined) throw new Error(`${command} ${args.join(' ')} did not start`);
  const { pid } = child;
  return {
    port,
    cpu: () => (command === process.execPath ? cpuOfThreads(pid) : cpuOf(pid)),
    async stop() {
      child.kill('SIGKILL');
      running.delete(child);
      await exit;
    },
  };
}

/** Starts a TypeScript file of this folder. */
export function serveFile(file: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Served> {
  return serve(process.execPath, ['--conditions=safeconduct-source', `${import.meta.dirname}/${file}`, ...args], {
    NODE_ENV: 'production',
    ...env,
  });
}

// Threads that ended are missing here, and Node's live as long as it does: nanoseconds are finer than the clock ticks below.
function cpuOfThreads(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`).map((thread) => readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8'));
  return threads.reduce((sum, text) => sum + Number(text.split(' ')[0]), 0) / 1000;
}

const TICKS_PER_SECOND = 100;

// utime and stime of /proc/PID/stat, with threads that ended; the name of the program, in brackets, may hold spaces.
function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return ((Number(fields[11]) + Number(fields[12])) * 1e6) / TICKS_PER_SECOND;
}
