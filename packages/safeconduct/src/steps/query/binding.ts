import type { KeyObject } from 'node:crypto';
import type { Limits } from './limits.ts';
import { SEAL_LIFETIME, seal } from './seal.ts';

/** What makes a connection one person's: a statement that is local to the transaction, with values as parameters. */
export interface Binding {
  /** Undefined: parse it every time, for poolers that carry no prepared statements. */
  readonly name: string | undefined;
  readonly text: string;
  /** Prepares statements that come without a name. */
  readonly prepares: boolean;
  /** Set when nobody trusts the SQL. */
  readonly limits: Limits | undefined;
  values(): readonly string[];
  /** Bind and Execute as they go over the wire: the same bytes for every query of this person. */
  packet(): Uint8Array;
}

export interface BindingParts {
  readonly setting: string;
  /** Undefined: stay the login role. */
  readonly role: string | undefined;
  readonly prepare: boolean;
  readonly key: KeyObject | undefined;
  readonly limits: Limits | undefined;
}

// "is null" keeps each answer at one byte; without it set_config sends the whole identity back.
// The role comes last: after it, set_config may no longer be called.
const setup = (name: string, ...settings: string[]) => ({
  name: `safeconduct_${name}`,
  text: `select ${settings.map((setting, i) => `pg_catalog.set_config('${setting}',$${i + 1},true) is null`).join(',')}`,
});
const STAY = setup('stay', 'safeconduct.identity');
const DROP = setup('drop', 'safeconduct.identity', 'role');
const UNTRUSTED = setup(
  'untrusted',
  'safeconduct.identity',
  'transaction_read_only',
  'statement_timeout',
  'idle_in_transaction_session_timeout',
  'role',
);

/** Throws a `TypeError` for a role that would be none. */
export function createBinding({ setting, role, prepare, key, limits }: BindingParts): Binding {
  if (role === '' || role?.toLowerCase() === 'none') throw new TypeError('the role needs a name');
  const { name, text } = role === undefined ? STAY : limits === undefined ? DROP : UNTRUSTED;
  const rest = role === undefined ? [] : limits === undefined ? [role] : ['on', limits.time, limits.time, role];
  let current: readonly string[] | undefined;
  let packet: Uint8Array | undefined;
  let staleAt = Number.POSITIVE_INFINITY;

  const values = (): readonly string[] => {
    if (current !== undefined && (key === undefined || Date.now() < staleAt)) return current;
    const now = Date.now();
    staleAt = now + (SEAL_LIFETIME * 1000) / 2;
    packet = undefined;
    current = [key === undefined ? setting : seal(setting, key, Math.floor(now / 1000)), ...rest];
    return current;
  };
  const named = prepare ? name : undefined;
  return {
    name: named,
    text,
    prepares: prepare,
    limits,
    values,
    packet() {
      const fresh = values();
      packet ??= packetOf(named ?? '', fresh);
      return packet;
    },
  };
}

// PostgreSQL documentation, "Message Formats": Bind (unnamed portal, all text) and Execute (no row limit).
function packetOf(name: string, values: readonly string[]): Uint8Array {
  const parts = values.map((value) => Buffer.from(value, 'utf8'));
  const bind = 4 + 1 + Buffer.byteLength(name) + 1 + 2 + 2 + parts.reduce((sum, part) => sum + 4 + part.length, 0) + 2;
  const packet = Buffer.alloc(1 + bind + 10);
  let at = packet.write('B', 0);
  at = packet.writeInt32BE(bind, at) + 1;
  at += packet.write(name, at) + 1;
  at = packet.writeInt16BE(values.length, at + 2);
  for (const part of parts) {
    at = packet.writeInt32BE(part.length, at);
    at += part.copy(packet, at);
  }
  at += 2;
  at += packet.write('E', at);
  packet.writeInt32BE(9, at);
  return packet;
}
