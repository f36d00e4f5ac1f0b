/** What the subcommands of `safeconduct` do that work on this machine: they run the issuer, or act on its database. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { commandEnvironment, type Mode, readSettings, type Settings } from '../config.ts';
import { applyConfiguration } from '../configuration/apply.ts';
import type { IssuerConfiguration } from '../configuration/define.ts';
import { demoWorld } from '../configuration/demo-world.ts';
import type { OriginDeclaration } from '../configuration/origins.ts';
import { ConfigurationError, checkConfiguration } from '../configuration/schema.ts';
import { createIssuer, type Issuer } from '../index.ts';
import { readWrittenHead, writeHead } from '../secrets/audit-head.ts';
import { createSeal } from '../secrets/seal.ts';
import { replaceCompromisedKey, rotateSigningKeys } from '../secrets/signing-keys.ts';
import { verifyEvents } from '../store/chain.ts';
import { openStore, type Store } from '../store/database.ts';
import { migrate } from '../store/migrate.ts';
import { sqlState } from '../store/unavailable.ts';
import { chooseOrigins } from './dev-origins.ts';
import { devLines, readyLine } from './dev-table.ts';
import { openLocalAuthority } from './local-authority.ts';

interface Flags {
  readonly dev: boolean;
  readonly json: boolean;
}

export interface DevFlags {
  readonly config: string;
  /** Whether the configuration may be absent: nobody named it. */
  readonly optional: boolean;
  readonly port?: number;
  readonly dialect?: readonly string[];
}

export function developing({ config, optional, port, dialect: names = [] }: DevFlags): Promise<void> {
  return reported(async () => {
    const written = optional && !existsSync(config) ? undefined : await load(config);
    const configuration = written ?? (names.length > 0 ? demoWorld : undefined);
    const { origins, issuer: url } = chooseOrigins({
      names,
      port,
      declared: declaredOrigins(written),
      issuer: commandEnvironment().SAFECONDUCT_ISSUER || undefined,
    });
    const options = {
      mode: 'development',
      ...(url !== undefined && { issuer: url }),
      ...(origins.length > 0 && { origins }),
    } as const;
    const settings = readSettings(options);
    // In one row with what is printed. A writer of its own would hold the end up when nobody reads any more, as behind `head`.
    const issuer = await createIssuer({ ...options, logDestination: process.stdout, ...(configuration && { configuration }) });
    await run(issuer);
    if (configuration && (names.length > 0 || settings.origins.length > 0)) await printTable(settings, configuration);
    const nobody = configuration ? '' : ` There is no ${config}: nobody can sign in yet.`;
    console.log(`${readyLine(settings)}${nobody} Ctrl-C stops it.`);
  });
}

// What is wrong with them is said where the configuration is applied.
function declaredOrigins(configuration: IssuerConfiguration | undefined): readonly OriginDeclaration[] {
  return configuration === undefined ? [] : (checkConfiguration(configuration).origins ?? []);
}

async function printTable({ issuer, origins, dataDirectory }: Settings, configuration: IssuerConfiguration): Promise<void> {
  const trust = origins.some(({ tls }) => tls) ? (await openLocalAuthority(dataDirectory)).trustLines() : [];
  console.log(['', ...devLines({ issuer, origins, configuration, trust })].join('\n'));
}

export function serving(): Promise<void> {
  return reported(async () => run(await createIssuer({ mode: 'production' })));
}

export function migrating(flags: Flags): Promise<void> {
  return onStore(flags, async (store, settings) => {
    const applied = await migrate(store, { appRole: settings.databaseRole });
    print(flags, { applied }, applied.length === 0 ? ['The schema is up to date.'] : applied.map((name) => `applied ${name}`));
  });
}

export function applyFile({ config, ...flags }: Flags & { config: string }): Promise<void> {
  return onStore(flags, async (store, settings) => {
    const configuration = await load(config);
    await migrate(store, { appRole: settings.databaseRole });
    const applied = await applyConfiguration(store, configuration, settings);
    const lines = applied.map(({ what, id, change }) => `${change} ${what} ${id}`);
    print(flags, { applied }, lines.length === 0 ? ['Nothing to change.'] : lines);
  });
}

export function verifying({ expect, ...flags }: Flags & { expect?: string }): Promise<void> {
  return onStore(flags, async (store, { masterKeys }) => {
    const expected = expect === undefined ? undefined : readWrittenHead(masterKeys, expect);
    const { events, head, findings } = await verifyEvents(store, expected);
    const signed = writeHead(masterKeys, head);
    const verdict = findings.length === 0 ? `The audit log is whole: ${events} events.` : 'The audit log was tampered with:';
    const end = `Note this end and give it to --expect next time: ${signed}`;
    print(flags, { events, head: signed, findings }, [verdict, ...findings.map((finding) => `  - ${finding}`), end]);
    if (findings.length > 0) process.exitCode = 1;
  });
}

export function rotating({ compromised, ...flags }: Flags & { compromised: boolean }): Promise<void> {
  return onStore(flags, async (store, { masterKeys }) => {
    const seal = createSeal(masterKeys);
    const follow = 'Running issuers follow within a minute or so.';
    if (compromised) {
      const sets = await replaceCompromisedKey(store, seal);
      print(flags, { result: 'removed', sets }, [
        ...sets.map(({ issuer, removed, active }) => `${removed} is gone, ${active} signs${forWhom(issuer)}.`),
        follow,
      ]);
      return;
    }
    const rotation = await rotateSigningKeys(store, seal, { force: true });
    const rotated = rotation.sets.filter(({ result }) => result === 'rotated');
    const early = 'was published less than a day ago, so that APIs may not know it yet. Nothing was changed';
    print(flags, rotation, [
      ...rotated.map(({ issuer, active }) => `${active} signs now${forWhom(issuer)}.`),
      ...rotation.sets
        .filter(({ result }) => result === 'early')
        .map(({ issuer }) => `The next key${forWhom(issuer)} ${early}${issuer && ' there'}: try tomorrow.`),
      ...(rotated.length > 0 ? [follow] : []),
    ]);
    if (rotation.result === 'early') process.exitCode = 1;
  });
}

const forWhom = (issuer: string): string => issuer && ` for ${issuer}`;

/**
 * Serves until the process is told to end; a second signal ends it at once. A parent process with a channel is told
 * when the issuer is ready, and when that parent dies the issuer ends too.
 */
async function run(issuer: Issuer): Promise<void> {
  await issuer.listen().catch(async (error: unknown) => {
    await issuer.close(0);
    throw error;
  });
  let asked = false;
  const end = () => {
    if (asked) process.exit(1);
    asked = true;
    void reported(() => issuer.close());
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, end);
  process.once('disconnect', end);
  process.send?.({ ready: issuer.url });
  process.channel?.unref();
}

/** Opens the store that the settings name, works, and closes it. */
function onStore({ dev }: Flags, work: (store: Store, settings: Settings) => Promise<void>): Promise<void> {
  return reported(async () => {
    const mode: Mode = dev ? 'development' : 'production';
    const settings = readSettings({ mode });
    const store = await openStore({
      ...settings,
      databaseUrl: settings.databaseUrl?.reveal(),
      poolSize: 2,
      prepare: settings.databasePrepare,
    });
    try {
      await work(store, settings).catch(explainMissingSchema);
    } finally {
      await store.close();
    }
  });
}

function explainMissingSchema(error: unknown): never {
  // No such table, no such schema.
  if (!['42P01', '3F000'].includes(sqlState(error) ?? '')) throw error;
  throw new Error('this database holds no issuer yet: run `safeconduct migrate` first (with --dev: start `safeconduct dev` once)', {
    cause: error,
  });
}

async function load(file: string): Promise<IssuerConfiguration> {
  const path = resolve(file);
  if (!existsSync(path)) throw new ConfigurationError([`there is no ${file}: name the configuration file with --config`]);
  const { default: configuration } = (await import(pathToFileURL(path).href)) as { default?: IssuerConfiguration };
  if (configuration === undefined)
    throw new ConfigurationError([`${file} has no default export: write \`export default defineConfig({ … })\``]);
  return configuration;
}

function print({ json }: Pick<Flags, 'json'>, value: object, lines: readonly string[]): void {
  console.log(json ? JSON.stringify(value) : lines.join('\n'));
}

// What a person can mend is told in a sentence; only what nobody expected shows where it happened.
async function reported(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const text = error instanceof TypeError ? error.stack : error instanceof Error ? error.message : String(error);
    console.error(`safeconduct: ${text}`);
    process.exitCode = 1;
  }
}
