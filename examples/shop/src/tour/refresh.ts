/** Two processes refresh the same token at the same moment: both must go on, and only one child may exist. */
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect } from './journey.ts';

export interface RefreshOrder {
  readonly tokenEndpoint: string;
  readonly authorization: string;
  readonly refreshToken: string;
}

interface Outcome {
  readonly status: number;
  readonly next: string;
  readonly fingerprint: string;
}

export async function refreshFromTwoProcesses(order: RefreshOrder): Promise<{ value: string; evidence: string }> {
  const at = String(Date.now() + 500);
  const [one, two] = (await Promise.all([refresh({ ...order, at }), refresh({ ...order, at })])) as [Outcome, Outcome];
  expect(one.status === 200 && two.status === 200, `status ${one.status} and ${two.status}`);
  expect(one.next !== '' && one.next === two.next, `two children: ${one.fingerprint} and ${two.fingerprint}`);
  return { value: one.next, evidence: `200 and 200, one and the same child (sha256 ${one.fingerprint}…)` };
}

async function refresh(order: RefreshOrder & { at: string }): Promise<Outcome> {
  const child = spawn(process.execPath, [fileURLToPath(new URL('refresh-process.ts', import.meta.url))], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end(JSON.stringify(order));
  return JSON.parse(await text(child.stdout)) as Outcome;
}
