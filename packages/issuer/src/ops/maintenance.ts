/** What the issuer does by itself while it runs. Every step is safe in any number of processes at once. */
import { setTimeout as pause } from 'node:timers/promises';
import { resealConnections } from '../connections/stored-connection.ts';
import type { Vault } from '../connections/vault.ts';
import { sweepThrottle } from '../people/throttle.ts';
import { writeHead } from '../secrets/audit-head.ts';
import type { MasterKey, Seal } from '../secrets/seal.ts';
import { keyStates, rotateSigningKeys } from '../secrets/signing-keys.ts';
import { readHead, sealEvents } from '../store/chain.ts';
import type { Statement, Store } from '../store/database.ts';
import type { Log } from './log.ts';

export interface MaintenanceOptions {
  readonly store: Store;
  readonly seal: Seal;
  readonly log: Log;
  /** Called when the set of signing keys, or what they are for, has changed. */
  readonly keysChanged: () => Promise<void>;
  /** Sends back-channel logouts that are due. */
  readonly deliver: () => Promise<unknown>;
  /** Seals anew what an older key sealed. */
  readonly vault: Pick<Vault, 'maintain'>;
  /** The set of keys that is in use now (`keyStates`). */
  readonly states: string;
  /** Sign the end of the audit log, the newest first. */
  readonly masterKeys: readonly MasterKey[];
}

export interface Maintenance {
  /** Begins to do each step again and again. A step that fails is logged and tried again. */
  start(): void;
  /** Does every step once, now. */
  runNow(): Promise<void>;
  /** Ends the loops after the step that runs now. */
  stop(): Promise<void>;
}

type Step = readonly [period: number, work: () => Promise<unknown>];

const second = 1_000;

/** Wires the steps: sealing the audit log, sending sign-outs, rotating keys, re-sealing the vault, cleaning up. */
export function createMaintenance(options: MaintenanceOptions): Maintenance {
  const { store, seal, log, deliver, vault } = options;
  const stopping = new AbortController();
  const steps: readonly Step[] = [
    [5 * second, () => sealEvents(store)],
    [5 * second, deliver],
    [60 * second, keyStep(options)],
    [60 * second, () => store.transaction((run) => resealConnections(run, seal))],
    [60 * second, vault.maintain],
    [60 * second, () => clean(store)],
    [3_600 * second, () => logHead(options)],
  ];
  let loops: readonly Promise<void>[] = [];
  return Object.freeze({
    start() {
      loops = steps.map((step) => repeat(step, { log, signal: stopping.signal }));
    },
    async runNow() {
      for (const [, work] of steps) await work();
    },
    async stop() {
      stopping.abort();
      await Promise.all(loops);
    },
  });
}

function keyStep({ store, seal, log, keysChanged, states }: MaintenanceOptions): () => Promise<void> {
  let known = states;
  return async () => {
    const { sets } = await rotateSigningKeys(store, seal);
    for (const { result, issuer, active } of sets) {
      if (result === 'rotated') log.info({ kid: active, ...(issuer && { keysOf: issuer }) }, 'another key signs now');
    }
    // Another process may have rotated them.
    const now = await keyStates(store);
    if (now === known) return;
    await keysChanged();
    known = now;
  };
}

/** Kept outside the database, this line shows later whether the newest events were cut off. */
async function logHead({ store, log, masterKeys }: MaintenanceOptions): Promise<void> {
  log.info({ auditHead: writeHead(masterKeys, await readHead(store.run)) }, 'end of the audit log');
}

async function repeat([period, work]: Step, { log, signal }: { log: Log; signal: AbortSignal }): Promise<void> {
  while (!signal.aborted) {
    // Spread, so that processes started together do not all come at once. It does not keep the process alive.
    await pause(period * (0.8 + 0.4 * Math.random()), undefined, { signal, ref: false }).catch(() => {});
    if (!signal.aborted) await work().catch((error: unknown) => log.warn({ error }, 'a maintenance step failed and will be tried again'));
  }
}

const BATCH = 1_000;
const expired = (table: string, key: string, condition: string): Statement => ({
  name: `clean ${table}`,
  text: `delete from issuer.${table} where (${key}) in (select ${key} from issuer.${table} where ${condition} limit ${BATCH} for update skip locked) returning 1 as gone`,
});
// What expired is kept for an hour, so that a token that is used late is told apart from one that never was.
const cleaning: readonly Statement[] = [
  expired('artifact', 'id', `expires_at < now() - interval '1 hour'`),
  expired('logout_notice', 'id', 'expires_at < now()'),
  expired('upstream_request', 'id', 'expires_at < now()'),
  expired('connect_ticket', 'id', 'expires_at < now()'),
  expired('attempt', 'bucket', 'expires_at < now()'),
  expired('application_secret', 'application_id, hash', 'expires_at < now()'),
  expired('application_key', 'application_id, id', 'expires_at < now()'),
  expired('personal_access_token', 'id', `expires_at < now() - interval '30 days'`),
];

/** Deletes what has expired, in batches that no request has to wait for. Gives how many rows went. */
export async function clean(store: Store): Promise<number> {
  let gone = await sweepThrottle(store.run);
  for (const statement of cleaning) {
    for (let batch = BATCH; batch === BATCH; ) {
      batch = (await store.run(statement, [])).length;
      gone += batch;
    }
  }
  return gone;
}
