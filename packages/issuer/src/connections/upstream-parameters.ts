/** What an authorization request to a third party says. */
import * as oauth from 'oauth4webapi';
import type { Connection } from './connection.ts';
import { type Preset, presets } from './presets.ts';
import { UpstreamRefused, type UpstreamRequest } from './third-party.ts';

/** Parameters that only the protocol sets: neither a configuration nor an application may bring them. */
export const protocolParameters: ReadonlySet<string> = new Set([
  'client_id',
  'client_secret',
  'client_assertion',
  'client_assertion_type',
  'code',
  'code_challenge',
  'code_challenge_method',
  'code_verifier',
  'grant_type',
  'id_token_hint',
  'iss',
  'nonce',
  'redirect_uri',
  'registration',
  'request',
  'request_uri',
  'response_mode',
  'response_type',
  'scope',
  'state',
  'user_scope',
]);

// These say who somebody is, and need no refresh token.
const identityScopes = new Set(['openid', 'profile', 'email', 'address', 'phone']);

/** The address that the browser is sent to: code flow with PKCE S256, and a nonce where the answer has an ID token. */
export async function authorizationUrl(connection: Connection, endpoint: string, request: UpstreamRequest): Promise<URL> {
  const preset = presets[connection.preset];
  const scopes = scopesAsked(connection, request);
  const url = new URL(endpoint);
  const parameters: Readonly<Record<string, string | undefined>> = {
    ...(scopes.some((scope) => !identityScopes.has(scope)) && offlineParams(preset, scopes)),
    ...allowed(connection.authorizationParams),
    ...allowed(request.params ?? {}),
    ...(request.prompt !== undefined && { prompt: request.prompt }),
    ...(request.loginHint !== undefined && { login_hint: request.loginHint }),
    client_id: connection.clientId,
    redirect_uri: request.redirectUri,
    response_type: 'code',
    [preset.scope.parameter]: scopes.length === 0 ? undefined : scopes.join(preset.scope.separator),
    state: request.state,
    nonce: connection.issuer === undefined ? undefined : request.nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(request.codeVerifier),
    code_challenge_method: 'S256',
  };
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) url.searchParams.set(name, value);
  return url;
}

/** Every scope that is asked for, once. */
export function scopesAsked(connection: Connection, { scopes }: Pick<UpstreamRequest, 'scopes'>): readonly string[] {
  const openid = connection.issuer === undefined ? [] : ['openid'];
  return [...new Set([...openid, ...connection.scopes, ...scopes])];
}

// OpenID Connect Core section 11: access while somebody is away needs their consent, asked for each time.
function offlineParams(preset: Preset, scopes: readonly string[]): Readonly<Record<string, string>> {
  return { ...(scopes.includes('offline_access') && { prompt: 'consent' }), ...preset.offlineParams };
}

function allowed(params: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const taken = Object.keys(params).find((name) => protocolParameters.has(name.toLowerCase()));
  if (taken !== undefined) throw new UpstreamRefused('invalid_request', `the parameter ${taken} belongs to the protocol: leave it out`);
  return params;
}
