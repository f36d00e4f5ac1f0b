import { SafeconductError } from '../../core/identity/errors.ts';

/** Anything that has headers: a `Request`, or Node's `IncomingMessage`. */
export interface Bearing {
  readonly headers: Headers | Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Node's list of names and values, in which a header that came twice still shows. */
  readonly rawHeaders?: readonly string[] | undefined;
}

const longestHeader = 17_000;
const longestToken = 16_384;
const headerName = 'authorization';

/**
 * The value of the `Authorization` header, and of nothing else: RFC 6750 section 2.1, OAuth 2.1 section 5.1.
 * Good for a comparison; `tokenOf` comes before any other use. Throws `token_missing` without one, `request_malformed` for two.
 */
export function credentialsOf(request: Bearing): string {
  const value = authorizationOf(request);
  if (value === undefined || value === '') throw new SafeconductError('token_missing');
  return value;
}

/**
 * The token that credentials hold behind `Bearer`. Throws `token_missing` for another scheme, `token_malformed` for more than
 * 16 kB, and `request_malformed` unless it is one token68 of RFC 9110 section 11.2 (two headers joined by a comma are none).
 */
export function tokenOf(credentials: string): string {
  const token = behindBearer(credentials);
  if (!/^[A-Za-z0-9._~+/-]+=*$/.test(token)) throw new SafeconductError('request_malformed');
  if (token.length > longestToken) throw new SafeconductError('token_malformed', { message: 'the access token is longer than 16 kB' });
  return token;
}

function behindBearer(value: string): string {
  if (value.length > longestHeader) throw new SafeconductError('token_malformed', { message: 'the Authorization header is too long' });
  if (value.startsWith('Bearer ')) return value.slice(7);
  const [scheme = ''] = value.split(' ', 1);
  // Another scheme is no Bearer token, and so no credentials at all for this API.
  if (scheme.toLowerCase() !== 'bearer')
    throw new SafeconductError('token_missing', { message: 'the Authorization header is not of the Bearer scheme' });
  return value.slice(7);
}

function authorizationOf({ headers, rawHeaders }: Bearing): string | undefined {
  if (typeof headers.get === 'function') return (headers as Headers).get(headerName) ?? undefined;
  const plain = headers as Readonly<Record<string, string | readonly string[] | undefined>>;
  // Node keeps the first of two Authorization headers and forgets the second: only the raw list tells.
  const known = rawHeaders !== undefined && rawHeaders.length > 0;
  if (known && timesIn(rawHeaders) > 1) throw new SafeconductError('request_malformed');
  const value = known ? plain[headerName] : onlyOne(plain);
  if (value === undefined || typeof value === 'string') return value;
  if (value.length > 1) throw new SafeconductError('request_malformed');
  return value[0];
}

function timesIn(rawHeaders: readonly string[]): number {
  let times = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) if (isHeaderName(rawHeaders[index])) times++;
  return times;
}

function onlyOne(headers: Readonly<Record<string, string | readonly string[] | undefined>>): string | readonly string[] | undefined {
  let found: string | readonly string[] | undefined;
  for (const name of Object.keys(headers)) {
    if (!isHeaderName(name) || headers[name] === undefined) continue;
    if (found !== undefined) throw new SafeconductError('request_malformed');
    found = headers[name];
  }
  return found;
}

// The length settles it for nearly every header, without a copy in lower case.
function isHeaderName(name: string | undefined): boolean {
  return name !== undefined && name.length === headerName.length && (name === headerName || name.toLowerCase() === headerName);
}
