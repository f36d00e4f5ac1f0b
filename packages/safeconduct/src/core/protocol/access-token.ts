import type { Claims } from '../identity/claims.ts';
import type { ErrorCode } from '../identity/errors.ts';
import { parseJws } from './jws.ts';
import type { ProviderLink } from './provider-link.ts';
import {
  algorithmIsPinned,
  audiencesOf,
  type Check,
  isAlreadyValid,
  isNotExpired,
  issuedInThePast,
  issuerIsRight,
  isTime,
  signatureIsRight,
  subjectIsText,
  type TokenInHand,
} from './verified-jwt.ts';

/** What an access token must be besides the provider's. */
export interface AccessTokenExpectation {
  /** One of these must be in `aud`. */
  readonly audiences: readonly string[];
  /** Values of `typ` that mark an access token, lower case, without `application/`; `jwt` also stands for none. */
  readonly types: readonly string[];
}

interface AccessTokenInHand extends TokenInHand {
  readonly expected: AccessTokenExpectation;
}

// RFC 9068 section 4: the cheap pinned facts of the header, then the signature, and only then what the token claims.
const checks: readonly (readonly [ErrorCode, Check<AccessTokenInHand>])[] = [
  ['token_invalid', typeIsAccessToken],
  ['token_invalid', algorithmIsPinned],
  ['token_invalid', signatureIsRight],
  ['token_invalid', issuerIsRight],
  ['token_invalid', audienceIsRight],
  ['token_invalid', subjectIsText],
  ['token_expired', isNotExpired],
  ['token_invalid', isAlreadyValid],
  ['token_invalid', issuedInThePastIfSent],
];

/** The claims of a good token, or why it was refused: the code for programs, the reason for operators. */
export type AccessTokenVerdict =
  | { readonly valid: true; readonly claims: Claims }
  | { readonly valid: false; readonly code: ErrorCode; readonly reason: string };

/** Verifies a JWT access token. Throws only when the provider's keys cannot be had. */
export async function verifyAccessToken(token: string, link: ProviderLink, expected: AccessTokenExpectation): Promise<AccessTokenVerdict> {
  const jws = parseJws(token);
  if (jws === undefined) return { valid: false, code: 'token_malformed', reason: 'it is not a compact JWS of up to 16 kB' };
  for (const [code, check] of checks) {
    const reason = await check({ link, jws, expected });
    if (reason !== undefined) return { valid: false, code, reason };
  }
  return { valid: true, claims: jws.payload };
}

function typeIsAccessToken({ jws, expected }: AccessTokenInHand): string | undefined {
  const { typ = 'jwt' } = jws.header;
  const type = String(typ)
    .toLowerCase()
    .replace(/^application\//, '');
  return expected.types.includes(type) ? undefined : `typ does not mark an access token (expected ${expected.types.join(' or ')})`;
}

function audienceIsRight({ jws, expected }: AccessTokenInHand): string | undefined {
  return audiencesOf(jws.payload).some((name) => expected.audiences.includes(name)) ? undefined : 'aud does not hold this API';
}

function issuedInThePastIfSent(inHand: AccessTokenInHand): string | undefined {
  return inHand.jws.payload.iat === undefined ? undefined : issuedInThePast(inHand);
}

/** `exp` of verified claims, in milliseconds. */
export function expiryOf({ exp }: Claims): number {
  return isTime(exp) ? exp * 1000 : 0;
}
