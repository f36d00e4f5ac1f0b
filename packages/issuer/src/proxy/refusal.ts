/** Why a request is not passed on, or its answer not passed back. */
import type { ServerResponse } from 'node:http';

/** How each code is answered. */
const statuses = {
  invalid_request: 400,
  token_missing: 401,
  invalid_token: 401,
  federated_connection_account_not_found: 401,
  proxy_refused: 403,
  method_refused: 405,
  request_timeout: 408,
  request_too_large: 413,
  too_many_requests: 429,
  upstream_unauthorized: 502,
  upstream_redirect: 502,
  upstream_unreachable: 502,
  upstream_too_large: 502,
  temporarily_unavailable: 503,
  upstream_timeout: 504,
} as const;

export type ProxyError = keyof typeof statuses;

export interface RefusalDetails {
  /** Seconds. */
  readonly retryAfter?: number;
  readonly allow?: readonly string[];
  /** Further members of the answer, such as `connect_uri`. */
  readonly members?: Readonly<Record<string, string>>;
}

/** A request that ends at the proxy. Its message goes to the caller: it quotes nothing of the third party. */
export class ProxyRefused extends Error {
  override readonly name = 'ProxyRefused';
  readonly code: ProxyError;
  readonly details: RefusalDetails;
  constructor(code: ProxyError, message: string, details: RefusalDetails = {}) {
    super(message);
    this.code = code;
    this.details = details;
  }

  get status(): number {
    return statuses[this.code];
  }
}

/** What every answer of the proxy carries: nobody keeps it, and no browser takes it for a page of this origin. */
export const guardHeaders: Readonly<Record<string, string>> = Object.freeze({
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; sandbox; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
});

/** Answers with a refusal. The body of the request may not have been read: the connection ends then. */
export function answerRefusal(response: ServerResponse, { code, status, message, details }: ProxyRefused): void {
  const { retryAfter, allow, members } = details;
  const unread = !response.req.complete;
  response.writeHead(status, {
    ...guardHeaders,
    'content-type': 'application/json',
    ...challengeOf(code),
    ...(retryAfter !== undefined && { 'retry-after': String(retryAfter) }),
    ...(allow && { allow: allow.join(', ') }),
    ...(unread && { connection: 'close' }),
  });
  const error = code === 'token_missing' ? 'invalid_token' : code;
  response.end(JSON.stringify({ error, error_description: message, ...members }));
  if (unread) response.req.resume();
}

// RFC 6750 section 3.1: without credentials no error code.
function challengeOf(code: ProxyError): Readonly<Record<string, string>> {
  if (code === 'token_missing') return { 'www-authenticate': 'Bearer' };
  return code === 'invalid_token' ? { 'www-authenticate': 'Bearer error="invalid_token"' } : {};
}
