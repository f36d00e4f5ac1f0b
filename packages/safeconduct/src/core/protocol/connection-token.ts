import * as oauth from 'oauth4webapi';
import { SafeconductError } from '../identity/errors.ts';
import { guarded, transportOf } from './client.ts';
import { type Fetch, isOutage, onceMore } from './fetch.ts';
import type { ProviderLink } from './provider-link.ts';
import type { Secret } from './secret.ts';
import { errorCodeOf, readJson, readTokenAnswer } from './tokens.ts';

/** An application that asks a provider for tokens of connected accounts. */
export interface ExchangeClient {
  readonly link: ProviderLink;
  readonly clientId: string;
  readonly authentication: oauth.ClientAuth;
  /** Bounded, with more patience than `link.fetch`: the provider may itself be asking the third party. */
  readonly fetch: Fetch;
}

/** One exchange: RFC 8693 section 2.1. */
export interface Exchange {
  readonly grantType: string;
  readonly subjectToken: string;
  readonly subjectTokenType: SubjectTokenType;
  readonly requestedTokenType: string;
  readonly connection: string;
  readonly scopes: readonly string[];
  /** The person's id at the third party, to choose among several accounts. */
  readonly account?: string | undefined;
  /** What the third party took no longer, where the provider wants to know. */
  readonly refusedToken?: string | undefined;
}

/** What stands for the person. */
export type SubjectTokenType = 'urn:ietf:params:oauth:token-type:refresh_token' | 'urn:ietf:params:oauth:token-type:access_token';

/** What a provider said to an exchange. */
export type ExchangeAnswer =
  | { readonly kind: 'token'; readonly token: Secret; readonly expiresAt: Date; readonly scopes: readonly string[] }
  | { readonly kind: 'not-connected'; readonly connectUri?: string; readonly missing?: readonly string[] }
  | { readonly kind: 'subject-refused'; readonly error: string };

const label = 'Token exchange failed';
// RFC 8693 section 2.2.2 wants invalid_request for a subject token that is not acceptable, RFC 6749 section 5.2 invalid_grant.
const ofTheSubject = ['invalid_grant', 'invalid_request', 'invalid_token'];
const ofTheApplication = ['invalid_client', 'unauthorized_client', 'unsupported_grant_type', 'invalid_target', 'invalid_scope'];

/**
 * Asks the provider for a token of a connected account, or for one that its proxy takes. The subject token is not used up, so
 * that a question whose connection broke is asked again.
 * Throws `connection_refused`, `vault_unavailable`, `provider_unreachable` or `provider_invalid`.
 */
export async function exchangeForConnection(client: ExchangeClient, exchange: Exchange): Promise<ExchangeAnswer> {
  const response = await onceMore(() => request(client, exchange));
  if (response.status !== 200) return refusalOf(response);
  const { issued_token_type: issued } = (await readJson(response.clone())) ?? {};
  if (issued !== undefined && issued !== exchange.requestedTokenType)
    throw new SafeconductError('provider_invalid', { message: `${label}: the provider answered with another issued_token_type` });
  const options = { refusal: 'connection_refused', label, scopes: exchange.scopes, now: client.link.clock() } as const;
  const { accessToken: token, expiresAt, scopes } = await readTokenAnswer(response, options);
  return { kind: 'token', token, expiresAt, scopes: separated(scopes) };
}

async function request({ link, clientId, authentication, fetch }: ExchangeClient, exchange: Exchange): Promise<Response> {
  const metadata = await link.metadata();
  const { subjectToken, subjectTokenType, requestedTokenType, connection, scopes, account, refusedToken } = exchange;
  const parameters: Record<string, string> = {
    subject_token: subjectToken,
    subject_token_type: subjectTokenType,
    requested_token_type: requestedTokenType,
    connection,
    ...(scopes.length > 0 && { scope: scopes.join(' ') }),
    ...(account !== undefined && { login_hint: account }),
    ...(refusedToken !== undefined && { refused_token: refusedToken }),
  };
  const options = { ...transportOf({ link: { ...link, fetch } }) };
  return guarded(() =>
    oauth.genericTokenEndpointRequest(metadata, { client_id: clientId }, authentication, exchange.grantType, parameters, options),
  );
}

async function refusalOf(response: Response): Promise<ExchangeAnswer> {
  const body = await readJson(response);
  const error = errorCodeOf(body);
  if (isOutage(response) || error === 'temporarily_unavailable')
    throw new SafeconductError('vault_unavailable', {
      message: `${label}: the provider answered ${response.status} ${error ?? ''}`.trimEnd(),
    });
  if (error === undefined)
    throw new SafeconductError('provider_invalid', { message: `${label}: the provider answered ${response.status} and no OAuth error` });
  if (ofTheSubject.includes(error)) return { kind: 'subject-refused', error };
  // Providers have no common word for it: 401 is what all of them answer where a person has not connected anything.
  const notConnected = error.startsWith('federated_connection_') || (response.status === 401 && !ofTheApplication.includes(error));
  if (!notConnected)
    throw new SafeconductError('connection_refused', { message: `${label}: ${error}`, cause: { error, status: response.status } });
  const { connect_uri: connectUri, missing_scope: missing } = body ?? {};
  return {
    kind: 'not-connected',
    ...(typeof connectUri === 'string' && { connectUri }),
    ...(typeof missing === 'string' && { missing: separated([missing]) }),
  };
}

// Third parties separate scopes by spaces, or like GitHub by commas.
function separated(scopes: readonly string[]): readonly string[] {
  return scopes.flatMap((scope) => scope.split(/[\s,]+/)).filter((scope) => scope !== '');
}
