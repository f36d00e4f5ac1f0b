import type { ClientLink } from '../../core/protocol/client.ts';
import type { Clock } from '../../core/protocol/clock.ts';
import { type Fetch, isSafeUrl } from '../../core/protocol/fetch.ts';
import { linkProvider } from '../../core/protocol/provider-link.ts';
import { Secret } from '../../core/protocol/secret.ts';
import type { ProviderPreset } from '../../core/providers/preset.ts';

/** How an application signs people in. */
export interface LoginOptions {
  readonly provider: ProviderPreset;
  readonly clientId: string;
  /** Leave it out for a public client (native, terminal). */
  readonly clientSecret?: string;
  /** As registered, kept to the letter. */
  readonly redirectUri: string;
  /** Where the provider sends the browser after sign-out, as registered. */
  readonly postLogoutRedirectUri?: string;
  /** Must hold `openid`. Add `offline_access` for a refresh token. */
  readonly scopes: readonly string[];
  /** The API that access tokens are for (RFC 8707; Auth0 calls it audience). Some providers want it named in `scopes` instead. */
  readonly resource?: string;
  /** Default: the global `fetch`. */
  readonly fetch?: Fetch;
  /** Milliseconds since 1970. Default: `Date.now`. */
  readonly clock?: Clock;
}

/** An application at a provider, ready to sign people in. Made by `createLogin` alone. */
export interface Login {
  readonly provider: ProviderPreset;
  readonly clientId: string;
  readonly redirectUri: string;
  readonly postLogoutRedirectUri?: string;
  readonly scopes: readonly string[];
  readonly resource?: string;
}

const wirings = new WeakMap<Login, ClientLink>();

/**
 * Wires a login and keeps the provider's metadata and keys for all who use it. Calls nobody yet.
 * Throws a `TypeError` for what can never work: http beyond loopback, scopes without `openid`, unknown algorithms.
 */
export function createLogin(options: LoginOptions): Login {
  const { provider, clientId, clientSecret, redirectUri, postLogoutRedirectUri, scopes, resource, fetch, clock } = options;
  checkOptions(options);
  const link = linkProvider({ ...provider, fetch, clock });
  const login: Login = Object.freeze({
    provider,
    clientId,
    redirectUri,
    scopes: Object.freeze([...scopes]),
    ...(postLogoutRedirectUri !== undefined && { postLogoutRedirectUri }),
    ...(resource !== undefined && { resource }),
  });
  const secret = clientSecret === undefined ? undefined : new Secret(clientSecret);
  wirings.set(login, Object.freeze({ link, clientId, clientSecret: secret, resource, scopes: login.scopes }));
  return login;
}

/** What is behind a login. Internal. Refuses look-alikes. */
export function wiringOf(login: Login): ClientLink {
  const wiring = wirings.get(login);
  if (wiring === undefined) throw new TypeError('not a login: pass the very object that createLogin returned');
  return wiring;
}

function checkOptions({ provider, clientId, clientSecret, redirectUri, postLogoutRedirectUri, scopes, resource }: LoginOptions): void {
  if (clientId === '') throw new TypeError('clientId must not be empty');
  if (clientSecret === '') throw new TypeError('clientSecret must not be empty: leave it out for a public client');
  if (!scopes.includes('openid')) throw new TypeError('scopes must hold "openid": without it nobody is identified');
  if (resource !== undefined && provider.resourceParameter === 'scopes')
    throw new TypeError(`resource is nothing that ${provider.name} knows: name the API in scopes, as docs/providers.md shows`);
  if (!isRedirect(redirectUri))
    throw new TypeError(`redirectUri "${redirectUri}" must be https, http on loopback, or an app's own scheme with a dot`);
  if (postLogoutRedirectUri !== undefined && !isRedirect(postLogoutRedirectUri)) {
    throw new TypeError(
      `postLogoutRedirectUri "${postLogoutRedirectUri}" must be https, http on loopback, or an app's own scheme with a dot`,
    );
  }
}

// RFC 8252 section 7: a native app may own a private scheme, which holds a dot because it is a reversed domain name.
function isRedirect(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const url = new URL(value);
  return url.hash === '' && (isSafeUrl(url) || /^[a-z][a-z0-9+-]*\.[a-z0-9.+-]+:$/.test(url.protocol));
}
