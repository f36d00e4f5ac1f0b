import { SafeconductError } from '../../core/identity/errors.ts';
import { assertMinted, type Identity } from '../../core/identity/identity.ts';
import { exchangeRefreshToken } from '../../core/protocol/client.ts';
import { type StoredTokens, type Tokens, wrapTokens } from '../../core/protocol/tokens.ts';
import { acceptsIssuer } from '../../core/providers/issuers.ts';
import { type Login, wiringOf } from './login.ts';
import { identify, mintFrom, type SignedIn } from './signed-in.ts';

/**
 * Gives a signed-in person new tokens. Persist them before the old ones are thrown away, and let one caller at a time do this:
 * a provider that rotates refresh tokens may take a second use of the old one for theft.
 *
 * A refreshed ID token must be about the same subject of the same issuer (OpenID Connect Core section 12.2).
 * Throws `refresh_refused` when the session at the provider is over: sign in again.
 */
export async function refreshLogin(login: Login, previous: SignedIn): Promise<SignedIn> {
  const { identity, tokens: old, returnTo } = previous;
  assertMinted(identity);
  if (!acceptsIssuer(login.provider, identity.issuer) || identity.client !== login.clientId) {
    throw new TypeError('this sign-in was made with another provider or application: its tokens go to nobody else');
  }
  if (old.refreshToken === undefined)
    throw new SafeconductError('refresh_refused', { message: 'there is no refresh token: ask for offline_access' });
  const answer = await exchangeRefreshToken(wiringOf(login), old.refreshToken, old.scopes);
  const tokens = withFallback(answer, old);
  const next = answer.idToken === undefined ? await mintFrom(login, tokens, identity.claims) : await identify(login, tokens, {});
  checkSamePerson(identity, next);
  return Object.freeze({ identity: next, tokens, returnTo });
}

/**
 * Makes a signed-in person again out of tokens that were stored with `revealTokens`: the ID token is verified once more,
 * all but its age and its bond with the first access token. Throws `id_token_invalid` when it no longer proves anybody, for instance because the provider dropped its key.
 */
export async function resumeLogin(login: Login, stored: StoredTokens): Promise<SignedIn> {
  const tokens = wrapTokens(stored);
  const identity = await identify(login, tokens, { verifiedBefore: true });
  return Object.freeze({ identity, tokens, returnTo: '/' });
}

// A provider need not send what did not change: RFC 6749 section 6, OpenID Connect Core section 12.2.
function withFallback(answer: Tokens, old: Tokens): Tokens {
  const refreshToken = answer.refreshToken ?? old.refreshToken;
  const idToken = answer.idToken ?? old.idToken;
  return Object.freeze({ ...answer, ...(refreshToken && { refreshToken }), ...(idToken && { idToken }) });
}

function checkSamePerson(before: Identity, now: Identity): void {
  const same = before.issuer === now.issuer && before.subject === now.subject;
  if (!same) throw new SafeconductError('id_token_invalid', { message: 'the refreshed ID token is about another person' });
}
