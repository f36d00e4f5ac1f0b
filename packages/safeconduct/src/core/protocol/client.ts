import * as oauth from 'oauth4webapi';
import { SafeconductError } from '../identity/errors.ts';
import type { Metadata } from './discovery.ts';
import { isLoopback, isOutage } from './fetch.ts';
import type { ProviderLink } from './provider-link.ts';
import type { Secret } from './secret.ts';
import { errorCodeOf, readJson, readTokenAnswer, type Tokens } from './tokens.ts';

/** An application at a provider. */
export interface ClientLink {
  readonly link: ProviderLink;
  readonly clientId: string;
  /** Absent for a public client. */
  readonly clientSecret?: Secret | undefined;
  /** RFC 8707 resource indicator: the API that access tokens are for. */
  readonly resource?: string | undefined;
  readonly scopes: readonly string[];
}

/** An authorization code with what proves that we asked for it. `callback` comes from `readCallback`. */
export interface CodeProof {
  readonly callback: URLSearchParams;
  readonly redirectUri: string;
  readonly verifier: string;
}

/** Redeems an authorization code: RFC 6749 section 4.1.3 with RFC 7636. Throws `code_exchange_failed`. */
export async function exchangeCode(client: ClientLink, { callback, redirectUri, verifier }: CodeProof): Promise<Tokens> {
  const { metadata, self, auth, options } = await call(client);
  const response = await guarded(() => oauth.authorizationCodeGrantRequest(metadata, self, auth, callback, redirectUri, verifier, options));
  return readTokenAnswer(response, {
    refusal: 'code_exchange_failed',
    label: 'Token exchange failed',
    scopes: client.scopes,
    now: client.link.clock(),
  });
}

/** Redeems a refresh token: RFC 6749 section 6. Throws `refresh_refused`. */
export async function exchangeRefreshToken(client: ClientLink, refreshToken: Secret, scopes: readonly string[]): Promise<Tokens> {
  const { metadata, self, auth, options } = await call(client);
  const response = await guarded(() => oauth.refreshTokenGrantRequest(metadata, self, auth, refreshToken.reveal(), options));
  return readTokenAnswer(response, { refusal: 'refresh_refused', label: 'Refresh failed', scopes, now: client.link.clock() });
}

/** Revokes one token: RFC 7009. False when the provider has no such endpoint or cannot revoke this kind of token. */
export async function revoke(client: ClientLink, token: Secret, hint: 'refresh_token' | 'access_token'): Promise<boolean> {
  const { metadata, self, auth, options } = await call(client);
  if (metadata.revocation_endpoint === undefined) return false;
  const additional = { ...options, additionalParameters: { token_type_hint: hint } };
  const response = await guarded(() => oauth.revocationRequest(metadata, self, auth, token.reveal(), additional));
  if (response.status === 200) return true;
  const error = errorCodeOf(await readJson(response));
  if (error === 'unsupported_token_type') return false;
  if (isOutage(response)) throw new SafeconductError('provider_unreachable', { message: `revocation answered ${response.status}` });
  throw new SafeconductError('provider_invalid', { message: `revocation answered ${response.status} ${error ?? ''}`.trimEnd() });
}

/** What every call of an authenticated endpoint needs. */
export interface Call {
  readonly metadata: Metadata;
  readonly self: oauth.Client;
  readonly auth: oauth.ClientAuth;
  readonly options: oauth.TokenEndpointRequestOptions;
}

/** Prepares a call as this client. */
export async function call(client: ClientLink): Promise<Call> {
  const metadata = await client.link.metadata();
  return {
    metadata,
    self: { client_id: client.clientId },
    auth: authenticationOf(client, metadata),
    options: {
      ...transportOf(client),
      additionalParameters: resourceOf(client),
    },
  };
}

/** Names the API that access tokens are for, the way the provider wants it named. */
export function resourceOf({ link, resource }: ClientLink): Record<string, string> {
  const { resourceParameter = 'resource' } = link.provider;
  return resource === undefined || resourceParameter === 'scopes' ? {} : { [resourceParameter]: resource };
}

/** Routes a library call through the bounded fetch. Discovery has already refused http beyond loopback. */
export function transportOf({ link }: Pick<ClientLink, 'link'>) {
  return {
    [oauth.customFetch]: link.fetch as (url: string) => Promise<Response>,
    [oauth.allowInsecureRequests]: isLoopback(new URL(link.issuer)),
  };
}

/** Turns the protocol library's own complaints about a provider into `provider_invalid`. */
export async function guarded(work: () => Promise<Response>): Promise<Response> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof oauth.OperationProcessingError || error instanceof oauth.UnsupportedOperationError) {
      throw new SafeconductError('provider_invalid', { message: error.message, cause: error });
    }
    throw error;
  }
}

// RFC 6749 section 2.3.1: Basic is the method every provider must take; the body only where the provider says it wants that.
function authenticationOf({ clientSecret }: ClientLink, metadata: Metadata): oauth.ClientAuth {
  if (clientSecret === undefined) return oauth.None();
  const methods = metadata.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
  const basic = methods.includes('client_secret_basic') || !methods.includes('client_secret_post');
  return basic ? oauth.ClientSecretBasic(clientSecret.reveal()) : oauth.ClientSecretPost(clientSecret.reveal());
}
