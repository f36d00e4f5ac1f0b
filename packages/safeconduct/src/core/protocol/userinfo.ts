import * as oauth from 'oauth4webapi';
import type { Claims } from '../identity/claims.ts';
import { SafeconductError } from '../identity/errors.ts';
import { type ClientLink, guarded, transportOf } from './client.ts';
import { isOutage } from './fetch.ts';
import type { Secret } from './secret.ts';
import { readJson } from './tokens.ts';

/** Asks userinfo about `subject`: OpenID Connect Core section 5.3. An answer about anybody else is refused (section 5.3.2). */
export async function readUserinfo(client: ClientLink, accessToken: Secret, subject: string): Promise<Claims> {
  const metadata = await client.link.metadata();
  if (metadata.userinfo_endpoint === undefined)
    throw new SafeconductError('provider_invalid', { message: 'the provider has no userinfo endpoint' });
  const self = { client_id: client.clientId };
  const response = await guarded(() => oauth.userInfoRequest(metadata, self, accessToken.reveal(), transportOf(client)));
  if (response.status === 401 || response.status === 403) {
    throw new SafeconductError('token_invalid', {
      message: `userinfo answered ${response.status}: the access token is not for it or has ended`,
    });
  }
  if (isOutage(response)) throw new SafeconductError('provider_unreachable', { message: `userinfo answered ${response.status}` });
  const body = response.status === 200 ? await readJson(response) : undefined;
  if (body === undefined)
    throw new SafeconductError('provider_invalid', { message: `userinfo answered ${response.status} and no JSON object` });
  if (body.sub !== subject) throw new SafeconductError('provider_invalid', { message: 'userinfo answered about another subject' });
  return body;
}
