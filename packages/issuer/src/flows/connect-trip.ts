/** Sends somebody's browser to a third party, and knows it when it comes back. */
import { getCookie, setCookie } from 'hono/cookie';
import type { Connection } from '../connections/connection.ts';
import { UpstreamFailed, UpstreamRefused, type UpstreamRequest } from '../connections/third-party.ts';
import { newKey, type Purposes, TRIP_LIFETIME, type TripPurpose } from '../connections/upstream-requests.ts';
import { cookieSuffix } from '../provider/configuration.ts';
import type { Voice } from '../provider/voice.ts';
import { type Desk, type FlowContext, Refusal } from './desk.ts';
import { leaveFor } from './leave.ts';

export interface SettingOut<P extends TripPurpose> extends Pick<UpstreamRequest, 'scopes' | 'loginHint' | 'prompt' | 'params'> {
  readonly purpose: P;
  readonly connection: Connection;
  /** What has to come back. */
  readonly carry: (request: UpstreamRequest) => Purposes[P];
}

/** Begins a trip: answers with the page that leads on, and binds what comes back to this browser. Throws as `Upstream.begin` does. */
export async function setOut<P extends TripPurpose>(desk: Desk, c: FlowContext, out: SettingOut<P>): Promise<Response> {
  const { purpose, connection, scopes, loginHint, prompt, params, carry } = out;
  const request: UpstreamRequest = {
    redirectUri: `${desk.issuer}${callbackPath(connection)}`,
    state: newKey(),
    nonce: newKey(),
    codeVerifier: newKey(),
    scopes,
    loginHint,
    prompt,
    params,
  };
  const url = await desk.upstream.begin(connection, request);
  await desk.trips.put({ key: request.state, connectionId: connection.id, browser: bindBrowser(desk, c) }, purpose, carry(request));
  return leaveFor(desk, c, { url, name: connection.name });
}

/** Where a connection sends browsers back to. Each has an address of its own, so that no answer is taken for another's. */
export function callbackPath({ id }: Pick<Connection, 'id'>): string {
  return `/connections/${id}/callback`;
}

/** What a third party did, as a page for people. Its own words stay in the log. What it did not do is given back as it is. */
export function refusalOf({ log }: Pick<Desk, 'log'>, { error, connection }: { error: unknown; connection: Connection }): unknown {
  const detail = connection.id;
  if (error instanceof UpstreamRefused) {
    log.warn({ connection: connection.id, code: error.code, error }, 'a third party refused');
    return new Refusal(400, { code: error.code === 'access_denied' ? 'third_party_denied' : 'third_party_refused', detail });
  }
  if (!(error instanceof UpstreamFailed)) return error;
  log.warn({ connection: connection.id, error }, 'a third party gave no answer that can be trusted');
  return new Refusal(503, { code: 'third_party_away', detail });
}

/** The value that this browser got with its last trip. */
export function browserOf(desk: Pick<Desk, 'voice'>, c: FlowContext): string | undefined {
  return getCookie(c, tripCookie(desk.voice));
}

// One value for all trips of a browser, so that tabs do not disturb each other.
function bindBrowser(desk: Desk, c: FlowContext): string {
  const given = getCookie(c, tripCookie(desk.voice));
  const value = given !== undefined && /^[\w-]{43}$/.test(given) ? given : newKey();
  const secure = desk.issuer.startsWith('https:');
  // The cookie outlives the trip a little: the last question comes after it.
  setCookie(c, tripCookie(desk.voice), value, { path: '/', httpOnly: true, secure, sameSite: 'Lax', maxAge: 2 * TRIP_LIFETIME });
  return value;
}

/** Name of the cookie that binds trips to a browser. */
export const tripCookie = (voice: Voice): string =>
  `${voice.origin.startsWith('https:') ? '__Host-sc_trip' : 'sc_trip'}${cookieSuffix(voice)}`;
