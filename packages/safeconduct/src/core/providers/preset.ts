import type { ClaimSpelling, Sign } from '../identity/claims.ts';

/** How one kind of provider speaks: data, over the one runtime that reads it. */
export interface ProviderPreset {
  /** Shown in messages. */
  readonly name: string;
  /** Exactly as the provider writes it in discovery, to the slash, and in `iss` unless `tenants` says otherwise. */
  readonly issuer: string;
  /** Where the metadata is, if not under the issuer. */
  readonly discoveryUrl?: string;
  /** For providers whose `iss` names one of many tenants. */
  readonly tenants?: TenantIssuers;
  /** The only signature algorithms that are accepted, all asymmetric. */
  readonly algorithms: readonly string[];
  /** Clock differences that are forgiven, 0 to 60 seconds. */
  readonly leewaySeconds: number;
  /** `required` where the provider promises `at_hash` in the ID token of the token endpoint. It is always compared when it is there. */
  readonly accessTokenHash: 'required' | 'if-present';
  /**
   * How an API checks access tokens: `jwt` by the provider's keys, `introspection` by asking the provider, `by-form` the one or the
   * other: three base64url parts go to the keys, everything else is asked about.
   */
  readonly accessTokens: 'jwt' | 'introspection' | 'by-form';
  /** What every opaque access token of this provider begins with, where it promises that. */
  readonly opaquePrefix?: string;
  /** What an operator reads when an opaque token comes and this provider cannot be asked about it. */
  readonly opaqueAdvice?: string;
  /** Values of `typ` that mark a JWT access token, lower case; `jwt` also stands for a token without `typ`. None: JWTs are only asked about. */
  readonly accessTokenTypes: readonly string[];
  /** What every JWT access token of this provider shows and its other tokens do not, where `typ` does not tell them apart. */
  readonly accessTokenSigns?: readonly Sign[];
  readonly spelling: ClaimSpelling;
  /** This is one of several origins of one Safeconduct, and `spelling` reads the names that a person and an organization have at all of them. */
  readonly sharedSubject?: true;
  /** `refused`: people of another tenant, who were invited into this one, are refused as `guest_refused`. */
  readonly guests?: 'refused';
  /** Where a sign-in finds roles and organization: in the ID token, at userinfo, or in a JWT access token of this provider. */
  readonly signInFacts: 'id-token' | 'userinfo' | 'access-token';
  /** How a sign-in names the API that access tokens are for. `scopes`: by scopes alone, so that `resource` cannot be given. Default: `resource` (RFC 8707). */
  readonly resourceParameter?: 'resource' | 'audience' | 'scopes';
  /** How accounts at third parties are used, where this provider keeps them. */
  readonly vault?: VaultPreset;
}

/** How a provider gives the tokens of accounts that people connected: RFC 8693, in the spelling of the provider. */
export interface VaultPreset {
  readonly grantType: string;
  /** `requested_token_type` for a third party's access token. */
  readonly tokenType: string;
  /** Who looks whether the scopes that were asked for are there: the provider, which is told of them then, or the library. */
  readonly scopesCheckedBy: 'provider' | 'library';
  /** The provider can be told which token the third party took no longer, and gives another one or says that none is left. */
  readonly takesRefusedToken?: true;
  /**
   * The API where accounts are connected, listed and disconnected, and its audience. `byRefresh`: the refresh token of a sign-in also
   * gives tokens for it, and is not used up.
   */
  readonly accounts: { readonly url: string; readonly audience: string; readonly byRefresh?: true };
  /** A page of the provider on which accounts are connected; the name of the connection follows. Without it the application makes the link. */
  readonly connectUrl?: string;
  /** The proxy of the provider; the name of the connection follows. `tokenType` asks for a token for it. */
  readonly proxy?: { readonly url: string; readonly tokenType: string };
}

/** The issuers of a provider of many tenants. */
export interface TenantIssuers {
  /** How `iss` is spelled, `{tenantid}` in the tenant's place, and the `ver` that tokens of that issuer carry. */
  readonly spellings: readonly { readonly issuer: string; readonly version: string }[];
  /** GUIDs in lower case; `every` takes whoever has a tenant. */
  readonly allowed: readonly string[] | 'every';
}

/** Freezes a preset, lists included. */
export function freezePreset(preset: ProviderPreset): ProviderPreset {
  return frozen(preset);
}

function frozen<Value extends object>(value: Value): Value {
  for (const one of Object.values(value)) if (typeof one === 'object' && one !== null && !Object.isFrozen(one)) frozen(one);
  return Object.freeze(value);
}
