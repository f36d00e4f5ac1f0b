import type { WebSession } from 'safeconduct/login';
import type { LinkTransaction, Reach } from 'safeconduct/reach';
import type { Use, UsedConnection } from './connections.ts';

/** Connects accounts for the people who are signed in. What was begun stays here, with the session that began it. */
export interface Linking {
  /** Where to send the browser. */
  begin(session: WebSession, connection: UsedConnection, use: Use): Promise<URL>;
  /** Finishes it and gives the name of the connection; undefined when this session began nothing. */
  finish(session: WebSession, callback: URL): Promise<string | undefined>;
}

const mostBegun = 10_000;

export function createLinking(reach: Reach, redirectUri: string): Linking {
  const begun = new Map<string, LinkTransaction>();
  return {
    async begin({ id, identity }, { id: connection }, { scopes }) {
      const { url, transaction } = await reach.startLink(identity, connection, { scopes, redirectUri });
      begun.delete(id);
      begun.set(id, transaction);
      const [oldest] = begun.keys();
      if (begun.size > mostBegun && oldest !== undefined) begun.delete(oldest);
      return url;
    },
    async finish({ id, identity }, callback) {
      const transaction = begun.get(id);
      // Once, whatever comes of it.
      begun.delete(id);
      if (transaction === undefined) return undefined;
      return (await reach.finishLink(identity, callback, transaction)).connection;
    },
  };
}
