/** A connection and a request to a third party, for tests. */
import { Secret } from '../secrets/secret.ts';
import type { Connection, PresetName } from './connection.ts';
import type { OutboundFetch, OutboundInit } from './outbound-fetch.ts';
import { presets } from './presets.ts';
import type { UpstreamRequest } from './third-party.ts';

export const LOCAL_ISSUER = 'http://localhost:8080';
export const CLIENT_SECRET = 'demo-secret+of/calendar';

/** A connection as the registry gives it. */
export function connectionOf(preset: PresetName, changes: Partial<Connection> = {}): Connection {
  const { issuer, endpoints, authMethod, scopes, refreshRetry } = presets[preset];
  return {
    id: 'calendar',
    organizationId: 'org_demo',
    name: 'Calendar',
    preset,
    signIn: false,
    signUp: false,
    accounts: true,
    issuer,
    endpoints,
    clientId: 'safeconduct-demo',
    clientSecret: new Secret(CLIENT_SECRET),
    authMethod,
    scopes,
    authorizationParams: {},
    publicClients: false,
    refreshRetry,
    proxy: undefined,
    disabled: false,
    applications: new Map(),
    ...changes,
  };
}

export const request: UpstreamRequest = {
  redirectUri: `${LOCAL_ISSUER}/connections/calendar/callback`,
  state: 'state-of-this-request',
  nonce: 'nonce-of-this-request',
  codeVerifier: 'v'.repeat(43),
  scopes: [],
};

/** What the browser brings back. */
export function callbackWith(parameters: Readonly<Record<string, string>>): URL {
  const url = new URL(request.redirectUri);
  for (const [name, value] of Object.entries({ state: request.state, code: 'code-1', ...parameters })) url.searchParams.set(name, value);
  return url;
}

/** What was asked of a vendor. */
export interface Asked {
  readonly url: string;
  readonly init: OutboundInit;
  /** Its form, where it has one. */
  readonly form: URLSearchParams;
}

export interface Vendor {
  readonly fetch: OutboundFetch;
  readonly asked: Asked[];
}

/** A vendor's servers, out of recorded answers by address. */
export function vendorOf(answers: Readonly<Record<string, (asked: Asked) => Response | Promise<Response>>>): Vendor {
  const asked: Asked[] = [];
  const fetch = async (url: string | URL, init: OutboundInit = {}): Promise<Response> => {
    const one = { url: String(url), init, form: new URLSearchParams(init.body instanceof URLSearchParams ? init.body : '') };
    asked.push(one);
    const answer = answers[one.url];
    if (answer === undefined) throw new Error(`nobody answers at ${one.url}`);
    return answer(one);
  };
  return { fetch: Object.assign(fetch, { close: async () => {} }), asked };
}

export const json = (body: unknown, status = 200): Response => Response.json(body, { status });
