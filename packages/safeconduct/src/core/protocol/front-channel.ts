import * as oauth from 'oauth4webapi';
import { SafeconductError } from '../identity/errors.ts';
import { acceptsIssuer } from '../providers/issuers.ts';
import { type ClientLink, resourceOf } from './client.ts';
import type { Metadata } from './discovery.ts';
import type { ProviderLink } from './provider-link.ts';
import type { Secret } from './secret.ts';
import { errorCodeOf } from './tokens.ts';

/** What a sign-in asks the provider for. */
export interface AuthorizationRequest {
  readonly redirectUri: string;
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
  readonly prompt?: string | undefined;
  readonly maxAge?: number | undefined;
  readonly loginHint?: string | undefined;
  readonly uiLocales?: string | undefined;
  readonly acrValues?: readonly string[] | undefined;
}

/** Fresh random values for one sign-in, 256 bit each: RFC 7636 section 4.1, RFC 9700 section 2.1. */
export function freshSecrets(): { readonly state: string; readonly nonce: string; readonly verifier: string } {
  return { state: oauth.generateRandomState(), nonce: oauth.generateRandomNonce(), verifier: oauth.generateRandomCodeVerifier() };
}

/** The address that begins a sign-in: code flow with PKCE S256 and nothing else. */
export async function authorizationUrl(client: ClientLink, request: AuthorizationRequest): Promise<URL> {
  const metadata = await client.link.metadata();
  const url = new URL(required(metadata, 'authorization_endpoint'));
  const parameters: Record<string, string | undefined> = {
    client_id: client.clientId,
    redirect_uri: request.redirectUri,
    response_type: 'code',
    scope: client.scopes.join(' '),
    ...resourceOf(client),
    state: request.state,
    nonce: request.nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(request.verifier),
    code_challenge_method: 'S256',
    prompt: request.prompt,
    max_age: request.maxAge?.toString(),
    login_hint: request.loginHint,
    ui_locales: request.uiLocales,
    acr_values: request.acrValues?.join(' '),
  };
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) url.searchParams.set(name, value);
  return url;
}

/**
 * Reads the answer that the browser brought: state, then issuer, then error, then the code.
 * Nothing is sent before all of them were looked at: RFC 9207 section 2.4, RFC 9700 section 4.4.
 */
export async function readCallback(client: ClientLink, callback: URL, state: string): Promise<URLSearchParams> {
  const metadata = await client.link.metadata();
  const { searchParams } = callback;
  if (single(searchParams, 'state') !== state) throw new SafeconductError('login_state_mismatch');
  const iss = single(searchParams, 'iss');
  checkResponseIssuer(client.link, metadata, iss);
  if (searchParams.has('error')) throw denied(searchParams);
  if (!single(searchParams, 'code')) throw new SafeconductError('login_denied', { message: 'No authorization code received' });
  const named = iss === undefined ? metadata : { ...metadata, issuer: iss };
  return acceptable(() => oauth.validateAuthResponse(named, { client_id: client.clientId }, searchParams, state));
}

// What is left to the library: answers of flows that were not asked for, such as tokens in the address.
function acceptable(validate: () => URLSearchParams): URLSearchParams {
  try {
    return validate();
  } catch (cause) {
    throw new SafeconductError('login_state_mismatch', { message: 'the answer belongs to a flow that was not begun', cause });
  }
}

// A place where people of many tenants sign in names one of the tenants, or itself to the letter of its metadata, which was held
// against the configuration: RFC 9207 section 2.4.
function checkResponseIssuer({ provider }: ProviderLink, metadata: Metadata, iss: string | undefined): void {
  const missing = iss === undefined && metadata.authorization_response_iss_parameter_supported === true;
  const strange = iss !== undefined && iss !== metadata.issuer && !acceptsIssuer(provider, iss);
  if (missing || strange) throw new SafeconductError('login_issuer_mismatch');
}

// Both values come from whoever wrote the address: they are cut and cleaned before anybody prints them.
function denied(parameters: URLSearchParams): SafeconductError {
  const error = errorCodeOf({ error: single(parameters, 'error') }) ?? 'an unreadable error';
  const description = (single(parameters, 'error_description') ?? '').replace(/[^\x20-\x7e]/g, ' ').slice(0, 200);
  const message = description === '' ? error : `${error}: ${description}`;
  return new SafeconductError('login_denied', { message: `the provider answered ${message}`, cause: { error } });
}

/** What a sign-out tells the provider. */
export interface EndSessionRequest {
  readonly idToken?: Secret | undefined;
  readonly state?: string | undefined;
  readonly postLogoutRedirectUri?: string | undefined;
}

/** The address that ends the session at the provider, or undefined if it has none: OpenID Connect RP-Initiated Logout section 2. */
export async function endSessionUrl(client: ClientLink, request: EndSessionRequest): Promise<URL | undefined> {
  const { end_session_endpoint: endpoint } = await client.link.metadata();
  if (endpoint === undefined) return undefined;
  const url = new URL(endpoint);
  url.searchParams.set('client_id', client.clientId);
  if (request.idToken) url.searchParams.set('id_token_hint', request.idToken.reveal());
  if (request.postLogoutRedirectUri !== undefined) {
    url.searchParams.set('post_logout_redirect_uri', request.postLogoutRedirectUri);
    if (request.state !== undefined) url.searchParams.set('state', request.state);
  }
  return url;
}

// A parameter that is sent twice is no parameter: RFC 6749 section 3.1.
function single(parameters: URLSearchParams, name: string): string | undefined {
  const values = parameters.getAll(name);
  if (values.length > 1) throw new SafeconductError('login_state_mismatch', { message: `the answer has ${name} more than once` });
  return values[0];
}

function required(metadata: Metadata, member: 'authorization_endpoint'): string {
  const value = metadata[member];
  if (value === undefined) throw new SafeconductError('provider_invalid', { message: `the provider publishes no ${member}` });
  return value;
}
