import { timingSafeEqual } from 'node:crypto';
import { secondsOf } from './clock.ts';
import { type Jws, parseJws, verifySignature } from './jws.ts';
import type { KeyHint } from './keys.ts';
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

/** The algorithm is pinned in configuration; the header can only agree. */
export function algorithmIsPinned({ link, jws }: TokenInHand): string | undefined {
  return link.algorithms.includes(String(jws.header.alg)) ? undefined : 'alg is not one of the pinned algorithms';
}

/** The signature is by a key of the provider. Fetches keys if need be. */
export async function signatureIsRight({ link, jws }: TokenInHand): Promise<string | undefined> {
  const hint = keyHintOf(jws);
  const key = link.keys.known(hint) ?? (await link.keys.find(hint));
  if (key === undefined) return 'no key of the provider fits kid and alg';
  return verifySignature(jws, hint.alg, key) ? undefined : 'the signature is wrong';
}

/** `iss` is the configured issuer, character by character. */
export function issuerIsRight({ link, jws }: TokenInHand): string | undefined {
  return jws.payload.iss === link.issuer ? undefined : 'iss is not the configured issuer';
}

/** `exp` is there and lies ahead. */
export function isNotExpired({ link, jws }: TokenInHand): string | undefined {
  const { exp } = jws.payload;
  if (!isTime(exp)) return 'exp is missing or no time';
  return exp > secondsOf(link.clock) - link.leewaySeconds ? undefined : 'exp has passed';
}

/** `iat` is there and not in the future. */
export function issuedInThePast({ link, jws }: TokenInHand): string | undefined {
  const { iat } = jws.payload;
  if (!isTime(iat)) return 'iat is missing or no time';
  return iat <= secondsOf(link.clock) + link.leewaySeconds ? undefined : 'iat lies in the future';
}

/** `nbf`, where it is sent, has come. */
export function isAlreadyValid({ link, jws }: TokenInHand): string | undefined {
  const { nbf } = jws.payload;
  if (nbf === undefined) return undefined;
  if (!isTime(nbf)) return 'nbf is no time';
  return nbf <= secondsOf(link.clock) + link.leewaySeconds ? undefined : 'nbf lies in the future';
}

/** `sub` is text of 1 to 255 characters: OpenID Connect Core section 2. */
export function subjectIsText({ jws }: TokenInHand): string | undefined {
  const { sub } = jws.payload;
  return typeof sub === 'string' && sub.length > 0 && sub.length <= 255 ? undefined : 'sub is missing or no text of up to 255 characters';
}

/** The audiences of a token: `aud` may be one string or a list. */
export function audiencesOf({ aud }: Jws['payload']): string[] {
  return (Array.isArray(aud) ? aud : [aud]).filter((name) => typeof name === 'string');
}

/** What the header says about the key. */
export function keyHintOf({ header }: Jws): KeyHint {
  return { alg: String(header.alg), ...(typeof header.kid === 'string' && { kid: header.kid }) };
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
