/** How many requests are under way: for one person, and altogether. */
import { ProxyRefused } from './refusal.ts';

export interface TurnLimits {
  readonly perPerson: number;
  readonly altogether: number;
}

/** Gives a turn: a function that ends it. Throws a `ProxyRefused` when there is none. */
export type Turns = (person: string) => () => void;

export function createTurns({ perPerson, altogether }: TurnLimits): Turns {
  const taken = new Map<string, number>();
  let all = 0;
  return (person) => {
    const mine = taken.get(person) ?? 0;
    if (mine >= perPerson)
      throw new ProxyRefused('too_many_requests', `${perPerson} requests of this person are under way: wait for one`, { retryAfter: 1 });
    if (all >= altogether) throw new ProxyRefused('temporarily_unavailable', 'the proxy is busy: try again in a moment', { retryAfter: 1 });
    taken.set(person, mine + 1);
    all += 1;
    return () => {
      all -= 1;
      const left = (taken.get(person) ?? 1) - 1;
      if (left > 0) taken.set(person, left);
      else taken.delete(person);
    };
  };
}
