import { SafeconductError } from '../../core/identity/errors.ts';
import type { Identity } from '../../core/identity/identity.ts';
import { isSafeUrl } from '../../core/protocol/fetch.ts';
import { answerTo, forgetToken, type TokenQuestion } from './token-for.ts';
import { assertConnectionName, assertReachable, assertScopes, type ReachWiring } from './wiring.ts';

/** A `fetch` that acts as one person at one third party. */
export type PersonFetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** How requests reach the third party. */
export type FetchAsOptions = FetchAsRequest & (ThroughVault | ThroughProxy);

interface FetchAsRequest {
  readonly scopes?: readonly string[];
  /** The person's id at the third party, to choose among several accounts. */
  readonly account?: string;
}

/** This program holds the token and puts it on each request. */
export interface ThroughVault {
  readonly through?: 'vault';
  /** The only origins that the token goes to, such as `https://api.calendar.example`. Paths are below the first of them. */
  readonly origins: readonly string[];
}

/** The provider puts the token on each request: this program never sees it. Addresses are paths below what the connection declares. */
export interface ThroughProxy {
  readonly through: 'proxy';
}

/** Gives the address to send to, or throws `destination_refused`. */
type Destination = (address: string) => string;

/**
 * Makes a fetch that acts as a person. Redirects are not followed: whoever follows one must look where the token goes. A request that
 * the third party answers with 401 is sent once more with a new token, if its body can be sent again and there is another token.
 */
export function fetchAs(reach: ReachWiring, identity: Identity, options: FetchAsOptions & { readonly connection: string }): PersonFetch {
  const { connection, scopes = [], account } = options;
  assertReachable(reach, identity);
  assertConnectionName(connection);
  assertScopes(scopes);
  const proxy = options.through === 'proxy' ? proxyOf(reach) : undefined;
  const destination = options.through === 'proxy' ? throughProxy(`${proxy?.url}${connection}`) : withinOrigins(options.origins);
  const question = { identity, connection, scopes, account, requestedTokenType: proxy?.tokenType ?? reach.vault.tokenType };
  return async (input, init) => {
    const address = input instanceof Request ? input.url : String(input);
    return send(reach, question, { url: destination(address), input, init });
  };
}

interface Sending {
  readonly url: string;
  readonly input: string | URL | Request;
  readonly init: RequestInit | undefined;
}

async function send(reach: ReachWiring, question: TokenQuestion, { url, input, init }: Sending): Promise<Response> {
  const request = input instanceof Request ? partsOf(input, init) : { ...init };
  const ask = (refusedToken?: string) => untilAborted(() => tokenOrThrow(reach, { ...question, refusedToken }), request.signal);
  const attempt = async (token: string): Promise<Response> => {
    const headers = new Headers(request.headers);
    headers.set('authorization', `Bearer ${token}`);
    return reach.fetch(url, { ...request, headers, redirect: 'manual' });
  };
  const token = await ask();
  const response = await attempt(token);
  if (response.status !== 401) return response;
  forgetToken(reach, question, token);
  if (!canBeSentAgain(request.body)) return response;
  const next = await ask(token).catch(async (error: unknown) => {
    await response.body?.cancel();
    throw error;
  });
  if (next === token) return response;
  await response.body?.cancel();
  return attempt(next);
}

/** Waits no longer than the caller wants to. What was asked goes on: others may share it. */
async function untilAborted<Answer>(ask: () => Promise<Answer>, signal: AbortSignal | null = null): Promise<Answer> {
  if (signal === null) return ask();
  signal.throwIfAborted();
  let abort = (): void => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    abort = () => reject(signal.reason);
  });
  signal.addEventListener('abort', abort);
  try {
    return await Promise.race([ask(), aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

async function tokenOrThrow(reach: ReachWiring, question: TokenQuestion): Promise<string> {
  const outcome = await answerTo(reach, question);
  if (outcome.kind === 'token') return outcome.token.reveal();
  const { connection, link, missing } = outcome;
  throw new SafeconductError('connection_needed', { message: `an account has to be connected with ${connection} first`, link, missing });
}

// The address is chosen apart from the request, which is why it is taken to pieces.
function partsOf(request: Request, init: RequestInit = {}): RequestInit {
  const { method, headers, body, signal } = request;
  return { method, headers, signal, ...(body !== null && { body, duplex: 'half' }), ...init };
}

function canBeSentAgain(body: RequestInit['body']): boolean {
  const isStream = typeof body === 'object' && body !== null && (body instanceof ReadableStream || Symbol.asyncIterator in body);
  return !isStream;
}

function proxyOf({ vault, client }: ReachWiring): NonNullable<ReachWiring['vault']['proxy']> {
  if (vault.proxy === undefined) throw new TypeError(`${client.link.provider.name} has no proxy: leave "through" out and give origins`);
  return vault.proxy;
}

function withinOrigins(origins: readonly string[]): Destination {
  if (!Array.isArray(origins) || origins.length === 0)
    throw new TypeError('origins must name where the token may go, such as https://api.calendar.example');
  const allowed = origins.map(originOf);
  return (address) => {
    const url = URL.canParse(address, allowed[0]) ? new URL(address, allowed[0]) : undefined;
    // The origin of a blob: address is the one that is written inside of it.
    if (url === undefined || !isSafeUrl(url) || !allowed.includes(url.origin) || url.username !== '' || url.password !== '')
      throw refused(`it lies outside of ${allowed.join(', ')}`);
    return url.href;
  };
}

function originOf(value: string): string {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined || !isSafeUrl(url)) throw new TypeError(`origin "${value}" must be https (http only on loopback)`);
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '' || url.username !== '')
    throw new TypeError(`origin "${value}" must be scheme and host alone`);
  return url.origin;
}

// Any origin that no real address has will do: a path must stay below it, as a browser would read it.
const somewhere = 'https://proxy.invalid';

function throughProxy(base: string): Destination {
  return (address) => {
    const url = address.startsWith('/') && URL.canParse(address, somewhere) ? new URL(address, somewhere) : undefined;
    if (url === undefined || url.origin !== somewhere) throw refused('through the proxy it must be a path that begins with one slash');
    return base + url.pathname + url.search;
  };
}

function refused(why: string): SafeconductError {
  return new SafeconductError('destination_refused', { message: `the address was refused: ${why}` });
}
