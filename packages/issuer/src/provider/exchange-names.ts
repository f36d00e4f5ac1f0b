/** The names of the exchange on the wire: its two grant types, and the types of the tokens in it. */

/** RFC 8693. */
export const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
/** Auth0's grant type for the same, as its SDKs send it. */
export const FEDERATED_EXCHANGE = 'urn:auth0:params:oauth:grant-type:token-exchange:federated-connection-access-token';

/** RFC 8693, 3. */
export const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
export const REFRESH_TOKEN = 'urn:ietf:params:oauth:token-type:refresh_token';
/** A third party's access token out of the vault. */
export const CONNECTION_TOKEN = 'urn:safeconduct:params:oauth:token-type:connection-access-token';
/** The same in Auth0's words, to the letter. */
export const FEDERATED_TOKEN = 'http://auth0.com/oauth/token-type/federated-connection-access-token';

/** What an exchange may send beyond the client's own proof. */
export const EXCHANGE_PARAMETERS: readonly string[] = [
  'subject_token',
  'subject_token_type',
  'requested_token_type',
  'connection',
  'login_hint',
  'refused_token',
  'scope',
  'audience',
  'resource',
  'actor_token',
  'actor_token_type',
];

/** The audience of the tokens that go through the proxy to a connection. */
export const proxyAudience = (issuer: string, connection: string): string => `${issuer}/proxy/${encodeURIComponent(connection)}`;

/** Whether a token for this audience is for the proxy, and good for nothing else. */
export const isForProxy = (issuer: string, audience: string): boolean => audience.startsWith(`${issuer}/proxy/`);

/** The link that a person follows to connect an account and to allow an application to use it. */
export function connectUriOf(
  issuer: string,
  { connection, client, scopes }: { readonly connection: string; readonly client: string; readonly scopes: readonly string[] | undefined },
): string {
  const link = new URL(`/connect/${encodeURIComponent(connection)}`, issuer);
  link.searchParams.set('client_id', client);
  if (scopes) link.searchParams.set('scope', scopes.join(' '));
  return link.href;
}
