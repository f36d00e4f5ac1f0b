/**
 * Counting wrong passwords in the database: per e-mail (whether or not anybody has it), per network, and per browser that
 * signed in before, which has a count of its own so that a stranger cannot lock its owner out.
 */
import { createHmac, type KeyObject } from 'node:crypto';
import { isIP } from 'node:net';
import type { Run, Statement } from '../store/database.ts';
import { emailKey } from './users.ts';

/** What is counted together. */
export interface Bucket {
  readonly kind: 'email' | 'network' | 'browser';
  /** Its key in the table. Names nobody: it is a keyed hash. */
  readonly id: string;
}

/** The state of a bucket. */
export interface Count {
  readonly failures: number;
  /** Milliseconds since the epoch. */
  readonly lastFailedAt: number;
  readonly pausedUntil: number;
}

/** How a bucket answers failures in a row. */
export interface Rule {
  /** Pause in seconds after the first, second, … failure; the last one goes for all that follow. */
  readonly pauses: readonly number[];
  /** Seconds after which old failures count no more. */
  readonly forget: number;
  /** Failures after which only a new password opens the bucket again. */
  readonly closedAt: number;
}

/** NIST SP 800-63B: at most 100 failures in a row. Four tries are free: people mistype. */
const account: Rule = { pauses: [0, 0, 0, 0, 30, 60, 120, 240, 480, 900], forget: 30 * 86_400, closedAt: 100 };
/** A network may be an office: it is slower to anger, and forgets within the hour. */
const network: Rule = {
  pauses: [...Array<number>(49).fill(0), 30, 60, 120, 240, 480, 900],
  forget: 3600,
  closedAt: Number.POSITIVE_INFINITY,
};

export const rules: Readonly<Record<Bucket['kind'], Rule>> = { email: account, network, browser: account };

export function emailBucket(key: KeyObject, email: string): Bucket {
  return bucket(key, 'email', emailKey(email));
}

/** An IPv4 address, or the /64 of an IPv6 one: what one household or one attacker usually has. */
export function networkBucket(key: KeyObject, address: string): Bucket {
  return bucket(key, 'network', networkOf(address));
}

export function browserBucket(key: KeyObject, noteId: string): Bucket {
  return bucket(key, 'browser', noteId);
}

function bucket(key: KeyObject, kind: Bucket['kind'], value: string): Bucket {
  return { kind, id: `${kind}:${createHmac('sha256', key).update(`throttle|${kind}|${value}`).digest('base64url')}` };
}

export function networkOf(address: string): string {
  const plain = address
    .replace(/^::ffff:(?=\d+\.)/i, '')
    .replace(/%.*$/, '')
    .toLowerCase();
  if (isIP(plain) !== 6) return plain;
  const [head = '', tail] = plain.split('::');
  const groups = (text: string) => text.split(':').filter((group) => group !== '');
  const missing = tail === undefined ? 0 : Math.max(0, 8 - groups(head).length - groups(tail).length);
  const full = [...groups(head), ...Array<string>(missing).fill('0'), ...groups(tail ?? '')];
  return full
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}

/** The columns of a count, as JSON. */
export interface CountRow {
  readonly bucket: string;
  readonly failures: number;
  readonly last_failed_at: number;
  readonly paused_until: number;
}

/** SQL that gives the counts of the buckets in `parameter` as a JSON array. */
export const countsOf = (
  parameter: string,
): string => `(select coalesce(jsonb_agg(jsonb_build_object('bucket', t.bucket, 'failures', t.failures,
  'last_failed_at', extract(epoch from t.last_failed_at) * 1000, 'paused_until', extract(epoch from t.paused_until) * 1000)), '[]'::jsonb)
  from issuer.sign_in_throttle t where t.bucket = any(${parameter}::text[]))`;

export function toCount({ failures, last_failed_at, paused_until }: CountRow): Count {
  return { failures, lastFailedAt: last_failed_at, pausedUntil: paused_until };
}

/** Whether old failures count no more: they are too old, or a password was set since. A closed bucket does not open by waiting. */
export function forgotten(
  kind: Bucket['kind'],
  { failures, lastFailedAt }: Count,
  { now, since = 0 }: { now: number; since?: number },
): boolean {
  const { forget, closedAt } = rules[kind];
  return lastFailedAt < since || (failures < closedAt && lastFailedAt < now - forget * 1000);
}

const FAIL: Statement = {
  name: 'count wrong password',
  text: `insert into issuer.sign_in_throttle as t (bucket, failures, last_failed_at, paused_until)
    values ($1, 1, to_timestamp($2::float8 / 1000), to_timestamp($2::float8 / 1000 + ($3::float8[])[1]))
    on conflict (bucket) do update set
      failures = case when $4 then 1 else t.failures + 1 end,
      last_failed_at = excluded.last_failed_at,
      paused_until = to_timestamp($2::float8 / 1000 + ($3::float8[])[case when $4 then 1 else least(t.failures + 1, cardinality($3::float8[])) end])
    returning failures`,
};
const CLEAR: Statement = { name: 'forget wrong passwords', text: 'delete from issuer.sign_in_throttle where bucket = $1' };
const SWEEP: Statement = {
  name: 'sweep wrong passwords',
  text: `delete from issuer.sign_in_throttle where bucket in (select bucket from issuer.sign_in_throttle
    where last_failed_at < now() - interval '30 days' and failures < $1 limit $2) returning bucket`,
};

/** Counts one failure and gives how many there are in a row now. */
export async function countFailure(run: Run, { kind, id }: Bucket, { now, afresh }: { now: number; afresh: boolean }): Promise<number> {
  const [row] = await run<{ failures: number }>(FAIL, [id, now, rules[kind].pauses, afresh]);
  return row?.failures ?? 1;
}

/** Ends a row of failures. */
export async function clearFailures(run: Run, { id }: Bucket): Promise<void> {
  await run(CLEAR, [id]);
}

/** Removes counts that no longer matter, `limit` at a time, and gives how many were removed. */
export async function sweepThrottle(run: Run, limit = 1000): Promise<number> {
  return (await run(SWEEP, [account.closedAt, limit])).length;
}
