import { authorizationUrl, freshSecrets } from '../../core/protocol/front-channel.ts';
import { type Login, wiringOf } from './login.ts';
import { safeReturnTo } from './return-to.ts';
import type { LoginTransaction } from './transaction.ts';

/** What may be asked of one sign-in. */
export interface StartOptions {
  /** A path of the same origin to go to afterwards; anything else becomes `/`. */
  readonly returnTo?: string | undefined;
  /** Another registered redirect URI, such as the loopback port that is really listened on. */
  readonly redirectUri?: string | undefined;
  /** `login`, `none`, `consent`, `select_account` or `create`: OpenID Connect Core section 3.1.2.1. */
  readonly prompt?: string | undefined;
  /** Seconds since the person last proved who they are. */
  readonly maxAge?: number | undefined;
  readonly loginHint?: string | undefined;
  /** BCP 47 tags, space-separated. */
  readonly uiLocales?: string | undefined;
  /** One of these must come back in `acr`. */
  readonly acrValues?: readonly string[] | undefined;
}

/** A sign-in that has begun: where to send the person, and what to remember until they are back. */
export interface StartedLogin {
  readonly url: URL;
  readonly transaction: LoginTransaction;
}

/**
 * Begins a sign-in: code flow with PKCE S256, state and nonce of 256 bit.
 * Throws `provider_unreachable` or `provider_invalid` when the provider's metadata cannot be had or trusted.
 */
export async function startLogin(login: Login, options: StartOptions = {}): Promise<StartedLogin> {
  const client = wiringOf(login);
  const { maxAge, acrValues, redirectUri = login.redirectUri } = options;
  const secrets = freshSecrets();
  const url = await authorizationUrl(client, { ...options, ...secrets, redirectUri });
  const transaction = Object.freeze({
    ...secrets,
    issuer: client.link.issuer,
    clientId: client.clientId,
    redirectUri,
    returnTo: safeReturnTo(options.returnTo),
    ...(maxAge !== undefined && { maxAge }),
    ...(acrValues !== undefined && { acrValues }),
    createdAt: client.link.clock(),
  });
  return { url, transaction };
}
