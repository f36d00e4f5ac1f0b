/** Budgets P1 and P2: what a guard costs. `npm run bench -- guard [ROUNDS] [REQUESTS] [FRAMEWORK]`. */
import { printCold } from './guard-cold.ts';
import { printServed } from './guard-served.ts';

/** Prints both, ours and the peers, interleaved. */
export async function run([rounds = '7', requests = '6000', framework]: readonly string[]): Promise<void> {
  await printServed({ rounds: Number(rounds), requests: Number(requests), framework });
  if (framework === undefined) await printCold(Number(rounds), 1_000);
}
