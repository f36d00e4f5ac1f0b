/** Interactions that this process opened a moment ago, so that their first page needs no read. Every decision reads the database. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Provider } from 'oidc-provider';

export type Interaction = Awaited<ReturnType<Provider['interactionDetails']>>;

/** Remembers what was begun. */
export interface Begun {
  /** The interaction that the request's signed cookie names, once: the next time it is read from the database. */
  take(request: IncomingMessage, response: ServerResponse): Interaction | undefined;
}

// Whoever begins is nobody yet, and may send 16 kB: this many is a few MB.
const CAPACITY = 500;
const MAX_AGE = 60_000;

/** Wires the memory to the engine. A page in another process, a later one, or one of somebody signed in is read as ever. */
export function rememberBegun(provider: Provider): Begun {
  const begun = new Map<string, { readonly interaction: Interaction; readonly until: number }>();
  provider.on('interaction.started', ({ oidc: { entities } }) => {
    const interaction = entities.Interaction;
    // With a session there is more to check than the interaction itself.
    if (!interaction || interaction.session) return;
    if (begun.size >= CAPACITY) begun.clear();
    begun.set(interaction.uid, { interaction, until: performance.now() + MAX_AGE });
  });
  return {
    take(request, response) {
      const uid = provider.createContext(request, response).cookies.get(provider.cookieName('interaction'), { signed: true });
      const found = uid === undefined ? undefined : begun.get(uid);
      if (found) begun.delete(found.interaction.uid);
      return found && found.until > performance.now() ? found.interaction : undefined;
    },
  };
}
