/** Where a request wants to go, and whether the connection lets it: what is compared with the allow-list is exactly what is sent. */
import type { ProxyPolicy } from '../connections/connection.ts';
import { ProxyRefused } from './refusal.ts';

/** All proxied paths begin with it. */
export const PROXY_PATH = '/proxy/';

/** A request target in plain form. */
export interface Target {
  readonly connection: string;
  /** Below the base of the connection. Begins with a slash. */
  readonly path: string;
  /** With its question mark; empty when there is none. */
  readonly query: string;
}

const MAX_PATH = 4_096;
const MAX_QUERY = 8_192;

/** Reads a request target. Throws a `ProxyRefused` for one that two programs could read differently. */
export function readTarget(target: string): Target {
  const [whole = ''] = target.split('?', 1);
  const query = target.slice(whole.length);
  const [, connection = '', path = ''] = /^\/proxy\/([\w.-]{1,128})(\/.*)$/s.exec(whole) ?? [];
  if (connection === '') throw odd('the address is /proxy/, the name of a connection, and the path there');
  if (path.length > MAX_PATH || query.length > MAX_QUERY) throw odd('the address is too long');
  if (!path.split('/').slice(1).every(isPlainSegment)) throw odd('the path is not in plain form: no dot segments, no encoded slashes');
  if (!/^[!-~]*$/.test(query) || query.includes('#')) throw odd('the query holds characters that have to be encoded');
  return { connection, path, query };
}

/**
 * A segment that nobody takes for something else: no character that has to be encoded, no encoded dot, slash, backslash, percent
 * sign or control character, no dot segment even with a parameter behind it, and nothing that is not UTF-8. The last may be empty.
 */
function isPlainSegment(segment: string, index: number, all: readonly string[]): boolean {
  if (segment === '') return index === all.length - 1;
  if (!/^[!$&'()*+,\-.0-9:;=@A-Z_a-z~]*$/.test(segment.replace(/%[0-9A-Fa-f]{2}/g, ''))) return false;
  if (/%(?:2[5ef]|5c|[01][0-9a-f]|7f)/i.test(segment) || /^\.{1,2}(?:;|%3b|$)/i.test(segment)) return false;
  return isUtf8(segment);
}

function isUtf8(segment: string): boolean {
  try {
    decodeURIComponent(segment);
    return true;
  } catch {
    return false;
  }
}

/** The pattern that lets a request through. Throws a `ProxyRefused` when none does. */
export function permittedBy({ methods, paths }: ProxyPolicy, method: string, path: string): string {
  const pattern = paths.find((one) => fits(one.split('/'), path.split('/')));
  if (pattern === undefined) throw new ProxyRefused('proxy_refused', 'this path is not among those that the connection passes on');
  if (!methods.includes(method))
    throw new ProxyRefused('method_refused', 'this method is not among those that the connection passes on', { allow: methods });
  return pattern;
}

/** `*` stands for one segment, `**` at the end for any number; no segment that they stand for is empty. */
function fits([pattern, ...patterns]: readonly string[], [segment, ...segments]: readonly string[]): boolean {
  if (pattern === undefined) return segment === undefined;
  if (pattern === '**' && patterns.length === 0) return segment === undefined || [segment, ...segments].every((one) => one !== '');
  if (segment === undefined || (pattern === '*' ? segment === '' : pattern !== segment)) return false;
  return fits(patterns, segments);
}

/** Where it is sent: the one origin of the connection, and the path below its base. */
export function destinationOf(
  { baseUrl }: ProxyPolicy,
  { path, query }: Target,
): { readonly origin: string; readonly path: string; readonly url: URL } {
  const base = new URL(baseUrl);
  const whole = base.pathname.replace(/\/$/, '') + path;
  const url = new URL(base.origin + whole + query);
  // A second reading by another program, the URL parser: if it differs, nothing is sent.
  if (url.origin !== base.origin || url.pathname !== whole) throw odd('the path is not in plain form');
  return { origin: base.origin, path: whole + query, url };
}

const odd = (message: string) => new ProxyRefused('invalid_request', message);
