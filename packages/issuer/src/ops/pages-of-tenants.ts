/** Pages that have no tenant in their path, at an origin whose issuers are tenants: what the browser brings says whose they are. */
import type { IncomingMessage } from 'node:http';
import { createUpstreamRequests } from '../connections/upstream-requests.ts';
import type { Dialect } from '../dialects/dialect.ts';
import type { Tenant } from '../dialects/facts.ts';
import { tripCookie } from '../flows/connect-trip.ts';
import { interactionCookie } from '../provider/configuration.ts';
import type { Tenants } from '../provider/tenants.ts';
import type { Voice } from '../provider/voice.ts';
import type { SharedParts } from './assemble.ts';

/** A dialect at an origin, with the organizations that are issuers there. */
export interface Mounted {
  readonly dialect: Dialect;
  readonly tenants: Tenants;
  readonly voice: (tenant?: Tenant, shared?: string) => Voice;
  /** Published keys of all of them. */
  readonly keys: () => Promise<readonly object[]>;
}

/** Finds the issuer that answers: of a sign-in, of a way back from a third party, or any for the files that pages need. */
export async function voiceOfPage(
  request: IncomingMessage,
  mounts: readonly Mounted[],
  parts: Pick<SharedParts, 'store' | 'seal'>,
): Promise<Voice | undefined> {
  // Most requests are none of these.
  if (!/^\/(?:assets|interaction|connections)\//.test(request.url ?? '')) return undefined;
  const { pathname, searchParams } = new URL(request.url ?? '', 'http://origin');
  const [, part, name = '', last] = pathname.split('/');
  const cookies = cookiesOf(request);
  if (part === 'assets') return (await voicesAt(mounts))[0];
  if (part === 'interaction') return (await voicesAt(mounts)).find((voice) => cookies.has(interactionCookie(voice)));
  if (part !== 'connections' || last !== 'callback' || searchParams.getAll('state').length !== 1) return undefined;
  const trips = createUpstreamRequests(parts);
  for (const voice of await voicesAt(mounts)) {
    const where = { key: searchParams.get('state') ?? '', connectionId: name, browser: cookies.get(tripCookie(voice)) };
    if (await trips.look(where, ['sign-in', 'link', 'connect'])) return voice;
  }
  return undefined;
}

/** Where tenants have a place that all of them share, its pages are those of each. */
async function voicesAt(mounts: readonly Mounted[]): Promise<Voice[]> {
  const all = mounts.map(async ({ dialect, tenants, voice }) => {
    const [shared] = dialect.tenancy?.shared ?? [];
    return shared === undefined ? (await tenants.all()).map((tenant) => voice(tenant)) : [voice(undefined, shared)];
  });
  return (await Promise.all(all)).flat();
}

function cookiesOf({ headers }: IncomingMessage): ReadonlyMap<string, string> {
  const pairs = (headers.cookie ?? '')
    .split('; ')
    .map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)] as const);
  return new Map(pairs);
}
