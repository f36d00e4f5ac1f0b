/** What the audit log says of proxied requests. */
import type { SecurityEvent } from '../store/events.ts';

export interface Passed {
  readonly person: string;
  readonly organization: string | undefined;
  readonly application: string | undefined;
  readonly connection: string;
  readonly method: string;
  /** The pattern of the allow-list, never the path itself. */
  readonly pattern: string;
  readonly status: number;
}

const reading = ['GET', 'HEAD', 'OPTIONS'];
const REMEMBERED = 10_000;

/**
 * Says which requests are written down: each one that may change something; of those that read, one a minute for each person,
 * application, connection and pattern, with the number of others since.
 */
export function createProxyEvents(clock: () => number = Date.now): (passed: Passed) => SecurityEvent | undefined {
  const seen = new Map<string, { readonly at: number; more: number }>();
  return (passed) => {
    if (!reading.includes(passed.method)) return eventOf(passed);
    const key = JSON.stringify([passed.person, passed.application, passed.connection, passed.pattern]);
    const last = seen.get(key);
    if (last && Math.abs(clock() - last.at) < 60_000) {
      last.more += 1;
      return undefined;
    }
    if (seen.size >= REMEMBERED) seen.clear();
    seen.set(key, { at: clock(), more: 0 });
    return eventOf(passed, last?.more);
  };
}

/** Whether a request may change something at the third party. */
export const mayChange = (method: string): boolean => !reading.includes(method);

function eventOf({ person, organization, application, connection, method, pattern, status }: Passed, more = 0): SecurityEvent {
  return {
    type: 'vault.proxied',
    outcome: status < 400 ? 'ok' : status < 500 ? 'refused' : 'failed',
    actor: person,
    client: application,
    organization,
    target: connection,
    details: { method, path: pattern, status, ...(more > 0 && { more }) },
  };
}
