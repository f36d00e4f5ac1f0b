/**
 * The OpenID provider in the box.
 *
 * `createIssuer` wires it: settings, storage, keys, the engine, pages, and one HTTP server. Everything it remembers is in
 * the database, so any number of processes may serve one issuer. Applications, people and roles come from a configuration
 * file (`defineConfig`), which is applied at start in development and by `safeconduct apply` elsewhere.
 */
import type { KeyObject } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { DestinationStream } from 'pino';
import { ensureBuiltIn } from './admin/built-in.ts';
import { type Administration, createAdministration, fetchFromHere } from './admin/serve.ts';
import { readSettings, type Settings, type SettingsOptions } from './config.ts';
import { type Applied, applyConfiguration } from './configuration/apply.ts';
import type { IssuerConfiguration } from './configuration/define.ts';
import { standard } from './dialects/standard.ts';
import { createAddressOf } from './flows/client-address.ts';
import { createMe } from './me/api.ts';
import { meAt } from './me/at-origin.ts';
import { assemble } from './ops/assemble.ts';
import { createFront, type Handler } from './ops/front.ts';
import { answerHealth } from './ops/health.ts';
import { listenEverywhere, mainSetting } from './ops/listening.ts';
import { createLog, type Log } from './ops/log.ts';
import { createMaintenance, type Maintenance } from './ops/maintenance.ts';
import { createOrigins, type Origins } from './ops/origins.ts';
import { createReloading } from './ops/reload.ts';
import { createRouteOf } from './ops/routes.ts';
import { assertSafeDatabase } from './ops/safe-database.ts';
import type { Listening } from './ops/server.ts';
import { openThirdParties, type ThirdParties } from './ops/third-parties.ts';
import { tenants as organizations } from './orgs/organizations.ts';
import { createSignIn } from './people/sign-in.ts';
import { issuersWithNotices } from './provider/backchannel-logout.ts';
import type { LiveToken } from './provider/live-token.ts';
import type { Provider } from './provider/provider.ts';
import { issuerIn } from './provider/verified-claims.ts';
import { createVoice, type Voice } from './provider/voice.ts';
import { createProxy } from './proxy/proxy.ts';
import { createPasswordHasher } from './secrets/password.ts';
import { createSeal, deriveKey } from './secrets/seal.ts';
import { keyStates, signingKeys } from './secrets/signing-keys.ts';
import { sealEvents } from './store/chain.ts';
import { openStore, type Store } from './store/database.ts';
import { recordEvent } from './store/events.ts';
import { migrate } from './store/migrate.ts';

export type { LogLevel, Mode, SettingsOptions } from './config.ts';
export { SettingsError } from './config.ts';
export type { Applied } from './configuration/apply.ts';
export type {
  AddressDeclaration,
  ApiDeclaration,
  ApplicationDeclaration,
  ClaimsDeclaration,
  ConnectionDeclaration,
  ConnectionUseDeclaration,
  GrantType,
  IssuerConfiguration,
  OrganizationDeclaration,
  ProjectDeclaration,
  ProxyDeclaration,
  SecretValue,
  UserDeclaration,
} from './configuration/define.ts';
export { defineConfig, demo } from './configuration/define.ts';
export type { Mounting, OriginDeclaration } from './configuration/origins.ts';
export { ConfigurationError } from './configuration/schema.ts';
export type { Leniency } from './dialects/facts.ts';

/** What `createIssuer` takes. What is left out comes from the environment (docs/configuration.md). */
export interface IssuerOptions extends SettingsOptions {
  /** Applied before the issuer serves. */
  readonly configuration?: IssuerConfiguration;
  /** Where log lines go. Default: standard output. */
  readonly logDestination?: DestinationStream;
}

/** An issuer that is ready to listen. */
export interface Issuer {
  /** `iss`, and where it is reached. */
  readonly url: string;
  /** What applying the configuration changed. */
  readonly applied: readonly Applied[];
  /** Begins to serve. Throws when the port is taken. */
  listen(): Promise<void>;
  /** Does now what is otherwise done every minute: rotates keys that are due, seals the audit log, cleans up. */
  maintain(): Promise<void>;
  /** Answers what was asked already, for at most `drain` milliseconds (default 10,000), then lets go of everything. */
  close(drain?: number): Promise<void>;
}

/** Wires an issuer. Throws a `SettingsError` or `ConfigurationError` that lists everything it will not start with. */
export async function createIssuer(options: IssuerOptions = {}): Promise<Issuer> {
  const settings = readSettings(options);
  const log = createLog(settings.logLevel, options.logDestination);
  for (const warning of settings.warnings) log.warn({}, warning);
  const store = await openStore(storeOptions(settings, log));
  try {
    return await prepare({ settings, log, store }, options.configuration);
  } catch (error) {
    await store.close();
    throw error;
  }
}

interface Parts {
  readonly settings: Settings;
  readonly log: Log;
  readonly store: Store;
}

async function prepare({ settings, log, store }: Parts, configuration: IssuerConfiguration | undefined): Promise<Issuer> {
  if (store.engine === 'pglite') log.info({}, 'embedded database: single process, not power-loss safe: set DATABASE_URL for production');
  await migrate(store, { appRole: settings.databaseRole });
  await ensureBuiltIn(store, settings);
  const applied = configuration ? await applyConfiguration(store, configuration, settings) : [];
  for (const warning of await strangeTenants(store, settings)) log.warn({}, warning);
  if (settings.mode === 'production') await assertSafeDatabase(store);
  const seal = createSeal(settings.masterKeys);
  const thirdParties = await openThirdParties({ settings, store, seal, log });
  const signIn = createSignIn({ store, hasher: createPasswordHasher(), key: signInKey(settings) });
  // In this order: the first keys exist before their states are noted, and a later change is never missed.
  await signingKeys(store, seal);
  const states = await keyStates(store);
  const parts = { settings, store, seal, log, signIn, thirdParties };
  const voice = createVoice({ dialect: standard, origin: settings.issuer });
  const engine = await createReloading(async () => assemble({ ...parts, voice, keys: await signingKeys(store, seal) }));
  const origins = createOrigins(parts, (root, provider) => [meAt(root, { ...parts, provider })].filter((part) => part !== undefined));
  const engines = () => [engine.current().provider, ...origins.running()];
  const deliver = async () => {
    await Promise.all(engines().map((one) => one.deliverLogouts()));
    // What still waits may have been left by another process, for an issuer that nobody asked here yet: it sends the next time.
    if (origins.all.length > 0) await origins.open(await issuersWithNotices(store));
  };
  const keysChanged = async () => void (await Promise.all([engine.reload(), origins.reload()]));
  const { issuer, masterKeys } = settings;
  const { vault } = thirdParties;
  const maintenance = createMaintenance({ store, seal, log, states, masterKeys, keysChanged, deliver, vault });
  const administration = createAdministration({ settings, store, seal, log, vault });
  const proxy = createProxy({
    ...thirdParties,
    issuer,
    verify: (value) => liveAt(engine.current().provider, origins, value),
    record: (event) => recordEvent(store.run, event),
    log,
  });
  const me = createMe({ ...thirdParties, issuer, store, seal, masterKeys, fetch: fetchFromHere(settings), log });
  const beside = [administration, me, proxy];
  const routes: Handler = (request, response) => {
    const path = pathOf(request);
    const part = beside.find(({ owns }) => owns(path)) ?? engine.current();
    return part.handler(request, response);
  };
  return serve({ settings, log, store }, routes, { applied, maintenance, administration, thirdParties, origins, voice });
}

/** Names of tenants that no organization has. It may come later: nothing is refused. */
async function strangeTenants(store: Store, { origins }: Settings): Promise<string[]> {
  const named = origins.flatMap(({ url, tenants = [], mounts }) =>
    [...tenants, ...mounts.flatMap((mount) => mount.tenants ?? [])].map((id) => ({ url, id })),
  );
  if (named.length === 0) return [];
  const known = new Set((await organizations(store)).map(({ id }) => id));
  return named
    .filter(({ id }) => !known.has(id))
    .map(({ url, id }) => `${url} has ${id} among its tenants, and no organization has this id: nothing answers for it there`);
}

interface Serving {
  readonly administration: Administration;
  readonly applied: readonly Applied[];
  readonly maintenance: Maintenance;
  readonly thirdParties: ThirdParties;
  readonly origins: Origins;
  readonly voice: Voice;
}

const pathOf = ({ url = '' }: IncomingMessage): string => url.split('?', 1)[0] ?? '';

/** A token for the proxy may come from any origin: it says from which, and is verified there. */
async function liveAt(main: Provider, origins: Pick<Origins, 'providerOf'>, value: string): Promise<LiveToken | undefined> {
  const issuer = issuerIn(value);
  return (issuer === undefined ? main : await origins.providerOf(issuer))?.liveToken(value);
}

function serve({ settings, log, store }: Parts, routes: Handler, serving: Serving): Issuer {
  const { applied, maintenance, administration, thirdParties, origins, voice } = serving;
  let listening: Listening | undefined;
  let closed: Promise<void> | undefined;
  const health = { ready: () => store.ready(), draining: () => closed !== undefined };
  const clientAddress = createAddressOf(settings.trustedProxies);
  const at = (issuer: string, inner: Handler, routeOf: (path: string) => string) =>
    createFront(
      async (request, response) => {
        if (!(await answerHealth(pathOf(request), response, health))) await inner(request, response);
      },
      { issuer, log, clientAddress, routeOf },
    );
  const handler = at(settings.issuer, routes, createRouteOf(voice.place));
  const others = origins.all.map(({ setting, ...one }) => ({ setting, handler: at(setting.url, one.handler, one.routeOf) }));
  const end = async (drain: number) => {
    await listening?.close(drain);
    await maintenance.stop();
    await thirdParties.close();
    await sealEvents(store).catch((error: unknown) => log.warn({ error }, 'the audit log was not sealed; the next start seals it'));
    await store.close();
  };
  return Object.freeze({
    url: settings.issuer,
    applied,
    async listen() {
      listening = await listenEverywhere({ setting: mainSetting(settings), handler }, others, settings);
      await administration.open();
      maintenance.start();
      log.info({ url: settings.issuer, port: settings.port }, 'the issuer is ready');
      for (const { setting } of others)
        log.info({ url: setting.url, port: setting.port }, `an origin that speaks ${setting.dialect} is ready`);
    },
    maintain: maintenance.runNow,
    close(drain = 10_000) {
      closed ??= end(drain);
      return closed;
    },
  });
}

function signInKey({ masterKeys: [newest] }: Settings): KeyObject {
  if (newest === undefined) throw new TypeError('there is no master key');
  return deriveKey(newest.key, 'sign-in');
}

function storeOptions(settings: Settings, log: Log) {
  return {
    databaseUrl: settings.databaseUrl?.reveal(),
    dataDirectory: settings.dataDirectory,
    poolSize: settings.databasePoolSize,
    prepare: settings.databasePrepare,
    warn: (message: string) => log.warn({}, message),
  };
}
