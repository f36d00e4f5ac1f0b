import type { SafeconductError } from '../../../core/identity/errors.ts';
import type { ProviderLink } from '../../../core/protocol/provider-link.ts';
import type { Login } from '../login.ts';
import type { CookieScope } from './cookies.ts';
import type { Seal } from './seal.ts';
import type { SessionStore } from './session-store.ts';

/** Something an operator may want to know. Holds no token, code or cookie. */
export interface LoginEvent {
  readonly level: 'info' | 'warn';
  readonly message: string;
  /** Code of the error behind it. */
  readonly code?: string;
}

/** What the parts of a web login share. */
export interface WebWiring {
  readonly login: Login;
  readonly link: ProviderLink;
  readonly sessions: SessionStore;
  readonly seal: Seal;
  readonly scope: CookieScope;
  /** Full name of the session cookie. */
  readonly sessionCookie: string;
  /** What the names of the transaction cookies begin with. */
  readonly transactionCookie: string;
  /** The origin of this application. */
  readonly origin: string;
  readonly idleMs: number;
  readonly lifetimeMs: number;
  readonly afterSignOut: string;
  readonly log: (event: LoginEvent) => void;
  readonly failed: (error: SafeconductError, request: Request) => Response | Promise<Response>;
}

/** A redirect after a POST or a GET (303, RFC 9700 section 4.12) that no cache may keep. */
export function redirect(to: string | URL, cookies: readonly string[]): Response {
  return withCookies(new Response(null, { status: 303, headers: { location: String(to) } }), cookies);
}

/** Marks a response as one person's, for no cache to keep, and sets cookies on it. */
export function withCookies(response: Response, cookies: readonly string[] = []): Response {
  const headers = new Headers(response.headers);
  headers.set('cache-control', 'private, no-store');
  if (!/\bcookie\b/i.test(headers.get('vary') ?? '')) headers.append('vary', 'Cookie');
  for (const cookie of cookies) headers.append('set-cookie', cookie);
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}
