import { SafeconductError } from '../../core/identity/errors.ts';

/** Anything that has headers: a `Request`, or Node's `IncomingMessage`. */
export interface Bearing {
  readonly headers: Headers | Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Node's list of names and values, in which a header that came twice still shows. */
  readonly rawHeaders?: readonly string[] | undefined;
}

const longestHeader = 17_000;

/**
 * The token of the `Authorization` header, and of nothing else: RFC 6750 section 2.1, OAuth 2.1 section 5.1.
 * Throws `token_missing` without one, `request_malformed` for two of them or for what is no single Bearer token.
 */
export function bearerOf(request: Bearing): string {
  const value = authorizationOf(request);
  if (value === undefined || value === '') throw new SafeconductError('token_missing');
  if (value.length > longestHeader) throw new SafeconductError('token_malformed', { message: 'the Authorization header is too long' });
  const [scheme = '', token, ...more] = value.split(' ');
  // Another scheme is no Bearer token, and so no credentials at all for this API.
  if (scheme.toLowerCase() !== 'bearer')
    throw new SafeconductError('token_missing', { message: 'the Authorization header is not of the Bearer scheme' });
  // token68 of RFC 9110 section 11.2; two headers that were joined by a comma do not pass.
  if (token === undefined || more.length > 0 || !/^[A-Za-z0-9._~+/-]+=*$/.test(token)) throw new SafeconductError('request_malformed');
  return token;
}

function authorizationOf({ headers, rawHeaders = [] }: Bearing): string | undefined {
  // Node keeps the first of two Authorization headers and forgets the second: only the raw list tells.
  const times = rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === 'authorization').length;
  if (times > 1) throw new SafeconductError('request_malformed');
  if (typeof headers.get === 'function') return (headers as Headers).get('authorization') ?? undefined;
  const found = Object.entries(headers).filter(([name]) => name.toLowerCase() === 'authorization');
  const values = found.flatMap(([, value]) => value ?? []);
  if (values.length > 1) throw new SafeconductError('request_malformed');
  return values[0];
}
