/** P9: how long `npm start` takes until everything is ready, first on an empty folder and then on the same one. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '@safeconduct/test-support/ports';
import { median, number } from './figures.ts';

const program = fileURLToPath(new URL('../../examples/shop/src/start.ts', import.meta.url));
const BUDGET = { first: 10, later: 3 };

/** `npm run bench -- start [rounds]`; each round is one first and three later starts. Default 3 rounds. */
export async function run([rounds = '3']: readonly string[]): Promise<void> {
  const first: number[] = [];
  const later: number[] = [];
  for (let round = 0; round < Number(rounds); round++) {
    const directory = mkdtempSync(join(tmpdir(), 'safeconduct-start-'));
    try {
      first.push(await secondsToReady(directory));
      for (let again = 0; again < 3; again++) later.push(await secondsToReady(directory));
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  }
  print('first start, empty folder', first, BUDGET.first);
  print('later start, same folder', later, BUDGET.later);
}

async function secondsToReady(directory: string): Promise<number> {
  const [issuer, shop] = [await freePort(), await freePort()];
  const env = {
    ...process.env,
    SAFECONDUCT_ISSUER: `http://localhost:${issuer}`,
    SHOP_URL: `http://localhost:${shop}`,
    SAFECONDUCT_DATA: directory,
  };
  const begun = performance.now();
  const child = spawn(process.execPath, ['--conditions=safeconduct-source', program], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  await said(child, /Ready in/);
  const seconds = (performance.now() - begun) / 1000;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGINT');
  await gone;
  return seconds;
}

function said(child: ChildProcess, words: RegExp): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.once('exit', (code) => reject(new Error(`ended with ${code} before it was ready:\n${text}`)));
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk;
      if (words.test(text)) resolve();
    });
  });
}

function print(what: string, seconds: readonly number[], budget: number): void {
  const line = `${what.padEnd(28)} median ${number(median(seconds))} s  (min ${number(Math.min(...seconds))}, max ${number(Math.max(...seconds))}, n ${seconds.length})`;
  console.log(`${line}  budget ${budget} s: ${median(seconds) <= budget ? 'met' : 'MISSED'}`);
}
