/** Where third parties send browsers back to: only the browser that went, only once, only to the connection that it went to. */
import type { Connection } from '../connections/connection.ts';
import type { Purposes, TripPurpose } from '../connections/upstream-requests.ts';
import { browserOf, refusalOf } from './connect-trip.ts';
import { type Desk, type FlowContext, Refusal } from './desk.ts';

/** A browser that is back. */
export interface Arrived<P extends TripPurpose> {
  readonly connection: Connection;
  /** The whole address that it came to. */
  readonly callback: URL;
  readonly trip: Purposes[P];
  readonly browser: string;
}

/** What each purpose does with it. The trip is taken already: nobody comes back with it again. Whether the connection is still open for it, each looks itself. */
export type CallbackHandlers = { readonly [P in TripPurpose]: (desk: Desk, c: FlowContext, arrived: Arrived<P>) => Promise<Response> };

/** Answers `GET /connections/{connection}/callback`. */
export async function takeCallback(desk: Desk, c: FlowContext, handlers: CallbackHandlers): Promise<Response> {
  const connectionId = c.req.param('connection') ?? '';
  const states = c.req.queries('state') ?? [];
  const browser = browserOf(desk, c);
  // Two states are one too many, whichever of them is ours.
  const [key] = states.length === 1 ? states : [];
  const taken = key === undefined ? undefined : await desk.trips.take({ key, connectionId, browser }, ['sign-in', 'link', 'connect']);
  const connection = taken && (await desk.connections.find(connectionId));
  if (!taken || !connection || browser === undefined) throw new Refusal(400, { code: 'trip_not_found', detail: connectionId });
  const arrived = { connection, callback: callbackOf(desk, c), browser };
  try {
    switch (taken.purpose) {
      case 'sign-in':
        return await handlers['sign-in'](desk, c, { ...arrived, trip: taken.carried });
      case 'link':
        return await handlers.link(desk, c, { ...arrived, trip: taken.carried });
      case 'connect':
        return await handlers.connect(desk, c, { ...arrived, trip: taken.carried });
    }
  } catch (error) {
    throw refusalOf(desk, { error, connection });
  }
}

// As the browser was told to come, whatever the Host header says.
function callbackOf({ issuer }: Desk, c: FlowContext): URL {
  const { pathname, search } = new URL(c.req.url);
  return new URL(`${pathname}${search}`, issuer);
}
