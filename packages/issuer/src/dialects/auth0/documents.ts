/** Paths that are no endpoint here: pictures for people who have none, and what an Auth0 tenant has beyond an issuer. */
import type { StaticDocument } from '../dialect.ts';
import type { Place } from '../facts.ts';

const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };

export function document(path: string, place: Place): StaticDocument | undefined {
  const [, letters] = /^\/avatars\/([a-z0-9]{1,2})\.svg$/.exec(path) ?? [];
  if (letters !== undefined) return avatar(letters);
  if (path === '/api/v2' || path.startsWith('/api/v2/')) return notThere('The Management API', place);
  const [, what] = absent.find(([prefix]) => path === prefix || path.startsWith(`${prefix}/`)) ?? [];
  return what === undefined ? undefined : oauthNotThere(what);
}

const absent: readonly (readonly [string, string])[] = [
  ['/oidc/register', 'Dynamic client registration'],
  ['/bc-authorize', 'Client-initiated backchannel authentication'],
  ['/mfa', 'The MFA API'],
  ['/dbconnections', 'Sign-up and change of passwords by API'],
  ['/passwordless', 'Passwordless sign-in'],
  ['/co/authenticate', 'Cross-origin authentication'],
];

/** As the Management API writes errors. */
function notThere(what: string, { issuer }: Place): StaticDocument {
  const message = `${what} is not served by ${issuer}: people and applications are administered by the issuer's own API and command.`;
  return {
    status: 404,
    headers: JSON_TYPE,
    body: JSON.stringify({ statusCode: 404, error: 'Not Found', message, errorCode: 'not_found' }),
  };
}

/** As the Authentication API does. */
function oauthNotThere(what: string): StaticDocument {
  const body = { error: 'not_found', error_description: `${what} is not served here.` };
  return { status: 404, headers: JSON_TYPE, body: JSON.stringify(body) };
}

/** Two letters on one of a few grounds. It is a picture: with it comes no script and nothing else. */
function avatar(letters: string): StaticDocument {
  const hue = ((letters.charCodeAt(0) * 37 + letters.charCodeAt(letters.length - 1) * 11) % 24) * 15;
  const body =
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 96" width="96" height="96"><rect width="96" height="96" fill="hsl(${hue} 45% 38%)"/>` +
    `<text x="48" y="61" text-anchor="middle" font-family="system-ui,sans-serif" font-size="38" fill="#fff">${letters.toUpperCase()}</text></svg>`;
  return {
    status: 200,
    headers: {
      'content-type': 'image/svg+xml',
      'cache-control': 'public, max-age=86400',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
      'cross-origin-resource-policy': 'cross-origin',
    },
    body,
  };
}
