import type { ProviderLink } from './provider-link.ts';
import {
  algorithmIsPinned,
  audiencesOf,
  type Check,
  firstRefusal,
  isNotExpired,
  issuedInThePast,
  issuerIsRight,
  signatureIsRight,
  type TokenInHand,
  takeInHand,
} from './verified-jwt.ts';

/** What a provider says has ended: a session, or all of a person's. */
export interface LogoutNotice {
  /** `iss`, exactly as verified. */
  readonly issuer: string;
  readonly subject?: string;
  readonly session?: string;
  readonly tokenId: string;
  readonly issuedAtMs: number;
}

interface LogoutTokenInHand extends TokenInHand {
  readonly clientId: string;
}

const event = 'http://schemas.openid.net/event/backchannel-logout';

// OpenID Connect Back-Channel Logout section 2.6, in its order.
const checks: readonly Check<LogoutTokenInHand>[] = [
  typeFits,
  algorithmIsPinned,
  signatureIsRight,
  issuerIsRight,
  audienceIsTheClient,
  issuedInThePast,
  isNotExpired,
  namesSomebody,
  isLogoutEvent,
  hasNoNonce,
  hasTokenId,
];

/** Verifies a logout token: what has ended, or the reason of the refusal. Throws only when the provider's keys cannot be had. */
export async function verifyLogoutToken(token: string, link: ProviderLink, clientId: string): Promise<LogoutNotice | string> {
  const inHand = takeInHand(token, link);
  if (inHand === undefined) return 'it is not a compact JWS';
  const reason = await firstRefusal(checks, { ...inHand, clientId });
  if (reason !== undefined) return reason;
  const { iss, sub, sid, jti, iat } = inHand.jws.payload;
  return {
    issuer: String(iss),
    ...(typeof sub === 'string' && { subject: sub }),
    ...(typeof sid === 'string' && { session: sid }),
    tokenId: String(jti),
    issuedAtMs: Number(iat) * 1000,
  };
}

// `logout+jwt` is only recommended; a token marked as another kind is refused.
function typeFits({ jws }: LogoutTokenInHand): string | undefined {
  const { typ = 'jwt' } = jws.header;
  const type = String(typ)
    .toLowerCase()
    .replace(/^application\//, '');
  return type === 'logout+jwt' || type === 'jwt' ? undefined : 'typ marks another kind of token';
}

function audienceIsTheClient({ jws, clientId }: LogoutTokenInHand): string | undefined {
  return audiencesOf(jws.payload).includes(clientId) ? undefined : 'aud does not hold the client';
}

function namesSomebody({ jws: { payload } }: LogoutTokenInHand): string | undefined {
  const named = [payload.sub, payload.sid].filter((value) => value !== undefined);
  const sound = named.length > 0 && named.every((value) => typeof value === 'string' && value !== '' && value.length <= 255);
  return sound ? undefined : 'it names neither sub nor sid';
}

function isLogoutEvent({ jws: { payload } }: LogoutTokenInHand): string | undefined {
  const { events } = payload;
  const member = typeof events === 'object' && events !== null ? (events as Record<string, unknown>)[event] : undefined;
  return typeof member === 'object' && member !== null && !Array.isArray(member) ? undefined : 'events holds no logout event';
}

// So that an ID token can never pass for one.
function hasNoNonce({ jws }: LogoutTokenInHand): string | undefined {
  return Object.hasOwn(jws.payload, 'nonce') ? 'it has a nonce' : undefined;
}

function hasTokenId({ jws }: LogoutTokenInHand): string | undefined {
  const { jti } = jws.payload;
  return typeof jti === 'string' && jti !== '' && jti.length <= 255 ? undefined : 'jti is missing';
}
