/** The origins beside the main issuer: at each the engines of its dialects, made when they are first asked for. */
import type { OriginSetting } from '../configuration/origins.ts';
import type { Provider } from '../provider/provider.ts';
import type { Voice } from '../provider/voice.ts';
import { signingKeys } from '../secrets/signing-keys.ts';
import { type Assembled, assemble, type SharedParts } from './assemble.ts';
import type { Handler } from './front.ts';
import { createOrigin, type Origin } from './origin.ts';
import { createReloading, type Reloading } from './reload.ts';

export interface Origins {
  readonly all: readonly Origin[];
  /** Every engine that runs now. */
  running(): readonly Provider[];
  /** The engine of an issuer of this name, also one that nobody asked yet; undefined when there is none. */
  providerOf(issuer: string): Promise<Provider | undefined>;
  /** Makes the engines of these issuers, where nobody asked for them yet. */
  open(isMeant: (voice: Voice) => boolean): Promise<void>;
  /** Takes the keys anew. */
  reload(): Promise<void>;
}

/** What an origin has beside its engines, such as an API of its own. */
export interface OwnPart {
  readonly owns: (path: string) => boolean;
  readonly handler: Handler;
}

/** Makes them for an origin with an issuer at its root. */
export type Beside = (root: Voice, provider: () => Promise<Provider>) => readonly OwnPart[];

/** Wires them. */
export function createOrigins(parts: SharedParts, beside: Beside): Origins {
  const engines = createEngines(parts);
  const all = parts.settings.origins.map((setting: OriginSetting) => createOrigin(setting, { ...parts, engineFor: engines.at, beside }));
  return Object.freeze({
    all,
    async providerOf(issuer: string) {
      const [voice] = (await Promise.all(all.map((one) => one.voiceOf(issuer)))).filter((one) => one !== undefined);
      return voice && (await engines.at(voice)).provider;
    },
    async open(isMeant: (voice: Voice) => boolean) {
      const voices = (await Promise.all(all.map((one) => one.voices()))).flat();
      await Promise.all(voices.filter(isMeant).map(engines.at));
    },
    running: () => engines.built().map((one) => one.current().provider),
    async reload() {
      await engines.reload();
    },
  });
}

/** One engine for each issuer. */
function createEngines(parts: SharedParts) {
  const opening = new Map<string, Promise<Reloading<Assembled>>>();
  const built = new Set<Reloading<Assembled>>();
  const open = (voice: Voice) => {
    const made = createReloading(async () => assemble({ ...parts, voice, keys: await keysOf(parts, voice) }));
    opening.set(keyOf(voice), made);
    // Whoever asks next tries again.
    made.then(
      (one) => built.add(one),
      () => opening.delete(keyOf(voice)),
    );
    return made;
  };
  return {
    built: () => [...built],
    // One that is being opened may have read the keys just before.
    async reload() {
      const again = [...opening.values()].map((made) =>
        made.then(
          (one) => one.reload(),
          () => undefined,
        ),
      );
      await Promise.all(again);
    },
    at: async (voice: Voice) => (await (opening.get(keyOf(voice)) ?? open(voice))).current(),
  };
}

// Places that tenants share have one name and several paths.
const keyOf = ({ place: { issuer, routes } }: Voice): string => `${issuer} ${routes.authorization}`;

const keysOf = ({ store, seal }: SharedParts, { place: { issuer }, dialect }: Voice) =>
  signingKeys(store, seal, { issuer, algorithm: dialect.shapes.signingAlgorithm });
