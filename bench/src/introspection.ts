/**
 * Budget P3: an API guarded by introspection against one that asks for every request: `npm run bench -- introspection [ROUNDS]`.
 * The peer is Flask with Authlib and requests where PYTHON (default python3) has them, and a plain Node server everywhere.
 */
import { execFileSync } from 'node:child_process';
import { env } from 'node:process';
import { median } from './figures.ts';
import { drive } from './load.ts';
import { type Served, serve, serveFile } from './served.ts';
import { startTokenProvider, type TokenProvider } from './token-provider.ts';

const AUDIENCE = 'https://api.example';
const HOT = 100;
const BUDGET = 50;
const DELAY = 1;

interface Contender {
  readonly name: string;
  readonly served: Served;
  readonly requests: number;
  /** Microseconds of the API's CPU a request, one figure a round. */
  readonly costs: number[];
  upstream: number;
  asked: number;
}

/** Prints requests per second of the API's CPU, how often the provider was asked, and the ratio. */
export async function run([rounds = '7']: readonly string[]): Promise<void> {
  const provider = await startTokenProvider({ algorithm: 'ES256', audience: AUDIENCE, introspectionDelay: DELAY });
  const contenders = await contendersOf(provider);
  const tokens = Array.from({ length: HOT }, provider.token);
  for (let round = -1; round < Number(rounds); round++)
    for (const contender of contenders) await measure(contender, { provider, tokens, counts: round >= 0 });
  await Promise.all(contenders.map(({ served }) => served.stop()));
  await provider.close();
  print(contenders, Number(rounds));
}

async function contendersOf({ issuer }: TokenProvider): Promise<Contender[]> {
  const settings = {
    ISSUER: issuer,
    AUDIENCE,
    CLIENT_SECRET: 'demo-secret-of-the-bench-and-of-nothing-else',
    INTROSPECTION_ENDPOINT: `${issuer}/introspect`,
  };
  const contender = (name: string, served: Served, requests: number): Contender => ({
    ...{ name, served, requests, costs: [], upstream: 0, asked: 0 },
  });
  const python = env.PYTHON ?? 'python3';
  const contenders = [
    contender('node:http + safeconduct', await serveFile('introspecting-guard.ts', [], settings), 20_000),
    contender('node:http, asks for every request', await serveFile('introspecting-plain.ts', [], settings), 1_500),
  ];
  if (!hasFlask(python)) {
    console.log(`# ${python} has no flask, authlib and requests: the peer is the Node rendition alone (set PYTHON to one that has them)`);
    return contenders;
  }
  const file = `${import.meta.dirname}/introspecting_flask.py`;
  return [...contenders, contender('Flask + Authlib + requests', await serve(python, [file], settings), 600)];
}

function hasFlask(python: string): boolean {
  try {
    execFileSync(python, ['-c', 'import flask, authlib, requests'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

interface Round {
  readonly provider: TokenProvider;
  readonly tokens: readonly string[];
  readonly counts: boolean;
}

async function measure(contender: Contender, { provider, tokens, counts }: Round): Promise<void> {
  const { served, requests } = contender;
  provider.asked();
  const before = served.cpu();
  const statuses = await drive({ port: served.port, path: '/api/private', requests, token: (index) => tokens[index % tokens.length] });
  const cost = (served.cpu() - before) / requests;
  if (statuses.get(200) !== requests) throw new Error(`${contender.name} answered ${[...statuses].join(' ')}`);
  if (!counts) return;
  contender.costs.push(cost);
  contender.upstream += provider.asked()['/introspect'] ?? 0;
  contender.asked += requests;
}

function print(contenders: readonly Contender[], rounds: number): void {
  const [ours] = contenders;
  console.log(`# P3: ${HOT} hot tokens, remembered for at most 5 s; the provider takes ${DELAY} ms; ${rounds} rounds, interleaved`);
  console.log(`${'API'.padEnd(36)} µs of CPU a request     upstream calls            ours is`);
  for (const { name, costs, upstream, asked } of contenders) {
    const figures = `${median(costs).toFixed(1)} (${Math.min(...costs).toFixed(1)} to ${Math.max(...costs).toFixed(1)})`;
    const ratio = median(costs) / median(ours?.costs ?? []);
    const budget = name.startsWith('Flask') ? `   >= ${BUDGET} ${ratio >= BUDGET ? 'held' : 'missed'}` : '';
    const share = name === ours?.name ? '' : `${ratio.toFixed(1)} x cheaper${budget}`;
    const hits = (100 - (upstream / asked) * 100).toFixed(2);
    console.log(`${name.padEnd(36)} ${figures.padEnd(24)} ${`${upstream} of ${asked} (${hits} % hits)`.padEnd(32)} ${share}`);
  }
}
