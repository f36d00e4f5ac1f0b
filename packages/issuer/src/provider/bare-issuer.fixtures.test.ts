/**
 * The engine alone on a port, for tests that count statements, race two processes or kill one: whoever comes to the sign-in
 * page is Ada. Run with `BARE_ISSUER` set, this file is one such process.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@safeconduct/test-support/ports';
import { createDatabase } from '@safeconduct/test-support/postgres';
import type { JWK } from 'oidc-provider';
import { applyConfiguration } from '../configuration/apply.ts';
import { createOutboundFetch } from '../connections/outbound-fetch.ts';
import { standard } from '../dialects/standard.ts';
import { parseMasterKeys } from '../secrets/master-key.ts';
import { createSeal, type Seal } from '../secrets/seal.ts';
import { openStore, type Store } from '../store/database.ts';
import type { StoreOptions } from '../store/engine.ts';
import { migrate } from '../store/migrate.ts';
import type { ThirdParties } from './connection-grant.ts';
import { pinOrigin } from './front.ts';
import type { Lifetimes } from './limits.ts';
import { createProvider, type Provider } from './provider.ts';
import type { Screens } from './screens.ts';
import { ADA, configuration } from './shop.fixtures.test.ts';
import { atomically, type UnitHooks } from './unit.ts';
import { createVoice } from './voice.ts';

export interface BareOptions {
  readonly place: StoreOptions;
  readonly issuer: string;
  readonly port: number;
  readonly masterKey: string;
  readonly signingKey: JWK;
  readonly hooks?: UnitHooks;
  readonly applicationCache?: number;
  /** Makes what reaches third parties. Default: nothing does. */
  readonly thirdParties?: (made: { readonly store: Store; readonly seal: Seal; readonly issuer: string }) => Promise<ThirdParties>;
  readonly lifetimes?: Partial<Lifetimes>;
  /** Who comes to the sign-in page. Default: Ada. */
  readonly visitor?: () => string;
  /** Told what went wrong. Default: the console. */
  readonly log?: (message: string) => void;
}

const plain = (text: string) => async (ctx: { type: string; body: unknown }) => {
  ctx.type = 'text';
  ctx.body = text;
};
const screens: Screens = {
  error: async (ctx, out) => {
    ctx.body = out;
  },
  deviceCode: plain('code'),
  deviceConfirm: plain('confirm'),
  deviceDone: plain('done'),
  signOut: plain('sign out?'),
  signedOut: plain('signed out'),
};

export async function startBareIssuer({
  place,
  issuer,
  port,
  masterKey,
  signingKey,
  hooks,
  applicationCache = 5_000,
  thirdParties,
  lifetimes,
  visitor = () => ADA.id,
  log = console.error,
}: BareOptions) {
  const store = await openStore(place);
  const seal = createSeal(parseMasterKeys(masterKey));
  const fetch = createOutboundFetch({ issuer });
  const provider: Provider = createProvider({
    voice: createVoice({ dialect: standard, origin: issuer }),
    fetch,
    store,
    seal,
    signingKeys: [signingKey],
    cookieKeys: ['tests'],
    screens,
    log: { error: ({ error }, message) => log(`${message}: ${error}`), warn: ({ error }, message) => log(`${message}: ${error}`) },
    applicationCache,
    ...(hooks && { hooks }),
    ...(lifetimes && { lifetimes }),
    ...(thirdParties && { thirdParties: await thirdParties({ store, seal, issuer }) }),
  });
  const engine = provider.callback();
  const server = createServer(async (request, response) => {
    pinOrigin(request, new URL(issuer));
    if (!request.url?.startsWith('/interaction/')) return void engine(request, response);
    const login = { login: { accountId: visitor(), amr: ['pwd'] } };
    const location = await atomically(store, () =>
      provider.interactionResult(request, response, login, { mergeWithLastSubmission: false }),
    );
    response.writeHead(303, { location }).end();
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  let closed: Promise<void> | undefined;
  const closeStore = () => {
    closed ??= store.close();
    return closed;
  };
  return {
    store,
    provider,
    closeStore,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await fetch.close();
      await closeStore();
    },
  };
}

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

/** Options that two processes share, on a database where the tests' configuration is applied. */
export async function bareOptions(place: StoreOptions): Promise<BareOptions> {
  const store = await openStore(place);
  await migrate(store);
  await applyConfiguration(store, configuration, { mode: 'development' });
  await store.close();
  const port = await freePort();
  return {
    place,
    port,
    issuer: `http://127.0.0.1:${port}`,
    masterKey: randomBytes(32).toString('base64url'),
    signingKey: { ...privateKey.export({ format: 'jwk' }), kid: 'k1', alg: 'ES256', use: 'sig' },
  };
}

export interface OnEngine {
  readonly url: string;
  readonly bare: Awaited<ReturnType<typeof startBareIssuer>>;
  end(): Promise<void>;
}

/** Starts one in this process on a database of its own. */
export async function startBareOn(engine: 'pglite' | 'postgres', more: Partial<BareOptions> = {}): Promise<OnEngine> {
  const dataDirectory = mkdtempSync(join(tmpdir(), 'safeconduct-bare-'));
  const database = engine === 'postgres' ? await createDatabase() : undefined;
  const options = await bareOptions({ dataDirectory, ...(database && { databaseUrl: database.url }) });
  const bare = await startBareIssuer({ ...options, ...more });
  return {
    url: options.issuer,
    bare,
    async end() {
      await bare.stop();
      await database?.drop();
      rmSync(dataDirectory, { recursive: true, force: true });
    },
  };
}

/** Starts a process of its own that serves the same issuer. With `crash` it kills itself after its first token commit. */
export async function spawnBareIssuer(
  options: BareOptions,
  { crash = false, port = 0 } = {},
): Promise<{ url: string; child: ChildProcess }> {
  const free = port || (await freePort());
  const env = { ...process.env, NODE_ENV: 'production', BARE_ISSUER: JSON.stringify({ ...options, port: free, crash }) };
  const child = spawn(process.execPath, ['--conditions=safeconduct-source', import.meta.filename], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (chunk) => String(chunk).includes('ready') && resolve());
    child.once('exit', (code) => reject(new Error(`the issuer process ended with ${code}`)));
  });
  return { url: `http://127.0.0.1:${free}`, child };
}

const { BARE_ISSUER } = process.env;
if (BARE_ISSUER) {
  const { crash, ...options } = JSON.parse(BARE_ISSUER) as BareOptions & { crash?: boolean };
  await startBareIssuer({ ...options, hooks: { afterCommit: () => void (crash && process.kill(process.pid, 'SIGKILL')) } });
  console.log('ready');
}
