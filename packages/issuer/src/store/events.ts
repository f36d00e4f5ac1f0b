/** The audit log: security events, added and never changed. `store/chain.ts` makes a later change visible. */
import { isIP } from 'node:net';
import type { Run, Statement } from './database.ts';
import { newId } from './ids.ts';

/** Something that an auditor asks about. Times are the database's. Nothing in it may be a secret. */
export interface SecurityEvent {
  /** What happened, as `area.verb`: `login.ok`, `refresh.reused`, `keys.rotated`. */
  readonly type: string;
  readonly outcome: 'ok' | 'refused' | 'failed';
  /** The id of the person or service that did it. */
  readonly actor?: string | undefined;
  /** The client_id of the application it came through. */
  readonly client?: string | undefined;
  readonly organization?: string | undefined;
  /** The id of what it was done to. */
  readonly target?: string | undefined;
  /** A short code, such as `password_wrong`. */
  readonly reason?: string | undefined;
  readonly requestId?: string | undefined;
  /** The caller's address. Only its network is kept (/24 or /48). */
  readonly ip?: string | undefined;
  readonly details?: Readonly<Record<string, EventValue>>;
}

/** What details may hold. */
export type EventValue = string | number | boolean | null | readonly string[];

/** An event as the table `issuer.event` wants it. */
export interface EventRow {
  readonly id: string;
  readonly type: string;
  readonly outcome: string;
  readonly actor: string | null;
  readonly client: string | null;
  readonly organization: string | null;
  readonly target: string | null;
  readonly reason: string | null;
  readonly request_id: string | null;
  readonly ip_prefix: string | null;
  readonly details: Readonly<Record<string, EventValue>>;
}

const columns = ['id', 'type', 'outcome', 'actor', 'client', 'organization', 'target', 'reason', 'request_id', 'ip_prefix'];

/**
 * SQL that inserts event rows out of one jsonb array: `parameter` is its placeholder (`$3`). It may stand alone or as a
 * part of a `with` statement, so that events commit together with what they tell of.
 */
export function insertEvents(parameter: string): string {
  const list = [...columns, 'details'].join(', ');
  const typed = [...columns.map((column) => `${column} text`), 'details jsonb'].join(', ');
  return `insert into issuer.event (${list}) select ${list} from jsonb_to_recordset(${parameter}::jsonb) as e(${typed})`;
}

const INSERT: Statement = { name: 'record events', text: insertEvents('$1') };

/** Adds one event to the log, in the transaction of `run`. */
export async function recordEvent(run: Run, event: SecurityEvent): Promise<void> {
  await run(INSERT, [JSON.stringify([eventRow(event)])]);
}

/** Turns an event into its row: with an id, bounded texts, the address cut to its network, and no token-like value. */
export function eventRow(event: SecurityEvent): EventRow {
  const text = (value: string | undefined) => (value === undefined ? null : harmless(value));
  return {
    id: newId('evt'),
    type: harmless(event.type),
    outcome: event.outcome,
    actor: text(event.actor),
    client: text(event.client),
    organization: text(event.organization),
    target: text(event.target),
    reason: text(event.reason),
    request_id: text(event.requestId),
    ip_prefix: event.ip === undefined ? null : ipPrefix(event.ip),
    details: Object.fromEntries(Object.entries(event.details ?? {}).map(([name, value]) => [harmless(name), harmlessValue(value)])),
  };
}

/** The network of an address: /24 for IPv4, /48 for IPv6. Null for anything else. */
export function ipPrefix(address: string): string | null {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
  if (isIP(plain) === 4) return `${plain.split('.').slice(0, 3).join('.')}.0/24`;
  if (isIP(plain) !== 6) return null;
  const [head = ''] = plain.split('::');
  const groups = head.split(':').filter((group) => group !== '');
  return `${[0, 1, 2].map((index) => groups[index] ?? '0').join(':')}::/48`;
}

// A second line of defence: callers pass no secrets, and if one does, the log does not keep it.
const tokenLike = /sc_[a-z]{2,3}_[0-9A-Za-z]{8,}|eyJ[\w-]{8,}\.[\w-]*\.?[\w-]*|\$(argon2|scrypt|pbkdf2)[^\s]*/g;

function harmless(text: string): string {
  // PostgreSQL text cannot hold NUL; other control characters only serve to forge lines.
  const printable = [...text.toWellFormed()].filter((character) => character >= ' ' && character !== '\u007f').join('');
  return printable.replace(tokenLike, '[secret]').slice(0, 512);
}

function harmlessValue(value: EventValue): EventValue {
  if (typeof value === 'string') return harmless(value);
  return Array.isArray(value) ? value.slice(0, 50).map((one: unknown) => harmless(String(one))) : value;
}
