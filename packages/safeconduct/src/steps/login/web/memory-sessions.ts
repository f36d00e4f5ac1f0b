import { endingLifetimeMs, type ProviderSession, type SessionStore, type StoredSession } from './session-store.ts';

interface Entry {
  session: StoredSession;
  lease?: { readonly holder: string; readonly until: number } | undefined;
}

interface Memory {
  readonly sessions: Map<string, Entry>;
  /** When a provider session or person was ended. */
  readonly endings: Map<string, number>;
  readonly used: Map<string, number>;
}

/** Keeps sessions in this process: for development, for tests, and where a restart may sign everybody out. */
export function memorySessions(): SessionStore {
  const memory: Memory = { sessions: new Map(), endings: new Map(), used: new Map() };
  return Object.freeze({
    create: async (session: StoredSession, now: number) => {
      sweep(memory, now);
      memory.sessions.set(session.id, { session });
    },
    read: async (id: string, now: number) => living(memory, id, now)?.session,
    touch: async (id: string, idleUntil: number, now: number) => touch(memory, id, idleUntil, now),
    replace: async (id: string, version: number, content: string, now: number) => replace(memory, { id, version, content, now }),
    lease: async (id: string, holder: string, until: number, now: number) => lease(memory, { id, holder, until, now }),
    release: async (id: string, holder: string) => {
      const entry = memory.sessions.get(id);
      if (entry?.lease?.holder === holder) entry.lease = undefined;
    },
    end: async (id: string) => {
      memory.sessions.delete(id);
    },
    endAtProvider: async (ended: ProviderSession, now: number) => {
      memory.endings.set(endingKey(ended), now);
    },
    wasEnded: async (session: ProviderSession, since: number) => wasEnded(memory, session, since),
    useOnce: async (key: string, until: number, now: number) => useOnce(memory, { key, until, now }),
    sweep: async (now: number) => sweep(memory, now),
  });
}

function living(memory: Memory, id: string, now: number): Entry | undefined {
  const entry = memory.sessions.get(id);
  if (entry === undefined) return undefined;
  const { issuer, subject, providerSession, startedAt, idleUntil, endsAt } = entry.session;
  if (idleUntil <= now || endsAt <= now) return undefined;
  return wasEnded(memory, { issuer, subject, session: providerSession }, startedAt) ? undefined : entry;
}

function touch(memory: Memory, id: string, idleUntil: number, now: number): void {
  const entry = living(memory, id, now);
  if (entry) entry.session = { ...entry.session, idleUntil };
}

function replace(memory: Memory, next: { id: string; version: number; content: string; now: number }): boolean {
  const entry = living(memory, next.id, next.now);
  if (entry?.session.version !== next.version) return false;
  entry.session = { ...entry.session, content: next.content, version: next.version + 1 };
  return true;
}

function lease(memory: Memory, wish: { id: string; holder: string; until: number; now: number }): boolean {
  const entry = living(memory, wish.id, wish.now);
  if (entry === undefined || (entry.lease !== undefined && entry.lease.until > wish.now)) return false;
  entry.lease = { holder: wish.holder, until: wish.until };
  return true;
}

function endingKey({ issuer, subject, session }: ProviderSession): string {
  return JSON.stringify(session === undefined ? [issuer, 'sub', subject] : [issuer, 'sid', session]);
}

function wasEnded({ endings }: Memory, { issuer, subject, session }: ProviderSession, since: number): boolean {
  const keys = [endingKey({ issuer, subject }), ...(session === undefined ? [] : [endingKey({ issuer, session })])];
  return keys.some((key) => (endings.get(key) ?? Number.NEGATIVE_INFINITY) >= since);
}

function useOnce({ used }: Memory, wish: { key: string; until: number; now: number }): boolean {
  if ((used.get(wish.key) ?? 0) > wish.now) return false;
  used.set(wish.key, wish.until);
  return true;
}

// What was ended goes before its ending is forgotten, which alone keeps it from coming back.
function sweep(memory: Memory, now: number): void {
  const { sessions, endings, used } = memory;
  for (const id of sessions.keys()) if (living(memory, id, now) === undefined) sessions.delete(id);
  for (const [key, at] of endings) if (at + endingLifetimeMs <= now) endings.delete(key);
  for (const [key, until] of used) if (until <= now) used.delete(key);
}
