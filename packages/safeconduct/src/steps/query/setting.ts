import type { Identity } from '../../core/identity/identity.ts';

const LONGEST = 64 * 1024;

/**
 * Writes an identity as the one JSON value that the SQL functions of schema `safeconduct` read.
 * Throws a `TypeError` for text that PostgreSQL could not store exactly.
 */
export function settingOf(identity: Identity): string {
  const { issuer, subject, kind, organization, client, roles, scopes, actor } = identity;
  if (subject === '') throw new TypeError('the identity has an empty subject');
  const json = JSON.stringify({ iss: issuer, sub: subject, kind, org: organization, client, roles, scopes, actor });
  // JSON.stringify writes NUL as \u0000 and half a surrogate pair as \udXXX; jsonb refuses both.
  if (/\\u0000|\\ud[89a-f][0-9a-f]{2}/.test(json)) throw new TypeError('the identity holds a NUL or half a surrogate pair');
  if (json.length > LONGEST) throw new TypeError(`the identity is longer than ${LONGEST} characters`);
  return json;
}
