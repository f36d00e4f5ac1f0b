import { SafeconductError } from '../identity/errors.ts';

/** The part of the standard `fetch` that is used. */
export type Fetch = (url: string, init?: RequestInit) => Promise<Response>;

/** Bounds of one call to a provider. */
export interface FetchLimits {
  /** Default 5,000 ms. */
  readonly timeoutMs?: number;
  /** Default 256 kB. */
  readonly maxBytes?: number;
}

/** True for a host that only this machine can answer: localhost, 127.0.0.0/8 and [::1]. */
export function isLoopback({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}

/** True for https, and for http on loopback: RFC 8252 section 8.3, RFC 9700 section 2.6. */
export function isSafeUrl(url: URL): boolean {
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url));
}

/** True for an answer that says nothing but to come back later: 5xx, and 429 of RFC 6585 section 4. */
export function isOutage({ status }: { readonly status: number }): boolean {
  return status >= 500 || status === 429;
}

/**
 * Wraps `fetch` for calls to a provider: https or loopback only, no redirects, a deadline, a size limit on the answer.
 * A GET whose connection broke is sent once more, within the same deadline.
 * Throws `provider_unreachable` when no answer came and `provider_invalid` when it was too large or a redirect.
 */
export function boundedFetch(fetch: Fetch, { timeoutMs = 5_000, maxBytes = 262_144 }: FetchLimits = {}): Fetch {
  return async (url, init = {}) => {
    if (!isSafeUrl(new URL(url))) throw invalid(url, 'is neither https nor loopback');
    const signal = AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(init.signal ? [init.signal] : [])]);
    const attempt = () => fetch(url, { ...init, redirect: 'manual', signal });
    try {
      const response = await ((init.method ?? 'GET') === 'GET' ? onceMore(attempt) : attempt());
      if (response.type === 'opaqueredirect' || (response.status >= 300 && response.status < 400))
        throw invalid(url, 'answered with a redirect');
      return await bounded(response, url, maxBytes);
    } catch (error) {
      if (error instanceof SafeconductError) throw error;
      if (init.signal?.aborted) throw init.signal.reason;
      throw new SafeconductError('provider_unreachable', { message: `no answer from ${placeOf(url)}`, cause: error });
    }
  };
}

/**
 * Asks a second time when the connection broke before an answer came. A connection that was kept open may have been closed at the
 * other end a moment before, which nobody here can know. Only for what may be asked twice: RFC 9110 section 9.2.2.
 */
export async function onceMore<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  try {
    return await ask();
  } catch (error) {
    if (!connectionBroke(error)) throw error;
    return ask();
  }
}

const broken = ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'];

function connectionBroke(error: unknown, depth = 0): boolean {
  if (!(error instanceof Error) || depth > 3) return false;
  return ('code' in error && broken.includes(String(error.code))) || connectionBroke(error.cause, depth + 1);
}

async function bounded(response: Response, url: string, maxBytes: number): Promise<Response> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > maxBytes) throw invalid(url, `answered with more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  const bodiless = [204, 205].includes(response.status);
  return new Response(bodiless ? null : Buffer.concat(chunks), { status: response.status, headers: response.headers });
}

function invalid(url: string, what: string): SafeconductError {
  return new SafeconductError('provider_invalid', { message: `${placeOf(url)} ${what}` });
}

// Query strings can hold secrets: name the place only.
function placeOf(url: string): string {
  const { origin, pathname } = new URL(url);
  return origin + pathname;
}
