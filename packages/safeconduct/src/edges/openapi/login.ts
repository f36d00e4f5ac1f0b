import type { ProviderPreset } from '../../core/providers/preset.ts';

/** The public application that signs people in on the docs page. It has no secret: PKCE takes its place. */
export interface DocsLogin {
  /** The preset that the guard has. */
  readonly provider: ProviderPreset;
  /** The public client that is registered for the docs page. */
  readonly clientId: string;
  /** Scopes of the API, each with a sentence for people. All are ticked at first; `openid profile` are always asked for, to show who signed in. */
  readonly scopes: Readonly<Record<string, string>>;
  /** The API that tokens are for, as `createLogin` has it: by its resource indicator (RFC 8707), or at Auth0 by its identifier. */
  readonly resource?: string;
  /** Name of the security scheme. Default: `oauth2`; for Entra ID the names that its libraries gave it. */
  readonly schemeName?: string;
}

/** Where sign-in happens, from the provider's metadata. */
export interface LoginEndpoints {
  readonly issuer: string;
  readonly authorizationEndpoint: string;
  readonly tokenEndpoint: string;
  /** Whether the answer always names its issuer (RFC 9207). */
  readonly answersNameIssuer: boolean;
}

/** Throws a `TypeError` for a login that cannot work. */
export function checkLogin({ provider, clientId, scopes, resource, schemeName }: DocsLogin): void {
  if (clientId === '')
    throw new TypeError('login.clientId is empty: write the client_id of the public application that the docs page uses');
  const odd = Object.keys(scopes).find((scope) => !/^[\x21\x23-\x5b\x5d-\x7e]+$/.test(scope));
  if (odd !== undefined) throw new TypeError(`login.scopes has "${odd}", which is no scope: RFC 6749 section 3.3`);
  const { resourceParameter = 'resource' } = provider;
  if (resource !== undefined && resourceParameter === 'scopes')
    throw new TypeError(
      `login.resource cannot be said to ${provider.name}: its scopes name the API, such as "api://CLIENT_ID/user_impersonation"`,
    );
  if (resource !== undefined && resourceParameter === 'resource' && (!URL.canParse(resource) || resource.includes('#')))
    throw new TypeError(`login.resource is "${resource}": write an absolute URL without a fragment (RFC 8707 section 2)`);
  if (schemeName !== undefined && !/^[\w.-]+$/.test(schemeName))
    throw new TypeError(`login.schemeName is "${schemeName}": letters, digits, ".", "-" and "_" only`);
}

/** How the API is named to the two endpoints. The token endpoint knows RFC 8707's parameter only. */
export function apiParameters({ provider, resource }: DocsLogin): Record<'authorization' | 'token', Readonly<Record<string, string>>> {
  const { resourceParameter = 'resource' } = provider;
  if (resource === undefined || resourceParameter === 'scopes') return { authorization: {}, token: {} };
  return { authorization: { [resourceParameter]: resource }, token: resourceParameter === 'resource' ? { resource } : {} };
}

/** The security scheme of OpenAPI. While the provider does not say where people sign in, it is a token that one brings along. */
export function securityScheme({ provider, scopes }: DocsLogin, endpoints: LoginEndpoints | undefined): Readonly<Record<string, unknown>> {
  const host = new URL(provider.issuer).host;
  if (endpoints === undefined) return { type: 'http', scheme: 'bearer', description: `An access token of ${host}.` };
  const { authorizationEndpoint: authorizationUrl, tokenEndpoint: tokenUrl } = endpoints;
  return {
    type: 'oauth2',
    description: `Signs you in at ${host}. The calls then run as you.`,
    flows: { authorizationCode: { authorizationUrl, tokenUrl, scopes, 'x-usePkce': 'SHA-256' } },
  };
}
