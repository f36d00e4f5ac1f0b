/** Ends tokens at a third party: RFC 7009, or the preset's own way. */
import * as oauth from 'oauth4webapi';
import type { Connection } from './connection.ts';
import type { OutboundFetch } from './outbound-fetch.ts';
import { presets } from './presets.ts';
import { UpstreamFailed, UpstreamRefused, type UpstreamTokens } from './third-party.ts';
import { isRecord, type Metadata } from './upstream-metadata.ts';

export interface Revocation {
  readonly connection: Connection;
  readonly metadata: Metadata;
  readonly tokens: Pick<UpstreamTokens, 'accessToken' | 'refreshToken'>;
  /** Within the time that is left for all of it. */
  readonly fetch: OutboundFetch;
  readonly clientAuthentication: oauth.ClientAuth;
}

type Revoke = (revocation: Revocation, endpoint: string) => Promise<void>;

/** Resolves when nothing of it is good any more; a token that is unknown there already is as good as revoked. */
export async function revokeTokens(revocation: Revocation): Promise<'revoked' | 'unsupported'> {
  const { connection, metadata } = revocation;
  const way = presets[connection.preset].revocation;
  const endpoint = metadata.revocation_endpoint;
  if (way === 'none' || endpoint === undefined) return 'unsupported';
  await ways[way](revocation, endpoint);
  return 'revoked';
}

const ways: Readonly<Record<'rfc7009' | 'github' | 'slack', Revoke>> = { rfc7009: byRfc7009, github: byGithub, slack: bySlack };

/** The refresh token first: with it goes what it could still bring. */
async function byRfc7009({ connection, metadata, tokens, fetch, clientAuthentication }: Revocation): Promise<void> {
  const { accessToken, refreshToken } = tokens;
  const client = { client_id: connection.clientId };
  const ask = async (token: string, hint: 'refresh_token' | 'access_token') => {
    const response = await oauth.revocationRequest(metadata, client, clientAuthentication, token, {
      additionalParameters: { token_type_hint: hint },
      [oauth.allowInsecureRequests]: true,
      [oauth.customFetch]: fetch,
    });
    return response.ok ? undefined : refusalOf(connection, response);
  };
  const refused = refreshToken === undefined ? undefined : await ask(refreshToken, 'refresh_token');
  if (refused) throw refused;
  const late = await ask(accessToken, 'access_token');
  // Many end access tokens with their refresh token and know no other way.
  if (late && (refreshToken === undefined || late instanceof UpstreamFailed)) throw late;
}

/** Undefined where the answer says that the token is good for nothing: Google does not answer 200 as RFC 7009 section 2.2 has it. */
async function refusalOf({ id }: Connection, response: Response): Promise<Error | undefined> {
  const body: unknown = await response.json().catch(() => undefined);
  const code = isRecord(body) && typeof body.error === 'string' && /^[\w.-]{1,100}$/.test(body.error) ? body.error : undefined;
  if (code === 'invalid_token') return undefined;
  const message = `the revocation endpoint of ${id} answered ${code ?? response.status}`;
  return code === undefined || response.status >= 500 ? new UpstreamFailed(message, { sent: true }) : new UpstreamRefused(code, message);
}

// A refresh token of theirs ends with the access token that came with it.
async function byGithub({ connection, tokens, fetch }: Revocation, endpoint: string): Promise<void> {
  const secret = connection.clientSecret?.reveal() ?? '';
  const response = await fetch(endpoint.replace('{client_id}', encodeURIComponent(connection.clientId)), {
    method: 'DELETE',
    headers: {
      accept: 'application/vnd.github+json',
      authorization: `Basic ${Buffer.from(`${connection.clientId}:${secret}`).toString('base64')}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ access_token: tokens.accessToken }),
  });
  // 404 and 422: no token of this application.
  if (![204, 404, 422].includes(response.status))
    throw new UpstreamFailed(`the revocation endpoint of ${connection.id} answered ${response.status}`, { sent: true });
}

const goneAtSlack = ['token_revoked', 'token_expired', 'invalid_auth', 'account_inactive'];

async function bySlack({ connection, tokens, fetch }: Revocation, endpoint: string): Promise<void> {
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: { authorization: `Bearer ${tokens.accessToken}` },
    body: new URLSearchParams(),
  });
  const body: unknown = await response.json().catch(() => undefined);
  if (isRecord(body) && (body.ok === true || goneAtSlack.includes(String(body.error)))) return;
  throw new UpstreamFailed(`the revocation endpoint of ${connection.id} answered ${response.status} and did not revoke`, { sent: true });
}
