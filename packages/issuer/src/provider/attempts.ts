/** Counts wrong guesses in the database, so that all processes count together. Who never failed costs no statement. */
import { hashOf } from '../secrets/token-format.ts';
import type { Statement, Store } from '../store/database.ts';
import { ipPrefix } from '../store/events.ts';

export interface AttemptLimit {
  readonly limit: number;
  /** Seconds after which the count begins anew. */
  readonly window: number;
}

export interface Attempts {
  /** Notes a failure and says how many there are in the window. */
  failed(bucket: string, limit: AttemptLimit): Promise<number>;
  /** Whether the bucket is full. */
  exhausted(bucket: string, limit: AttemptLimit): Promise<boolean>;
  /** Like `exhausted`, as far as this process knows, without asking the database. */
  blocked(bucket: string): boolean;
}

const FAILED: Statement = {
  name: 'attempt failed',
  text: `insert into issuer.attempt as t (bucket, failures, expires_at) values ($1, 1, now() + make_interval(secs => $2))
    on conflict (bucket) do update set failures = case when t.expires_at > now() then t.failures + 1 else 1 end,
      expires_at = case when t.expires_at > now() then t.expires_at else excluded.expires_at end
    returning failures, extract(epoch from expires_at - now())::float8 as seconds`,
};
const COUNT: Statement = { name: 'attempts', text: 'select failures from issuer.attempt where bucket = $1 and expires_at > now()' };

/** The network part of an address, so that one caller is one bucket. */
export const network = (address: string): string => ipPrefix(address) ?? address;

export function createAttempts(store: Store): Attempts {
  const blockedUntil = new Map<string, number>();
  return Object.freeze({
    async failed(bucket: string, { limit, window }: AttemptLimit) {
      const [row] = await store.run<{ failures: number; seconds: number }>(FAILED, [hashOf(bucket), window]);
      if (!row) return 0;
      if (blockedUntil.size > 10_000) blockedUntil.clear();
      if (row.failures >= limit) blockedUntil.set(bucket, performance.now() + row.seconds * 1000);
      return row.failures;
    },
    async exhausted(bucket: string, { limit }: AttemptLimit) {
      const [row] = await store.run<{ failures: number }>(COUNT, [hashOf(bucket)]);
      return (row?.failures ?? 0) >= limit;
    },
    blocked: (bucket: string) => (blockedUntil.get(bucket) ?? 0) > performance.now(),
  });
}
