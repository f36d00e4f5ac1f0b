/** A vault in a process of its own, which asks for one token as often as it is told to, and dies where it is told to. */
import { fork } from 'node:child_process';
import { parseMasterKeys } from '../secrets/master-key.ts';
import { createSeal } from '../secrets/seal.ts';
import { openStore } from '../store/database.ts';
import { createKeks } from './keks.ts';
import { createOutboundFetch } from './outbound-fetch.ts';
import type { CrashPoint } from './refresh.ts';
import { createConnections } from './registry.ts';
import { createUpstream } from './upstream.ts';
import { createVault } from './vault.ts';

export interface VaultProcessOptions {
  readonly databaseUrl: string;
  readonly dataDirectory: string;
  readonly masterKey: string;
  readonly person: string;
  readonly application: string;
  /** How many callers at once. Default 1. */
  readonly callers?: number;
  /** It kills itself here. */
  readonly crash?: CrashPoint;
}

/** What became of it: the ids of what its callers got, as the third party names the person, or the signal that ended it. */
export type VaultProcessEnd = { readonly signal: NodeJS.Signals } | { readonly answers: readonly string[] };

/** Runs the process to its end. An answer is a token's value, or why there is none. */
export function runVaultProcess(options: VaultProcessOptions): Promise<VaultProcessEnd> {
  const child = fork(import.meta.filename, {
    execArgv: ['--conditions=safeconduct-source'],
    env: { ...process.env, VAULT_PROCESS: JSON.stringify(options) },
  });
  return new Promise((resolve, reject) => {
    let answers: readonly string[] | undefined;
    child.on('message', (said) => {
      answers = said as string[];
    });
    child.once('exit', (code, signal) => {
      if (signal) resolve({ signal });
      else if (answers) resolve({ answers });
      else reject(new Error(`the process ended with ${code}`));
    });
  });
}

const { VAULT_PROCESS } = process.env;
if (VAULT_PROCESS) await work(JSON.parse(VAULT_PROCESS) as VaultProcessOptions);

async function work({
  databaseUrl,
  dataDirectory,
  masterKey,
  person,
  application,
  callers = 1,
  crash,
}: VaultProcessOptions): Promise<void> {
  const store = await openStore({ databaseUrl, dataDirectory });
  const masterKeys = parseMasterKeys(masterKey);
  const fetch = createOutboundFetch({ issuer: 'http://127.0.0.1:1' });
  const connections = createConnections({ store, seal: createSeal(masterKeys) });
  const silent = () => {};
  const vault = createVault({
    store,
    connections,
    keks: await createKeks({ masterKeys }),
    upstream: createUpstream({ fetch }),
    log: { warn: silent, error: silent },
    hooks: { at: (point) => void (point === crash && process.kill(process.pid, 'SIGKILL')) },
  });
  const connection = await connections.find('calendar');
  if (connection === undefined) throw new Error('there is no connection');
  const ask = () => vault.token({ userId: person, applicationId: application, connection });
  const answers = await Promise.all(Array.from({ length: callers }, ask));
  process.send?.(
    answers.map((answer) => (answer.kind === 'token' ? answer.accessToken : answer.kind === 'unavailable' ? answer.kind : answer.reason)),
  );
  await vault.settle();
  await fetch.close();
  await store.close();
  process.disconnect();
}
