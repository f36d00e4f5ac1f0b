import { timingSafeEqual } from 'node:crypto';
import { acceptsIssuer, issuerOfTenant, tenantOf } from '../providers/issuers.ts';
import { secondsOf } from './clock.ts';
import { type Jws, parseJws, verifySignature } from './jws.ts';
import type { KeyHint, PublicKey } from './keys.ts';
import type { ProviderLink } from './provider-link.ts';

/** A rule about a token: gives the reason of a refusal, or undefined. Reasons name claims, never their secrets. */
export type Check<Context> = (context: Context) => string | undefined | Promise<string | undefined>;

/** Runs checks in order and gives the first reason of a refusal. */
export async function firstRefusal<Context>(checks: readonly Check<Context>[], context: Context): Promise<string | undefined> {
  for (const check of checks) {
    const reason = await check(context);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

/** A token on its way through the checks. */
export interface TokenInHand {
  readonly link: ProviderLink;
  readonly jws: Jws;
}

/** Claims on their way through the checks, whether they stood in a token or in the provider's answer about one. */
export interface ClaimsInHand {
  readonly link: ProviderLink;
  readonly jws: Pick<Jws, 'payload'>;
}

/** The algorithm is pinned in configuration; the header can only agree. */
export function algorithmIsPinned({ link, jws }: TokenInHand): string | undefined {
  return link.algorithms.includes(String(jws.header.alg)) ? undefined : 'alg is not one of the pinned algorithms';
}

/** The signature is by a key of the provider. Fetches keys if need be. */
export async function signatureIsRight(inHand: TokenInHand): Promise<string | undefined> {
  const hint = keyHintOf(inHand.jws);
  const { keys } = inHand.link;
  return signedBy(inHand, keys.known(hint) ?? (await keys.find(hint)));
}

/** The signature is by `key`, and `key` is one of those that sign for this issuer. Without a key there is nothing to hold it against. */
export function signedBy({ link, jws }: TokenInHand, key: PublicKey | undefined): string | undefined {
  if (key === undefined) return 'no key of the provider fits kid and alg';
  if (!verifySignature(jws, String(jws.header.alg), key.key)) return 'the signature is wrong';
  return keySignsFor(link, key, jws.payload.iss) ? undefined : 'the key signs for another issuer';
}

// Keys of many tenants stand in one set, and some say whose they are. A key of one form of the issuer signs for the others too.
function keySignsFor({ provider }: ProviderLink, { issuer }: PublicKey, iss: unknown): boolean {
  if (issuer === undefined) return true;
  const tenant = tenantOf(provider, iss)?.tenant;
  if (tenant === undefined) return true;
  return tenantOf(provider, issuerOfTenant(issuer, tenant))?.tenant === tenant;
}

/** `iss` is the configured issuer, character by character, or one of the tenants that the preset lets in. */
export function issuerIsRight({ link: { provider }, jws }: ClaimsInHand): string | undefined {
  if (acceptsIssuer(provider, jws.payload.iss)) return undefined;
  return provider.tenants === undefined ? 'iss is not the configured issuer' : 'iss is not the issuer of a tenant that is let in';
}

/** Where `iss` names a tenant, `tid` names the same one and `ver` belongs to that form of issuer. */
export function tenantIsRight({ link: { provider }, jws: { payload } }: TokenInHand): string | undefined {
  const named = tenantOf(provider, payload.iss);
  if (named === undefined) return undefined;
  if (payload.tid === undefined) return 'tid is missing: at a sign-in, ask for the scope profile';
  if (payload.tid !== named.tenant) return 'tid is another tenant than iss names';
  return payload.ver === named.version ? undefined : `ver is not ${named.version}, which belongs to this form of iss`;
}

/** `exp` is there. */
export function expiryIsTime({ jws }: ClaimsInHand): string | undefined {
  return isTime(jws.payload.exp) ? undefined : 'exp is missing or no time';
}

/** `exp` is there and lies ahead. */
export function isNotExpired({ link, jws }: ClaimsInHand): string | undefined {
  const { exp } = jws.payload;
  if (!isTime(exp)) return 'exp is missing or no time';
  return exp > secondsOf(link.clock) - link.leewaySeconds ? undefined : 'exp has passed';
}

/** `iat` is there and not in the future. */
export function issuedInThePast({ link, jws }: ClaimsInHand): string | undefined {
  const { iat } = jws.payload;
  if (!isTime(iat)) return 'iat is missing or no time';
  return iat <= secondsOf(link.clock) + link.leewaySeconds ? undefined : 'iat lies in the future';
}

/** `nbf`, where it is sent, has come. */
export function isAlreadyValid({ link, jws }: ClaimsInHand): string | undefined {
  const { nbf } = jws.payload;
  if (nbf === undefined) return undefined;
  if (!isTime(nbf)) return 'nbf is no time';
  return nbf <= secondsOf(link.clock) + link.leewaySeconds ? undefined : 'nbf lies in the future';
}

/** `sub` is text of 1 to 255 characters: OpenID Connect Core section 2. */
export function subjectIsText({ jws }: ClaimsInHand): string | undefined {
  const { sub } = jws.payload;
  return typeof sub === 'string' && sub.length > 0 && sub.length <= 255 ? undefined : 'sub is missing or no text of up to 255 characters';
}

/** The audiences of a token: `aud` may be one string or a list. */
export function audiencesOf({ aud }: Jws['payload']): string[] {
  return (Array.isArray(aud) ? aud : [aud]).filter((name) => typeof name === 'string');
}

/** What the header says about the key. */
export function keyHintOf({ header }: Jws): KeyHint {
  const { alg, kid, x5t } = header;
  return { alg: String(alg), ...(typeof kid === 'string' && { kid }), ...(typeof x5t === 'string' && { x5t }) };
}

/** True for seconds since 1970 that a Date can hold. */
export function isTime(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= 8_640_000_000_000;
}

/** Compares text in a time that tells nothing about where it differs. */
export function sameText(one: unknown, other: unknown): boolean {
  if (typeof one !== 'string' || typeof other !== 'string') return false;
  const [left, right] = [Buffer.from(one), Buffer.from(other)];
  return left.length === right.length && timingSafeEqual(left, right);
}

/** Parses a token for the checks. */
export function takeInHand(token: string, link: ProviderLink): TokenInHand | undefined {
  const jws = parseJws(token);
  return jws && { link, jws };
}
