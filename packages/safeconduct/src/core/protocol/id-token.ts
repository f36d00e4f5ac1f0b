import { createHash } from 'node:crypto';
import type { Claims } from '../identity/claims.ts';
import { SafeconductError } from '../identity/errors.ts';
import { secondsOf } from './clock.ts';
import { hashOfAlgorithm } from './jws.ts';
import type { ProviderLink } from './provider-link.ts';
import {
  algorithmIsPinned,
  audiencesOf,
  type Check,
  firstRefusal,
  isAlreadyValid,
  isNotExpired,
  issuedInThePast,
  issuerIsRight,
  isTime,
  sameText,
  signatureIsRight,
  subjectIsText,
  type TokenInHand,
  takeInHand,
  tenantIsRight,
} from './verified-jwt.ts';

/** What an ID token must prove besides being the provider's. */
export interface IdTokenExpectation {
  readonly clientId: string;
  /** The nonce that was sent; undefined where the flow has none (device grant, refresh). */
  readonly nonce?: string | undefined;
  /** The access token that came along: `at_hash` is compared with it if it is there. */
  readonly accessToken?: string | undefined;
  /** Refuses a token without `at_hash`, for providers that promise it. */
  readonly requireAccessTokenHash?: boolean | undefined;
  /** Seconds since the person last proved who they are, if that was asked. */
  readonly maxAge?: number | undefined;
  /** One of these must be in `acr`, if that was asked. */
  readonly acrValues?: readonly string[] | undefined;
  /** The token was fully verified when it came and was kept since: its age and its access token no longer matter. */
  readonly verifiedBefore?: boolean | undefined;
}

interface IdTokenInHand extends TokenInHand {
  readonly expected: IdTokenExpectation;
}

// OpenID Connect Core section 3.1.3.7, in its order (1: no encryption; 6: the signature is always checked; 8: no MAC), then 3.1.3.8.
const checks: readonly Check<IdTokenInHand>[] = [
  issuerIsRight,
  audienceIsTheClient,
  authorizedPartyIsTheClient,
  algorithmIsPinned,
  algorithmIsPublished,
  signatureIsRight,
  tenantIsRight,
  isNotExpiredUnlessVerifiedBefore,
  isAlreadyValid,
  issuedInThePast,
  subjectIsText,
  nonceIsOurs,
  contextClassIsEnough,
  authenticationIsRecent,
  accessTokenHashMatches,
];

/** Verifies an ID token and gives its claims, or throws `id_token_invalid` naming the first rule that it breaks. */
export async function verifyIdToken(token: string, link: ProviderLink, expected: IdTokenExpectation): Promise<Claims> {
  const inHand = takeInHand(token, link);
  const reason = inHand === undefined ? 'it is not a compact JWS' : await firstRefusal(checks, { ...inHand, expected });
  if (inHand === undefined || reason !== undefined)
    throw new SafeconductError('id_token_invalid', { message: `ID token refused: ${reason}` });
  return inHand.jws.payload;
}

function audienceIsTheClient({ jws, expected }: IdTokenInHand): string | undefined {
  return audiencesOf(jws.payload).includes(expected.clientId) ? undefined : 'aud does not hold the client';
}

function authorizedPartyIsTheClient({ jws, expected }: IdTokenInHand): string | undefined {
  const { azp } = jws.payload;
  if (azp === undefined) return audiencesOf(jws.payload).length > 1 ? 'several audiences and no azp' : undefined;
  return azp === expected.clientId ? undefined : 'azp is another client';
}

async function algorithmIsPublished({ link, jws }: IdTokenInHand): Promise<string | undefined> {
  const { id_token_signing_alg_values_supported: published } = await link.metadata();
  return published === undefined || published.includes(String(jws.header.alg)) ? undefined : 'alg is not one that the provider publishes';
}

function isNotExpiredUnlessVerifiedBefore(inHand: IdTokenInHand): string | undefined {
  return inHand.expected.verifiedBefore ? undefined : isNotExpired(inHand);
}

function nonceIsOurs({ jws, expected }: IdTokenInHand): string | undefined {
  return expected.nonce === undefined || sameText(jws.payload.nonce, expected.nonce) ? undefined : 'nonce is not the one that was sent';
}

function contextClassIsEnough({ jws, expected }: IdTokenInHand): string | undefined {
  const wanted = expected.acrValues ?? [];
  return wanted.length === 0 || wanted.includes(String(jws.payload.acr)) ? undefined : 'acr is none of those that were asked for';
}

function authenticationIsRecent({ link, jws, expected }: IdTokenInHand): string | undefined {
  if (expected.maxAge === undefined) return undefined;
  const { auth_time: time } = jws.payload;
  if (!isTime(time)) return 'auth_time is missing though max_age was asked';
  return time + expected.maxAge >= secondsOf(link.clock) - link.leewaySeconds ? undefined : 'auth_time is longer ago than max_age';
}

function accessTokenHashMatches({ jws, expected }: IdTokenInHand): string | undefined {
  if (expected.verifiedBefore) return undefined;
  const { at_hash: hash } = jws.payload;
  if (hash === undefined) return expected.requireAccessTokenHash ? 'at_hash is missing' : undefined;
  if (expected.accessToken === undefined) return undefined;
  return sameText(hash, accessTokenHash(expected.accessToken, String(jws.header.alg)))
    ? undefined
    : 'at_hash belongs to another access token';
}

/** The left half of the access token's hash: OpenID Connect Core section 3.1.3.6. */
export function accessTokenHash(accessToken: string, alg: string): string {
  const digest = createHash(hashOfAlgorithm(alg)).update(accessToken, 'ascii').digest();
  return digest.subarray(0, digest.length / 2).toString('base64url');
}
