/** Puts engine, pages and flows together for one set of signing keys, and says which path goes to which. */
import { getRequestListener } from '@hono/node-server';
import type { Settings } from '../config.ts';
import type { Dialect } from '../dialects/dialect.ts';
import { createFlows } from '../flows/flows.ts';
import { createScreens } from '../flows/screens.ts';
import type { SignInAttempt, SignInResult } from '../people/sign-in.ts';
import { createProvider, type Provider } from '../provider/provider.ts';
import { cookieKeys } from '../secrets/master-key.ts';
import { deriveKey, type MasterKey, type Seal } from '../secrets/seal.ts';
import type { SigningKey } from '../secrets/signing-keys.ts';
import type { Store } from '../store/database.ts';
import type { Handler } from './front.ts';
import type { Log } from './log.ts';
import type { ThirdParties } from './third-parties.ts';

export interface AssembleOptions {
  readonly settings: Settings;
  readonly store: Store;
  readonly seal: Seal;
  readonly log: Log;
  readonly dialect: Dialect;
  /** The signing key first. */
  readonly keys: readonly SigningKey[];
  readonly thirdParties: ThirdParties;
  /** One for the process, so that its bounds hold whatever becomes of the engine. */
  readonly signIn: (attempt: SignInAttempt) => Promise<SignInResult>;
}

/** The engine and what answers requests with it. */
export interface Assembled {
  readonly provider: Provider;
  readonly handler: Handler;
}

export function assemble({ settings, store, seal, log, dialect, keys, signIn, thirdParties }: AssembleOptions): Assembled {
  const { issuer, trustedProxies, masterKeys } = settings;
  const screens = createScreens({ issuer, store, log, trustedProxies });
  const shared = { issuer, store, seal, log };
  const provider = createProvider({
    ...shared,
    signingKeys: keys,
    cookieKeys: cookieKeys(masterKeys),
    dialect,
    screens,
    thirdParties,
    fetch: thirdParties.fetch,
  });
  const flows = createFlows({ ...shared, ...thirdParties, provider, signIn, key: formKey(masterKeys), trustedProxies });
  const pages = getRequestListener(flows.fetch, { overrideGlobalObjects: false });
  const engine = provider.callback();
  const isEngines = enginePaths(dialect);
  return {
    provider,
    handler: (request, response) => (isEngines(request.url ?? '') ? engine(request, response) : pages(request, response)),
  };
}

/** Whether a request target belongs to the engine: one of its routes, or what it serves below one (`/oauth2/authorize/:uid`). */
function enginePaths({ routes }: Dialect): (target: string) => boolean {
  const known = [...Object.values(routes), '/.well-known/openid-configuration', '/.well-known/oauth-authorization-server'];
  return (target) => {
    const path = target.split('?', 1)[0] ?? '';
    return known.some((route) => path === route || path.startsWith(`${route}/`));
  };
}

function formKey([newest]: readonly MasterKey[]) {
  if (newest === undefined) throw new TypeError('there is no master key');
  return deriveKey(newest.key, 'forms');
}
