import { type Claims, readFacts, shows } from '../identity/claims.ts';
import { type ErrorCode, SafeconductError, type TokenFault } from '../identity/errors.ts';
import type { Identity } from '../identity/identity.ts';
import { isGuest } from '../providers/guests.ts';
import type { ProviderPreset } from '../providers/preset.ts';
import { unnamedBy } from '../providers/shared-subject.ts';
import { parseJws } from './jws.ts';
import type { PublicKey } from './keys.ts';
import type { ProviderLink } from './provider-link.ts';
import {
  algorithmIsPinned,
  audiencesOf,
  expiryIsTime,
  isAlreadyValid,
  isNotExpired,
  issuedInThePast,
  issuerIsRight,
  isTime,
  keyHintOf,
  signedBy,
  subjectIsText,
  type TokenInHand,
  tenantIsRight,
} from './verified-jwt.ts';

/** What an access token must be besides the provider's. */
export interface AccessTokenExpectation {
  /** One of these must be in `aud`. `unasked` is for a sign-in that asked for no API and got the token from the provider itself. */
  readonly audiences: readonly string[] | 'unasked';
}

interface AccessTokenInHand extends TokenInHand {
  readonly expected: AccessTokenExpectation;
}

/** Cheap and pinned facts of the header come before the key is looked for. */
type Rule = readonly [ErrorCode, (inHand: AccessTokenInHand) => string | undefined];

const beforeTheKey: readonly Rule[] = [
  ['token_invalid', typeIsAccessToken],
  ['token_invalid', algorithmIsPinned],
];

// RFC 9068 section 4, in its order, but for the signature, which comes first: nothing is read from claims that nobody signed.
const afterTheSignature: readonly Rule[] = [
  ['token_invalid', issuerIsRight],
  ['token_invalid', tenantIsRight],
  ['token_invalid', audienceIsRight],
  ['token_invalid', subjectIsText],
  ['token_invalid', expiryIsTime],
  ['token_expired', isNotExpired],
  ['token_invalid', isAlreadyValid],
  ['token_invalid', issuedInThePastIfSent],
  ['token_invalid', showsThatItIsOne],
];

/** The claims of a good token, or why it was refused: the code for programs, the reason for operators. */
export type AccessTokenVerdict =
  | { readonly valid: true; readonly claims: Claims }
  | { readonly valid: false; readonly code: ErrorCode; readonly reason: string; readonly fault?: TokenFault };

/**
 * Verifies a JWT access token, at once where the key is known, else as soon as it was fetched.
 * Throws only when the provider's keys cannot be had.
 */
export function verifyAccessToken(
  token: string,
  link: ProviderLink,
  expected: AccessTokenExpectation,
): AccessTokenVerdict | Promise<AccessTokenVerdict> {
  const jws = parseJws(token);
  if (jws === undefined) return malformed(token, link.provider);
  const inHand = { link, jws, expected };
  const refused = firstBroken(beforeTheKey, inHand, 'signature');
  if (refused !== undefined) return refused;
  const hint = keyHintOf(jws);
  const key = link.keys.known(hint);
  return key === undefined ? link.keys.find(hint).then((found) => judge(inHand, found)) : judge(inHand, key);
}

function judge(inHand: AccessTokenInHand, key: PublicKey | undefined): AccessTokenVerdict {
  const reason = signedBy(inHand, key);
  if (reason !== undefined) return { valid: false, code: 'token_invalid', reason, fault: key === undefined ? 'key' : 'signature' };
  return firstBroken(afterTheSignature, inHand, 'claims') ?? { valid: true, claims: inHand.jws.payload };
}

function firstBroken(rules: readonly Rule[], inHand: AccessTokenInHand, fault: TokenFault): AccessTokenVerdict | undefined {
  for (const [code, rule] of rules) {
    const reason = rule(inHand);
    if (reason !== undefined) return { valid: false, code, reason, ...(code === 'token_invalid' && { fault }) };
  }
  return undefined;
}

function malformed(token: string, { opaqueAdvice }: ProviderPreset): AccessTokenVerdict {
  const isOpaque = token.split('.', 4).length !== 3;
  const reason = isOpaque && opaqueAdvice !== undefined ? `it is opaque: ${opaqueAdvice}` : 'it is not a compact JWS of up to 16 kB';
  return { valid: false, code: 'token_malformed', reason };
}

function typeIsAccessToken({ link, jws }: AccessTokenInHand): string | undefined {
  const { accessTokenTypes: types, name } = link.provider;
  if (types.length === 0) return `JWTs are not checked by keys under this preset (${name}): let the guard ask about them`;
  const { typ = 'jwt' } = jws.header;
  const type = String(typ)
    .toLowerCase()
    .replace(/^application\//, '');
  return types.includes(type) ? undefined : `typ does not mark an access token (expected ${types.join(' or ')})`;
}

function audienceIsRight({ jws, expected: { audiences } }: AccessTokenInHand): string | undefined {
  if (audiences === 'unasked') return undefined;
  return audiencesOf(jws.payload).some((name) => audiences.includes(name)) ? undefined : 'aud does not hold this API';
}

function issuedInThePastIfSent(inHand: AccessTokenInHand): string | undefined {
  return inHand.jws.payload.iat === undefined ? undefined : issuedInThePast(inHand);
}

function showsThatItIsOne({ link, jws }: AccessTokenInHand): string | undefined {
  const signs = link.provider.accessTokenSigns ?? [];
  return shows(jws.payload, signs) ? undefined : 'its claims are those of another kind of token, such as an ID token';
}

const longestSubject = 255; // OpenID Connect Core section 2

/**
 * What verified claims of an access token say about who is acting: by the provider's keys, or answered by the provider itself.
 * Throws `token_invalid` when they name nobody or no client, and `guest_refused`.
 * `clientMayBeUnnamed` is for answers about personal access tokens, which no application was ever given: their owner is the client.
 */
export function actingIdentity(claims: Claims, provider: ProviderPreset, { clientMayBeUnnamed = false } = {}): Identity {
  const facts = readFacts(claims, provider.spelling);
  const { subject, client = clientMayBeUnnamed ? subject : undefined } = facts;
  const missing = unnamedBy(provider, facts);
  if (subject === undefined || missing !== undefined) throw refused(`it does not tell whose it is: ${missing}`);
  if (subject.length > longestSubject) throw refused(`its subject is longer than ${longestSubject} characters`);
  if (client === undefined) throw refused('it names no client');
  checkGuest(claims, provider);
  const issuer = typeof claims.iss === 'string' ? claims.iss : provider.issuer;
  return { ...facts, issuer, subject, client, expiresAt: new Date(expiryOf(claims)), claims };
}

/** Throws `guest_refused` for a guest where guests are refused. Only after everything was verified. */
export function checkGuest(claims: Claims, provider: ProviderPreset): void {
  if (provider.guests !== 'refused' || !isGuest(claims, provider)) return;
  throw new SafeconductError('guest_refused', { message: 'the person is a guest of this tenant, and the preset does not allow guests' });
}

function refused(reason: string): SafeconductError {
  return new SafeconductError('token_invalid', { message: `access token refused: ${reason}`, fault: 'claims' });
}

/** `exp` of verified claims, in milliseconds. */
export function expiryOf({ exp }: Claims): number {
  return isTime(exp) ? exp * 1000 : 0;
}
