/** One signed-in browser, as a store keeps it. The store can read neither tokens nor claims: `content` is sealed. */
export interface StoredSession {
  /** SHA-256 of the cookie's value, base64url. */
  readonly id: string;
  readonly issuer: string;
  /** `sub`: what the provider's logout tokens call the person. */
  readonly subject: string;
  /** `sid`: the session at the provider. */
  readonly providerSession?: string | undefined;
  readonly content: string;
  /** Counts the writes of `content`, from 1. */
  readonly version: number;
  /** When the sign-in began. Milliseconds since 1970, as all times here. */
  readonly startedAt: number;
  /** Nobody came for so long: over. */
  readonly idleUntil: number;
  /** Over in any case. */
  readonly endsAt: number;
}

/** A session at the provider, or everything of a person there. */
export interface ProviderSession {
  readonly issuer: string;
  readonly subject?: string | undefined;
  readonly session?: string | undefined;
}

/**
 * Keeps web sessions. An ended session stays ended: no later write of whatever kind may bring it back, in any process.
 * `memorySessions` and `postgresSessions` are two; one test suite runs over both.
 */
export interface SessionStore {
  /** Adds a session. It is born dead if its provider session was ended at `startedAt` or later. */
  create(session: StoredSession, now: number): Promise<void>;
  /** A session that lives at `now`. */
  read(id: string, now: number): Promise<StoredSession | undefined>;
  /** Moves `idleUntil` of a session that lives. */
  touch(id: string, idleUntil: number, now: number): Promise<void>;
  /** Writes `content` and counts `version` up, if the session lives and is still at `version`. */
  replace(id: string, version: number, content: string, now: number): Promise<boolean>;
  /** Gives `holder` alone the right to refresh a session that lives, until `until`. */
  lease(id: string, holder: string, until: number, now: number): Promise<boolean>;
  /** Gives the right back. */
  release(id: string, holder: string): Promise<void>;
  /** Ends one session and forgets its content. */
  end(id: string, now: number): Promise<void>;
  /** Ends every session of a session at the provider, or of a person if it names none, those included that are just being created. */
  endAtProvider(ended: ProviderSession, now: number): Promise<void>;
  /** True if the provider session, or everything of the person, was ended at `since` or later. */
  wasEnded(session: ProviderSession, since: number): Promise<boolean>;
  /** True for the first caller with this key, until `until`. */
  useOnce(key: string, until: number, now: number): Promise<boolean>;
  /** Forgets what is over: an ended session no later than the ending itself. */
  sweep(now: number): Promise<void>;
}

/** How long it is remembered that a provider session was ended: longer than any sign-in or access token of it lives. */
export const endingLifetimeMs = 24 * 60 * 60_000;
