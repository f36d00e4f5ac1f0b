import { type ClientAuthMethod, clientAuthentication, type PrivateJwk } from '../../core/protocol/client-authentication.ts';
import type { Clock } from '../../core/protocol/clock.ts';
import type { Fetch } from '../../core/protocol/fetch.ts';
import { linkProvider, type ProviderLink } from '../../core/protocol/provider-link.ts';
import { sharesIssuer } from '../../core/providers/issuers.ts';
import type { ProviderPreset } from '../../core/providers/preset.ts';
import { assertSharedByAll } from '../../core/providers/shared-subject.ts';
import { jwtVerifier } from './jwt.ts';
import { introspectionVerifier } from './opaque.ts';
import type { RecallingVerifier, TokenVerifier } from './verifier.ts';

/** A provider whose access tokens an API takes. */
export interface TrustedIssuer {
  readonly provider: ProviderPreset;
  /** This API, as `aud` names it. Of several one is enough. */
  readonly audience: string | readonly string[];
  /** This API as an application of the provider, where tokens are checked by asking it. */
  readonly introspection?: IntrospectionClient;
}

/** The application as which an API asks a provider about tokens: RFC 7662 section 2.1. */
export interface IntrospectionClient {
  readonly clientId: string;
  readonly clientSecret?: string;
  /** Instead of a secret: the assertion of RFC 7523 is signed with it. */
  readonly privateKey?: PrivateJwk;
  /** Default: `private_key_jwt` with a key; with a secret Basic, or the body where the provider takes no Basic. */
  readonly authMethod?: ClientAuthMethod;
  /** Which tokens are asked about: those that are no JWT, or all. Default: what the preset says, else `opaque`. */
  readonly tokens?: 'opaque' | 'all';
  /**
   * How many seconds an answer is believed, 0 to 5. Default 5: a role that was taken away or a token that was revoked counts for
   * five seconds more at most. 0 asks about every request.
   */
  readonly maxAgeSeconds?: number;
}

/** How tokens of one issuer are checked, by their form. */
export interface Trusted {
  readonly provider: ProviderPreset;
  /** For JWTs. */
  readonly jwt: TokenVerifier;
  /** What knows JWTs again, where they are verified by keys. */
  readonly recall?: RecallingVerifier['recall'];
  /** For everything else; absent where this issuer is not asked. */
  readonly opaque?: TokenVerifier;
}

/** The world around a guard. */
export interface TrustOptions {
  readonly fetch: Fetch | undefined;
  readonly clock: Clock;
}

/** Wires the issuers of one guard. Throws a `TypeError` for what can never be safe or never work. */
export function trust(issuers: readonly TrustedIssuer[], options: TrustOptions): readonly Trusted[] {
  if (issuers.length === 0) throw new TypeError('issuers must name at least one trusted issuer');
  for (const [index, { provider }] of issuers.entries()) {
    const twin = issuers.slice(0, index).find((other) => sharesIssuer(other.provider, provider));
    if (twin !== undefined)
      throw new TypeError(`two trusted issuers are the same (${provider.issuer}): give one of them, with a list of audiences`);
  }
  const trusted = issuers.map((issuer) => trustOne(issuer, options));
  assertSharedByAll(trusted.map(({ provider }) => provider));
  checkPrefixes(trusted.filter(({ opaque }) => opaque !== undefined).map(({ provider }) => provider));
  return trusted;
}

/** Throws a `TypeError` for options that nobody reads: a misspelt one was meant to make the guard stricter. */
export function assertNoOther(others: object, where: string): void {
  const names = Object.keys(others);
  if (names.length > 0) throw new TypeError(`${names.join(', ')} is no option of ${where}`);
}

function trustOne({ provider, audience, introspection, ...others }: TrustedIssuer, { fetch, clock }: TrustOptions): Trusted {
  assertNoOther(others, 'protect');
  if (typeof provider !== 'object' || provider === null) throw new TypeError('provider must be a preset of safeconduct/providers');
  const audiences = [audience].flat();
  if (audiences.length === 0 || !audiences.every((name) => typeof name === 'string' && name !== ''))
    throw new TypeError('audience must name this API as the access tokens do');
  const link = linkProvider({ ...provider, fetch, clock });
  const asking = introspection && askingVerifier(introspection, link, audiences);
  const all = introspection?.tokens ?? (provider.accessTokens === 'introspection' ? 'all' : 'opaque');
  if (asking === undefined && provider.accessTokens === 'introspection')
    throw new TypeError(
      `the access tokens of ${provider.name} are checked by asking it: give introspection { clientId, clientSecret } of this API there` +
        ' (or a preset whose access tokens are JWTs)',
    );
  if (asking !== undefined && all === 'all') return { provider, jwt: asking, opaque: asking };
  const { verify, recall } = jwtVerifier({ link, audiences });
  return { provider, jwt: verify, recall, ...(asking && { opaque: asking }) };
}

function askingVerifier(client: IntrospectionClient, link: ProviderLink, audiences: readonly string[]): TokenVerifier {
  const { clientId, maxAgeSeconds = 5, tokens, clientSecret, privateKey, authMethod, ...others } = client;
  assertNoOther(others, 'introspection');
  if (typeof clientId !== 'string' || clientId === '') throw new TypeError('introspection needs the clientId of this API at the provider');
  if (!(maxAgeSeconds >= 0 && maxAgeSeconds <= 5)) throw new TypeError(`introspection.maxAgeSeconds must be 0 to 5; got ${maxAgeSeconds}`);
  if (tokens !== undefined && tokens !== 'opaque' && tokens !== 'all') throw new TypeError('introspection.tokens is opaque or all');
  const asker = { link, clientId, authentication: clientAuthentication({ clientSecret, privateKey, authMethod }, link.clock) };
  return introspectionVerifier({ audiences, asker, maxAgeMs: maxAgeSeconds * 1000 });
}

// Each opaque token goes to one issuer only: what one of them could make use of, another must never see.
function checkPrefixes(askable: readonly ProviderPreset[]): void {
  const prefixes = askable.map(({ opaquePrefix = '' }) => opaquePrefix);
  for (const [index, prefix] of prefixes.entries()) {
    const twin = prefixes.findIndex(
      (other, place) => place < index && (prefix === '' || other === '' ? prefix === other : overlaps(prefix, other)),
    );
    if (twin === -1) continue;
    const names = [askable[twin], askable[index]].map((provider) => provider?.issuer).join(' and ');
    throw new TypeError(`${names} would both be asked about the same opaque tokens: give introspection to one of them, or make two guards`);
  }
}

function overlaps(one: string, other: string): boolean {
  return one.startsWith(other) || other.startsWith(one);
}
