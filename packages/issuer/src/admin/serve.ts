/** The admin API as a part of the issuer's own server: the set-up, and behind a guard everything else. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import type { GuardOptions } from 'safeconduct/protect';
import type { Settings } from '../config.ts';
import type { Seal } from '../secrets/seal.ts';
import type { Store } from '../store/database.ts';
import { type AdminLog, type AdminOptions, createAdmin, type Origin } from './api.ts';
import { ADMIN_PATH } from './routes/table.ts';
import { createSetup, type SetupLog } from './setup.ts';

export interface AdministrationOptions {
  readonly settings: Pick<Settings, 'issuer' | 'origins' | 'host' | 'port' | 'dataDirectory' | 'masterKeys'>;
  readonly store: Store;
  readonly seal: Seal;
  readonly vault: AdminOptions['vault'];
  readonly log: AdminLog & SetupLog;
}

export interface Administration {
  /** Whether a path is one of the admin API's. */
  readonly owns: (path: string) => boolean;
  readonly handler: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  /** Opens the set-up while there is no administrator. Call it when the issuer listens. */
  readonly open: () => Promise<void>;
}

/** Wires it. What is built in must be there (`ensureBuiltIn`). */
export function createAdministration({ settings, store, seal, vault, log }: AdministrationOptions): Administration {
  const { issuer, masterKeys } = settings;
  const admin = createAdmin({
    issuer,
    origins: settings.origins.map(({ url }) => url),
    store,
    seal,
    masterKeys,
    vault,
    fetch: fetchFromHere(settings),
    log,
  });
  const setup = createSetup({ store, settings, log });
  return Object.freeze({
    owns: admin.owns,
    open: () => setup.open(),
    handler: getRequestListener(
      (request, { incoming }) =>
        new URL(request.url).pathname === `${ADMIN_PATH}/setup`
          ? setup.answer(request, incoming as IncomingMessage)
          : admin.fetch(request, originOf(incoming as IncomingMessage)),
      { overrideGlobalObjects: false },
    ),
  });
}

// The front wrote these two, in place of whatever the caller said. The web request has the caller's own words still.
function originOf({ headers }: IncomingMessage): Origin {
  return { requestId: headers['x-request-id']?.toString(), ip: headers['x-forwarded-for']?.toString() };
}

/** Asks this issuer where it listens: its public address may be a proxy's, or one that only others can reach. */
export function fetchFromHere({ issuer, host, port }: Pick<Settings, 'issuer' | 'host' | 'port'>): NonNullable<GuardOptions['fetch']> {
  const near = `http://${addressOf(host)}:${port}`;
  return (url, init) => {
    const target = new URL(url);
    return fetch(target.origin === issuer ? new URL(`${target.pathname}${target.search}`, near) : target, init);
  };
}

function addressOf(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}
