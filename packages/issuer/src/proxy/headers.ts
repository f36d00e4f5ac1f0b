/** Which headers cross the proxy. Everything else stays on its side, above all credentials and what tells of the network. */
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import { guardHeaders } from './refusal.ts';

const asked = [
  'accept',
  'accept-encoding',
  'accept-language',
  'content-encoding',
  'content-language',
  'content-length',
  'content-type',
  'idempotency-key',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'prefer',
  'range',
  // Microsoft Graph and GitHub change their answers by these.
  'consistencylevel',
  'x-github-api-version',
];

const answered = [
  'accept-ranges',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-length',
  'content-range',
  'content-type',
  'etag',
  'last-modified',
  'link',
  'preference-applied',
  'retry-after',
  'x-ratelimit-limit',
  'x-ratelimit-remaining',
  'x-ratelimit-reset',
];

/** What the third party sees: what of the caller's headers may pass, and the person's token. */
export function headersThere(headers: IncomingHttpHeaders, accessToken: string): Record<string, string> {
  return { ...picked(headers, asked), 'user-agent': 'safeconduct', authorization: `Bearer ${accessToken}` };
}

/** What the caller sees. Where something new is, is told only when something was made: nobody is sent on to anywhere. */
export function headersBack(headers: IncomingHttpHeaders, status: number): OutgoingHttpHeaders {
  const names = status === 201 ? [...answered, 'location'] : answered;
  return { ...picked(headers, names), ...guardHeaders };
}

function picked(headers: IncomingHttpHeaders, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => (headers[name] === undefined ? [] : [[name, [headers[name]].flat().join(', ')]])));
}
