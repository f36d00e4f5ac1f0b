/** Checking an e-mail and a password. Nobody learns from text, status or time whether the account exists. */
import type { KeyObject } from 'node:crypto';
import { HasherBusy, type PasswordHasher } from '../secrets/password.ts';
import type { Statement, Store } from '../store/database.ts';
import { addNote, type BrowserNote, noteOf, readNotes } from './known-browsers.ts';
import { tooLong } from './password-policy.ts';
import {
  type Bucket,
  browserBucket,
  type Count,
  type CountRow,
  clearFailures,
  countFailure,
  countsOf,
  emailBucket,
  forgotten,
  networkBucket,
  rules,
  toCount,
} from './throttle.ts';
import { createTurns, type Turns } from './turns.ts';
import { emailKey, toUser, type User, type UserRow, userColumns } from './users.ts';

export interface SignInAttempt {
  readonly email: string;
  readonly password: string;
  /** Address of the caller. */
  readonly address: string;
  /** Value of the cookie that remembers browsers, if there is one. */
  readonly browser?: string | undefined;
}

export type SignInResult =
  /** `browser` is the cookie's new value. */
  | { readonly kind: 'ok'; readonly user: User; readonly browser: string }
  | { readonly kind: 'mismatch'; readonly userId?: string | undefined; readonly failures: number }
  | { readonly kind: 'paused'; readonly where: 'email' | 'network'; readonly seconds: number }
  | { readonly kind: 'closed' }
  | { readonly kind: 'busy' };

export interface SignInOptions {
  readonly store: Store;
  readonly hasher: PasswordHasher;
  /** Signs the notes that remember browsers and hides what the throttle counts. */
  readonly key: KeyObject;
  /** Moves the database's clock (milliseconds since the epoch), by which failures are counted. For tests. */
  readonly clock?: (databaseTime: number) => number;
}

/** Wires the check. All sign-ins of a process go through one. */
export function createSignIn({
  store,
  hasher,
  key,
  clock = (time) => time,
}: SignInOptions): (attempt: SignInAttempt) => Promise<SignInResult> {
  const desk: Desk = { store, hasher, key, clock, turns: createTurns(20) };
  return async (attempt) => {
    try {
      return await check(desk, attempt);
    } catch (error) {
      if (error instanceof HasherBusy) return { kind: 'busy' };
      throw error;
    }
  };
}

interface Desk extends Required<SignInOptions> {
  /** One guess at a time per bucket, so that guesses in parallel do not all see the same count. */
  readonly turns: Turns;
}

interface Credential {
  readonly user: User;
  readonly hash: string | undefined;
  readonly passwordChangedAt: number;
}

interface Known {
  readonly credential: Credential | undefined;
  readonly counts: ReadonlyMap<string, Count>;
  /** When this was read, in milliseconds since the epoch. */
  readonly now: number;
}

const READ: Statement = {
  name: 'credential and throttle',
  text: `select (select to_jsonb(c) from (select ${userColumns}, p.hash, extract(epoch from p.changed_at) * 1000 as password_changed_at
      from issuer.users u left join issuer.user_password p on p.user_id = u.id where u.email_key = $1 and u.kind = 'person') c) as credential,
    ${countsOf('$2')} as counts, extract(epoch from now())::float8 * 1000 as now`,
};
const REHASH: Statement = { name: 'rehash password', text: 'update issuer.user_password set hash = $2 where user_id = $1 and hash = $3' };

async function check(desk: Desk, given: SignInAttempt): Promise<SignInResult> {
  // No e-mail has a control character, and PostgreSQL takes no NUL: such a one is nobody's.
  const attempt = { ...given, email: given.email.toWellFormed().replace(/\p{Cc}/gu, '\ufffd') };
  const notes = readNotes(attempt.browser);
  const network = networkBucket(desk.key, attempt.address);
  const read = () =>
    readKnown(desk, attempt.email, [network, emailBucket(desk.key, attempt.email), ...notes.map(({ id }) => browserBucket(desk.key, id))]);
  const first = notes.length > 0 ? await read() : undefined;
  const note = first && knownBrowser(desk, first, notes);
  const bucket = note ? browserBucket(desk.key, note.id) : emailBucket(desk.key, attempt.email);
  const turn = await desk.turns.take(bucket.id);
  if (turn === undefined) return { kind: 'busy' };
  try {
    // Counts that were read before the turn came may be old. Only a browser that we know is trusted with them.
    const known = note && !turn.waited ? first : await read();
    return await guess(desk, attempt, { known, notes, buckets: note ? [bucket] : [bucket, network] });
  } finally {
    turn.leave();
  }
}

interface Guess {
  readonly known: Known;
  readonly notes: readonly BrowserNote[];
  /** The first one is the person's: a success clears it. */
  readonly buckets: readonly [Bucket, ...Bucket[]];
}

async function guess(desk: Desk, attempt: SignInAttempt, { known, notes, buckets }: Guess): Promise<SignInResult> {
  const { credential, now } = known;
  const refused = buckets.map((bucket) => standing(bucket, known)).find((result) => result !== undefined);
  if (refused) return refused;
  const checked = await compare(desk, attempt.password, credential?.hash);
  if (!checked.ok || credential?.user.state !== 'active') return failed(desk, buckets, known);
  if (checked.stale) await rehash(desk, attempt.password, credential);
  if (known.counts.has(buckets[0].id)) await clearFailures(desk.store.run, buckets[0]);
  const owner = { userId: credential.user.id, passwordChangedAt: credential.passwordChangedAt };
  return { kind: 'ok', user: credential.user, browser: addNote(notes, owner, { key: desk.key, now }) };
}

function compare({ hasher }: Desk, password: string, hash: string | undefined) {
  // What is too long is nobody's password; it is shortened so that it costs what any other costs.
  const text = tooLong(password) ? password.slice(0, 256) : password;
  const checked = hash === undefined ? hasher.checkNobody(text) : hasher.check(text, hash);
  return checked.then(({ ok, stale }) => ({ ok: ok && text === password, stale }));
}

/** Why this bucket does not let anybody try now. */
function standing(bucket: Bucket, { counts, credential, now }: Known): SignInResult | undefined {
  const count = counts.get(bucket.id);
  if (count === undefined || forgotten(bucket.kind, count, { now, since: sinceOf(bucket, credential) })) return undefined;
  if (count.failures >= rules[bucket.kind].closedAt) return { kind: 'closed' };
  if (count.pausedUntil <= now) return undefined;
  return { kind: 'paused', where: bucket.kind === 'network' ? 'network' : 'email', seconds: (count.pausedUntil - now) / 1000 };
}

// A new password opens a closed account.
const sinceOf = ({ kind }: Bucket, credential: Credential | undefined): number =>
  kind === 'network' ? 0 : (credential?.passwordChangedAt ?? 0);

async function failed({ store }: Desk, buckets: readonly Bucket[], { credential, counts, now }: Known): Promise<SignInResult> {
  let failures = 0;
  for (const bucket of buckets) {
    const count = counts.get(bucket.id);
    const afresh = count !== undefined && forgotten(bucket.kind, count, { now, since: sinceOf(bucket, credential) });
    failures = Math.max(failures, await countFailure(store.run, bucket, { now, afresh }));
  }
  return { kind: 'mismatch', userId: credential?.user.id, failures };
}

async function rehash({ store, hasher }: Desk, password: string, { user, hash }: Credential): Promise<void> {
  const better = await hasher.hash(password).catch(() => undefined);
  if (better !== undefined) await store.run(REHASH, [user.id, better, hash ?? '']);
}

function knownBrowser({ key }: Desk, { credential, now }: Known, notes: readonly BrowserNote[]): BrowserNote | undefined {
  if (credential === undefined) return undefined;
  return noteOf(notes, { userId: credential.user.id, passwordChangedAt: credential.passwordChangedAt }, { key, now });
}

interface CredentialRow extends UserRow {
  readonly hash: string | null;
  readonly password_changed_at: number | null;
}

async function readKnown({ store, clock }: Desk, email: string, buckets: readonly Bucket[]): Promise<Known> {
  const ids = buckets.map(({ id }) => id);
  const [row] = await store.run<{ credential: CredentialRow | null; counts: CountRow[]; now: number }>(READ, [emailKey(email), ids]);
  const found = row?.credential;
  return {
    credential: found
      ? { user: toUser(found), hash: found.hash ?? undefined, passwordChangedAt: found.password_changed_at ?? 0 }
      : undefined,
    now: clock(row?.now ?? 0),
    counts: new Map((row?.counts ?? []).map((count) => [count.bucket, toCount(count)])),
  };
}
