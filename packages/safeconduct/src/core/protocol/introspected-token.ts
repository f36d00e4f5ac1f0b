import { type Claims, shows } from '../identity/claims.ts';
import type { ErrorCode } from '../identity/errors.ts';
import { splitScopes } from '../identity/scopes.ts';
import type { AccessTokenVerdict } from './access-token.ts';
import type { ProviderLink } from './provider-link.ts';
import {
  audiencesOf,
  type ClaimsInHand,
  expiryIsTime,
  isAlreadyValid,
  isNotExpired,
  issuedInThePast,
  issuerIsRight,
  subjectIsText,
} from './verified-jwt.ts';

/** What the answer about an access token must say besides that it is active. */
export interface IntrospectedExpectation {
  /** One of these must be in `aud`. */
  readonly audiences: readonly string[];
}

interface AnswerInHand extends ClaimsInHand {
  readonly expected: IntrospectedExpectation;
}

// RFC 7662 section 4: `active` is the provider's word, and everything that it says besides is checked here once more.
const rules: readonly (readonly [ErrorCode, (inHand: AnswerInHand) => string | undefined])[] = [
  ['token_invalid', issuerIsRightIfSent],
  ['token_invalid', audienceIsRight],
  ['token_invalid', isBearerIfSent],
  ['token_invalid', subjectIsText],
  ['token_invalid', expiryIsTime],
  ['token_expired', isNotExpired],
  ['token_invalid', isAlreadyValid],
  ['token_invalid', issuedInThePastIfSent],
  ['token_invalid', isAccessToken],
];

/** Checks the answer about an active token: RFC 7662 section 2.2. Gives its claims, with `sub` where the client acts for itself. */
export function verifyIntrospected(answer: Claims, link: ProviderLink, expected: IntrospectedExpectation): AccessTokenVerdict {
  const claims = withSubject(answer);
  for (const [code, rule] of rules) {
    const reason = rule({ link, jws: { payload: claims }, expected });
    if (reason !== undefined) return { valid: false, code, reason, ...(code === 'token_invalid' && { fault: 'claims' }) };
  }
  return { valid: true, claims };
}

// What an answer says of a person who signed in.
const personal = ['username', 'sid', 'auth_time', 'acr', 'amr'];

// RFC 7662 section 2.2: `sub` is the resource owner who allowed the token. Where nobody did, the client acts for itself, and is the
// subject as in RFC 9068 section 2.2. Where somebody did and is not named, nobody can tell whose the token is.
function withSubject(answer: Claims): Claims {
  const { sub, client_id: client, scope } = answer;
  if (sub !== undefined || client === undefined) return answer;
  const isOfPerson = personal.some((claim) => Object.hasOwn(answer, claim)) || splitScopes(String(scope)).includes('openid');
  return isOfPerson ? answer : { ...answer, sub: client };
}

function issuerIsRightIfSent(inHand: AnswerInHand): string | undefined {
  return inHand.jws.payload.iss === undefined ? undefined : issuerIsRight(inHand);
}

// Without an audience nobody knows which API the token was meant for, and a refresh token could pass for an access token.
function audienceIsRight({ jws: { payload }, expected }: AnswerInHand): string | undefined {
  if (payload.aud === undefined) return 'the answer names no aud: let the provider issue tokens for this API (a resource or an audience)';
  return audiencesOf(payload).some((name) => expected.audiences.includes(name)) ? undefined : 'aud does not hold this API';
}

function isBearerIfSent({ jws: { payload } }: AnswerInHand): string | undefined {
  const { token_type: type } = payload;
  return type === undefined || String(type).toLowerCase() === 'bearer' ? undefined : 'token_type is not Bearer';
}

function issuedInThePastIfSent(inHand: AnswerInHand): string | undefined {
  return inHand.jws.payload.iat === undefined ? undefined : issuedInThePast(inHand);
}

// An answer leaves out much of what a JWT must show, but what it does say must not be said of another kind of token.
function isAccessToken({ link, jws: { payload } }: AnswerInHand): string | undefined {
  const told = (link.provider.accessTokenSigns ?? []).filter(({ claim }) => typeof claim === 'string' && Object.hasOwn(payload, claim));
  return shows(payload, told) ? undefined : 'its claims are those of another kind of token, such as an ID token';
}
