/** Budget P1: a guarded request against the same framework without a guard, and against the guards of others. */
import { loadavg } from 'node:os';
import { median } from './figures.ts';
import { drive } from './load.ts';
import { type Served, serveFile } from './served.ts';
import { startTokenProvider, type TokenProvider } from './token-provider.ts';

const AUDIENCE = 'https://api.example';
const HOT = 1_000;
/** Rounds before those that count. */
const WARM = 3;
const budgets: Readonly<Record<string, number>> = { node: 0.9, Express: 0.9, Fastify: 0.9, Hono: 0.85 };
const peers: Readonly<Record<string, string>> = {
  node: 'jose',
  Express: 'express-oauth2-jwt-bearer',
  Fastify: '@fastify/jwt + get-jwks',
  Hono: 'hono/jwk',
};

interface Contender {
  readonly name: string;
  readonly served: Served;
  /** Whether each request bears a token that nobody has seen. */
  readonly cold: boolean;
  /** Microseconds of the server's CPU a request, one figure a round. */
  readonly costs: number[];
}

export interface ServedOptions {
  readonly rounds: number;
  /** A variant and round. */
  readonly requests: number;
  /** Default: all. */
  readonly framework: string | undefined;
}

/** Prints requests per second of the server's CPU as shares of the unguarded framework's. */
export async function printServed({ rounds, requests, framework: only }: ServedOptions): Promise<void> {
  const provider = await startTokenProvider({ algorithm: 'RS256', audience: AUDIENCE, type: 'JWT' }); // hono/jwk takes no other type
  const hot = Array.from({ length: HOT }, provider.token);
  console.log(`# P1: ${HOT} hot tokens (every request a hit, after one each), or each request a new token; RS256; ${rounds} rounds of`);
  console.log(`# ${requests} requests a variant, interleaved; load ${loadavg()[0]?.toFixed(1)}: CPU of the server, µs a request`);
  console.log(`${'server'.padEnd(46)} median (min to max)   share of unguarded     budget`);
  for (const framework of Object.keys(budgets).filter((name) => only === undefined || name === only)) {
    const contenders = await contendersOf(framework, provider);
    for (let round = -WARM; round < rounds; round++)
      for (const contender of contenders) {
        const cost = await measure(contender, { requests, hot, provider });
        if (round >= 0) contender.costs.push(cost);
      }
    await Promise.all(contenders.map(({ served }) => served.stop()));
    print(contenders, budgets[framework] ?? 0);
  }
  await provider.close();
}

async function contendersOf(framework: string, { issuer }: TokenProvider): Promise<Contender[]> {
  const start = (name: string) => serveFile('guard-server.ts', [name, issuer, AUDIENCE]);
  const ours = `${framework} + safeconduct`;
  const around = `${ours} around the handler`;
  const peer = `${framework} + ${peers[framework]}`;
  return [
    { name: framework, served: await start(framework), cold: false, costs: [] },
    { name: ours, served: await start(ours), cold: false, costs: [] },
    ...(framework === 'node' ? [] : [{ name: around, served: await start(around), cold: false, costs: [] }]),
    { name: `${ours}, cold`, served: await start(ours), cold: true, costs: [] },
    { name: peer, served: await start(peer), cold: false, costs: [] },
  ];
}

interface Round {
  readonly requests: number;
  readonly hot: readonly string[];
  readonly provider: TokenProvider;
}

async function measure({ name, served, cold }: Contender, { requests, hot, provider }: Round): Promise<number> {
  const fresh = cold ? Array.from({ length: requests }, provider.token) : hot;
  const before = served.cpu();
  const statuses = await drive({ port: served.port, path: '/api/private', requests, token: (index) => fresh[index % fresh.length] });
  const cost = (served.cpu() - before) / requests;
  if (statuses.get(200) !== requests) throw new Error(`${name} answered ${[...statuses].join(' ')}`);
  return cost;
}

function print(contenders: readonly Contender[], budget: number): void {
  const [bare] = contenders;
  for (const { name, cold, costs } of contenders) {
    const each = costs.map((cost, round) => (bare?.costs[round] ?? Number.NaN) / cost);
    const share = median(bare?.costs ?? []) / median(costs);
    const held = name.includes('safeconduct') && !cold ? `>= ${budget} ${share >= budget ? 'held' : 'missed'}` : '';
    const figures = `${median(costs).toFixed(1)} (${Math.min(...costs).toFixed(1)} to ${Math.max(...costs).toFixed(1)})`;
    const spread = `${share.toFixed(2)} (${Math.min(...each).toFixed(2)} to ${Math.max(...each).toFixed(2)})`;
    console.log(`${name.padEnd(46)} ${figures.padEnd(21)} ${spread.padEnd(22)} ${held}`);
  }
}
