/** Two processes send the same token request at the same moment: both must go on, and with one and the same token. */
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect } from './journey.ts';

export interface TokenRequest {
  readonly tokenEndpoint: string;
  readonly authorization: string;
  readonly fields: Readonly<Record<string, string>>;
}

export interface Outcome {
  readonly status: number;
  /** The new refresh token of a refresh, else the access token. */
  readonly token: string;
  readonly fingerprint: string;
}

/** Gives what both got. */
export async function fromTwoProcesses(request: TokenRequest): Promise<Outcome> {
  const at = Date.now() + 500;
  const [one, two] = (await Promise.all([send({ ...request, at }), send({ ...request, at })])) as [Outcome, Outcome];
  expect(one.status === 200 && two.status === 200, `status ${one.status} and ${two.status}`);
  expect(one.token !== '' && one.token === two.token, `two tokens: ${one.fingerprint} and ${two.fingerprint}`);
  return one;
}

async function send(request: TokenRequest & { readonly at: number }): Promise<Outcome> {
  const program = fileURLToPath(new URL('token-process.ts', import.meta.url));
  const child = spawn(process.execPath, [program], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(JSON.stringify(request));
  return JSON.parse(await text(child.stdout)) as Outcome;
}
