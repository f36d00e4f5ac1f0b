/** Puts engine, pages and flows together for one issuer and its signing keys, and says which path goes to which. */
import { getRequestListener } from '@hono/node-server';
import type { Settings } from '../config.ts';
import { createFlows } from '../flows/flows.ts';
import { createScreens } from '../flows/screens.ts';
import type { SignInAttempt, SignInResult } from '../people/sign-in.ts';
import { createProvider, type Provider } from '../provider/provider.ts';
import { inRealmOf, type Voice } from '../provider/voice.ts';
import { routeAt } from '../provider/wire.ts';
import { cookieKeys } from '../secrets/master-key.ts';
import { deriveKey, type MasterKey, type Seal } from '../secrets/seal.ts';
import type { SigningKey } from '../secrets/signing-keys.ts';
import type { Store } from '../store/database.ts';
import type { Handler } from './front.ts';
import type { Log } from './log.ts';
import type { ThirdParties } from './third-parties.ts';

/** What every issuer of a process shares. */
export interface SharedParts {
  readonly settings: Settings;
  readonly store: Store;
  readonly seal: Seal;
  readonly log: Log;
  readonly thirdParties: ThirdParties;
  /** One for the process, so that its bounds hold whatever becomes of the engine. */
  readonly signIn: (attempt: SignInAttempt) => Promise<SignInResult>;
}

export interface AssembleOptions extends SharedParts {
  readonly voice: Voice;
  /** The signing key first. */
  readonly keys: readonly SigningKey[];
}

/** The engine and what answers requests with it. */
export interface Assembled {
  readonly provider: Provider;
  readonly handler: Handler;
  /** Answers what is no endpoint of the engine's: sign-in pages and the files that they need. */
  readonly pages: Handler;
}

export function assemble({ settings, seal, log, voice, keys, signIn, thirdParties, ...rest }: AssembleOptions): Assembled {
  const { trustedProxies, masterKeys } = settings;
  const { origin } = voice;
  const store = inRealmOf(rest.store, voice);
  const screens = createScreens({ issuer: origin, store, log, trustedProxies });
  const provider = createProvider({
    voice,
    store,
    seal,
    log,
    signingKeys: keys,
    cookieKeys: cookieKeys(masterKeys),
    screens,
    thirdParties,
    fetch: thirdParties.fetch,
  });
  const flows = createFlows({
    ...thirdParties,
    issuer: origin,
    voice,
    store,
    seal,
    log,
    provider,
    signIn,
    key: formKey(masterKeys),
    trustedProxies,
  });
  const pages = getRequestListener(flows.fetch, { overrideGlobalObjects: false });
  const engine = provider.callback();
  return {
    provider,
    pages,
    handler: (request, response) =>
      routeAt(voice.place, pathOf(request.url)) === undefined ? pages(request, response) : engine(request, response),
  };
}

const pathOf = (target = ''): string => target.split('?', 1)[0] ?? '';

function formKey([newest]: readonly MasterKey[]) {
  if (newest === undefined) throw new TypeError('there is no master key');
  return deriveKey(newest.key, 'forms');
}
