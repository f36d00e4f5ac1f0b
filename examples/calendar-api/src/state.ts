/** What must outlive a restart: in memory, and in one file where a folder was given. */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { AdapterPayload, JWK } from 'oidc-provider';

/** An entry of one person's calendar. */
export interface CalendarEvent {
  readonly id: string;
  readonly title: string;
  /** `YYYY-MM-DD`: the demo calendar knows whole days. */
  readonly day: string;
  readonly note?: string;
}

/** One stored thing of the engine, such as a grant or a token. */
export interface Stored {
  readonly payload: AdapterPayload;
  /** Milliseconds since 1970; undefined where it has no end. */
  readonly endsAt?: number;
}

export interface State {
  /** Private keys; they sign ID tokens. */
  readonly keys: readonly JWK[];
  /** Sign cookies, and tie forms to their page. */
  readonly secret: string;
  readonly records: Map<string, Stored>;
  /** By the person's id. */
  readonly events: Map<string, readonly CalendarEvent[]>;
  /** Call it after each change: nobody is told of a change before it is kept. */
  readonly save: () => void;
}

/** The file cannot be used. The message says what to do. */
export class StateUnusable extends Error {
  override readonly name = 'StateUnusable';
}

/** Opens the state in `file`, or one that ends with the process. */
export function openState(file?: string): State {
  const kept = file === undefined ? undefined : read(file);
  const state = {
    keys: kept?.keys ?? [newKey()],
    secret: kept?.secret ?? randomBytes(32).toString('base64url'),
    records: new Map(kept?.records),
    events: new Map(kept?.events),
  };
  const save = file === undefined ? () => {} : () => write(file, { ...state, records: [...state.records], events: [...state.events] });
  save();
  return { ...state, save };
}

interface Kept {
  readonly keys: readonly JWK[];
  readonly secret: string;
  readonly records: readonly (readonly [string, Stored])[];
  readonly events: readonly (readonly [string, readonly CalendarEvent[]])[];
}

function read(file: string): Kept | undefined {
  try {
    const kept = JSON.parse(readFileSync(file, 'utf8')) as Partial<Kept> | null; // our own file; its shape is checked below
    if (kept && Array.isArray(kept.keys) && typeof kept.secret === 'string' && Array.isArray(kept.records) && Array.isArray(kept.events))
      return kept as Kept;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    if (code !== undefined) throw new StateUnusable(`${file} cannot be read (${code})`, { cause: error });
  }
  throw new StateUnusable(`${file} is damaged: remove it, and connect the demo accounts again`);
}

/** The file is replaced as a whole: a crash leaves the old one or the new one. */
function write(file: string, kept: Kept): void {
  const next = `${file}.next`;
  try {
    writeFileSync(next, JSON.stringify(kept), { mode: 0o600 });
    renameSync(next, file);
  } catch (error) {
    throw new StateUnusable(`${file} cannot be written (${(error as NodeJS.ErrnoException).code})`, { cause: error });
  }
}

function newKey(): JWK {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { ...privateKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig', kid: randomBytes(8).toString('hex') } as JWK;
}
