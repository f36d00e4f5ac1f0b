import * as oauth from 'oauth4webapi';
import { SafeconductError } from '../identity/errors.ts';
import { guarded, transportOf } from './client.ts';
import type { ExchangeClient } from './connection-token.ts';
import type { Secret } from './secret.ts';
import { readTokenAnswer } from './tokens.ts';

/** What a token for the accounts API is asked for with. */
export interface AccountsTokenRequest {
  readonly refreshToken: string;
  readonly audience: string;
  readonly scope: string;
}

/**
 * Asks for a token for the accounts API with the refresh token of a sign-in, at providers where one refresh token serves several APIs
 * and is not used up. Throws `identity_ended`, `provider_unreachable` or `provider_invalid`.
 */
export async function requestAccountsToken(
  client: ExchangeClient,
  { refreshToken, audience, scope }: AccountsTokenRequest,
): Promise<Secret> {
  const { link, clientId, authentication, fetch } = client;
  const metadata = await link.metadata();
  const options = { ...transportOf({ link: { ...link, fetch } }), additionalParameters: { audience, scope } };
  const response = await guarded(() =>
    oauth.refreshTokenGrantRequest(metadata, { client_id: clientId }, authentication, refreshToken, options),
  );
  const label = 'No token for the accounts API';
  const answer = await readTokenAnswer(response, { refusal: 'identity_ended', label, scopes: scope.split(' '), now: link.clock() });
  // The application keeps the old one, which would end its session when it comes again.
  if (answer.refreshToken !== undefined && answer.refreshToken.reveal() !== refreshToken)
    throw new SafeconductError('provider_invalid', {
      message: `${label}: the provider rotates refresh tokens: switch that off for this application`,
    });
  return answer.accessToken;
}
