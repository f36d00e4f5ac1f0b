/**
 * What an outage of the issuer does to an API: `npm run bench -- outage [SECONDS]`, default 60.
 * Warm guards verified tokens before it, cold ones start during it. One warm guard's clock runs thirty times as fast, so
 * that its keys grow older than the ten minutes after which they are fetched again.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { fetchHandler } from 'safeconduct/http';
import { type Guard, protect } from 'safeconduct/protect';
import { generic } from 'safeconduct/providers';
import { startTokenProvider, type TokenProvider } from './token-provider.ts';

const AUDIENCE = 'https://api.example';
const FAST = 30;

interface Watched {
  readonly name: string;
  readonly answer: (request: Request) => Promise<Response>;
  /** How often the guard tried to reach the issuer since the last reading. */
  readonly attempts: () => number;
  readonly statuses: Map<number, number>;
  withoutRetryAfter: number;
}

/** Stops the issuer, asks warm and cold guards for a minute, and prints who was let in and how often the issuer was tried. */
export async function run([seconds = '60']: readonly string[]): Promise<void> {
  const provider = await startTokenProvider({ algorithm: 'ES256', audience: AUDIENCE });
  const began = Date.now();
  const warm = [watch('warm', provider), watch(`warm, clock ${FAST} times as fast`, provider, () => began + (Date.now() - began) * FAST)];
  const hot = Array.from({ length: 100 }, provider.token);
  for (const guard of warm) for (const token of hot) await guard.answer(bearing(token));
  for (const guard of warm) guard.attempts();
  await provider.close();
  const cold = [watch('cold', provider)];
  await underLoad([...warm, ...cold], { provider, hot, until: performance.now() + Number(seconds) * 1000 });
  print([...warm, ...cold], Number(seconds));
}

interface Outage {
  readonly provider: TokenProvider;
  readonly hot: readonly string[];
  readonly until: number;
}

/** Half of the requests bear tokens that were seen before, half bear new ones. */
async function underLoad(guards: readonly Watched[], { provider, hot, until }: Outage): Promise<void> {
  for (let index = 0; performance.now() < until; index++) {
    const token = index % 2 === 0 ? (hot[index % hot.length] ?? '') : provider.token();
    for (const guard of guards) note(guard, await guard.answer(bearing(token)));
    if (index % 50 === 0) await turn();
  }
}

function note(guard: Watched, { status, headers }: Response): void {
  guard.statuses.set(status, (guard.statuses.get(status) ?? 0) + 1);
  if (status === 503 && !headers.has('retry-after')) guard.withoutRetryAfter++;
}

function watch(name: string, { issuer }: TokenProvider, clock: () => number = Date.now): Watched {
  let count = 0;
  const counted = (url: string, init?: RequestInit): Promise<Response> => {
    count++;
    return fetch(url, init);
  };
  const guard: Guard = protect({ provider: generic({ issuer, algorithms: ['ES256'] }), audience: AUDIENCE, fetch: counted, clock });
  const attempts = (): number => {
    const seen = count;
    count = 0;
    return seen;
  };
  const answer = fetchHandler(guard, ({ subject }) => Response.json({ subject }));
  return { name, answer, attempts, statuses: new Map(), withoutRetryAfter: 0 };
}

function print(guards: readonly Watched[], seconds: number): void {
  console.log(`# ${seconds} s without the issuer; half of the valid tokens were seen before`);
  for (const { name, statuses, attempts, withoutRetryAfter } of guards) {
    const all = [...statuses.values()].reduce((sum, count) => sum + count, 0);
    const share = (((statuses.get(200) ?? 0) / all) * 100).toFixed(2);
    const others = [...statuses].filter(([status]) => status !== 200).map(([status, count]) => `${count} x ${status}`);
    const wanting = withoutRetryAfter > 0 ? `, ${withoutRetryAfter} of them without Retry-After` : '';
    console.log(
      `${name.padEnd(34)} accepted ${share} % of ${all} requests${others.length > 0 ? `, ${others.join(', ')}${wanting}` : ''}; tried the issuer ${attempts()} times`,
    );
  }
}

const bearing = (token: string): Request => new Request(AUDIENCE, { headers: { authorization: `Bearer ${token}` } });
