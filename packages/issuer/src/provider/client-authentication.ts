/** How applications prove themselves: secrets kept as SHA-256, signed assertions meant for us alone, and a brake on guessing. */
import { timingSafeEqual } from 'node:crypto';
import { type Client, errors, type KoaContextWithOIDC, Provider } from 'oidc-provider';
import { hashOf } from '../secrets/token-format.ts';
import { traitsOf } from './applications.ts';
import { type Attempts, network } from './attempts.ts';
import { rewrites, type Voice } from './voice.ts';

/** Wrong secrets for one application from one network before it has to wait. Others are never held up by it. */
const GUESSES = { limit: 20, window: 300 };

/** Where wrong secrets are counted. */
export const guessesBy = (clientId: string, address = ''): string => `client secret|${clientId}|${network(address)}`;

/** Gives the comparison that takes the place of the engine's, which would need the secret itself. */
export function secretComparison(attempts: Attempts): (this: Client, actual: string) => Promise<boolean> {
  return async function compareClientSecret(actual) {
    const ctx = Provider.ctx;
    const bucket = guessesBy(this.clientId, ctx?.ip);
    if (attempts.blocked(bucket)) {
      ctx?.set('retry-after', String(GUESSES.window));
      throw new TooManyAttempts();
    }
    const { secretHashes } = traitsOf(this);
    if (secretMatches(secretHashes, actual) || secretMatches(secretHashes, unencoded(ctx?.get('authorization')) ?? actual)) return true;
    await attempts.failed(bucket, GUESSES);
    return false;
  };
}

/**
 * The secret as the header has it. Many clients skip the form encoding of RFC 6749 (2.3.1), which is seen in a secret with `+`:
 * `openssl rand -base64` makes such ones.
 */
function unencoded(authorization = ''): string | undefined {
  const [, value] = /^basic ([\w+/=]+)$/i.exec(authorization) ?? [];
  if (value === undefined) return undefined;
  const pair = Buffer.from(value, 'base64').toString();
  return pair.includes(':') ? pair.slice(pair.indexOf(':') + 1) : undefined;
}

/** Too many wrong secrets for this application came from this network. */
export class TooManyAttempts extends errors.CustomOIDCProviderError {
  override status = 429;
  override statusCode = 429;
  constructor() {
    super('temporarily_unavailable', 'too many failed attempts to authenticate: wait a few minutes');
  }
}

/** Compares with every live secret, so that the time says nothing about which one it was. */
export function secretMatches(hashes: readonly string[], actual: string): boolean {
  const presented = Buffer.from(hashOf(actual));
  let matches = false;
  for (const hash of hashes) {
    const known = Buffer.from(hash);
    if (known.length === presented.length && timingSafeEqual(known, presented)) matches = true;
  }
  return matches;
}

/** Longest life of an assertion, in seconds: its identifier is remembered until it expires. */
const LONGEST_ASSERTION = 600;

interface AssertionClaims {
  readonly aud?: unknown;
  readonly exp?: unknown;
  readonly sub?: unknown;
}

/** Refuses an assertion (private_key_jwt) that is not for this issuer alone or lives too long (RFC 7523, RFC 10070). */
export function checkAssertion(voice: Voice) {
  const { policy } = voice.dialect;
  const audiences = [voice.place.issuer, ...policy.assertionAudience(voice.place, voice.origin)];
  // One that may be sent again was said anew before it came here, and is short.
  const longest = policy.assertion?.reusable ? LONGEST_ASSERTION : (policy.assertion?.seconds ?? LONGEST_ASSERTION);
  return (ctx: KoaContextWithOIDC, claims: AssertionClaims): void => {
    const refuse = (reason: string) => {
      throw new errors.InvalidClient(`client_assertion: ${reason}`, 'assertion refused');
    };
    // Clients of vendors write a list; by the RFC's own words it is one.
    const listed = Array.isArray(claims.aud) && claims.aud.length > 0 && rewrites(voice.dialect);
    const named: readonly unknown[] = listed ? (claims.aud as unknown[]) : [claims.aud];
    if (!named.every((one) => audiences.some((known) => known === one))) refuse('aud must be the issuer, as a single string');
    if (claims.sub !== ctx.oidc.client?.clientId) refuse('sub must be the client_id');
    const left = Number(claims.exp) - Date.now() / 1000;
    if (!(left <= longest)) refuse(`exp must be at most ${longest} seconds away`);
  };
}
