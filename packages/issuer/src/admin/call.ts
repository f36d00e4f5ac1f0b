/** What a handler of the admin API works with. */
import type { z } from 'zod';
import type { Vault } from '../connections/vault.ts';
import type { Seal } from '../secrets/seal.ts';
import type { Row, Run } from '../store/database.ts';
import type { SecurityEvent } from '../store/events.ts';
import type { Caller, Reach } from './caller.ts';
import type { Cursors } from './cursor.ts';
import type { AdminRoute } from './routes/route.ts';

/** What all calls share. */
export interface Desk {
  /** `iss`. */
  readonly issuer: string;
  /** Where else the issuer is reached. */
  readonly origins: readonly string[];
  readonly seal: Seal;
  readonly cursors: Cursors;
  readonly vault: Pick<Vault, 'disconnect' | 'panic' | 'rotate' | 'status'>;
}

/** What happened, without what every event of a call has: who did it, through what, and when. */
export type Happened = Pick<SecurityEvent, 'type' | 'target' | 'details'> & {
  /** Default: the organization that the call is about. */
  readonly organization?: string | undefined;
};

/** One call: checked input of the shape that the table says, and the caller, who may do this here. */
export interface Call<R extends AdminRoute = AdminRoute> {
  readonly params: z.output<R['params']>;
  readonly query: z.output<R['query']>;
  readonly body: R extends { readonly body: infer B extends z.ZodObject } ? z.output<B> : undefined;
  readonly caller: Caller;
  /** The same for the audit log, where something else writes the event. */
  readonly by: Pick<SecurityEvent, 'actor' | 'client' | 'requestId' | 'ip'>;
  readonly reach: Reach;
  /** The organization that the call is about, where its entry in the table says how to tell. */
  readonly organization: string;
  /** A transaction of the call's own when it changes something, unless it takes several steps. */
  readonly run: Run;
  /** Writes an event of the audit log in the same transaction. A change that records nothing fails, unless it takes several steps. */
  readonly record: (happened: Happened) => Promise<void>;
  /** Says that there was nothing to change. */
  readonly unchanged: () => void;
  readonly desk: Desk;
}

/** Gives what the table's `answer` takes; more than that is left out on the wire. */
export type Handler<R extends AdminRoute> = (call: Call<R>) => Promise<Answer>;

/** Things of the database, whose shape is checked against the table before it is sent. Undefined with status 204. */
export type Answer = Row | { readonly items: readonly object[]; readonly next: string | null } | undefined;

export type Handlers<T extends Readonly<Record<string, AdminRoute>>> = { readonly [K in keyof T]: Handler<T[K]> };
