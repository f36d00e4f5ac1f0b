import { type Claims, type Facts, readFacts } from '../../core/identity/claims.ts';
import { SafeconductError } from '../../core/identity/errors.ts';
import { type Identity, mintIdentity } from '../../core/identity/identity.ts';
import type { IdentityProof } from '../../core/identity/proof.ts';
import { checkGuest, verifyAccessToken } from '../../core/protocol/access-token.ts';
import type { ClientLink } from '../../core/protocol/client.ts';
import { type IdTokenExpectation, verifyIdToken } from '../../core/protocol/id-token.ts';
import { parseJws } from '../../core/protocol/jws.ts';
import type { Tokens } from '../../core/protocol/tokens.ts';
import { readUserinfo } from '../../core/protocol/userinfo.ts';
import type { ProviderPreset } from '../../core/providers/preset.ts';
import { unnamedBy } from '../../core/providers/shared-subject.ts';
import { type Login, wiringOf } from './login.ts';

/** A finished sign-in. */
export interface SignedIn {
  readonly identity: Identity;
  readonly tokens: Tokens;
  /** The path to go to now. */
  readonly returnTo: string;
}

/** What the ID token must prove, besides what follows from the login itself. */
export type Proof = Pick<IdTokenExpectation, 'nonce' | 'maxAge' | 'acrValues' | 'verifiedBefore'>;

/** Verifies the ID token among `tokens` and mints the identity that it proves. */
export async function identify(login: Login, tokens: Tokens, proof: Proof): Promise<Identity> {
  const client = wiringOf(login);
  if (tokens.idToken === undefined) throw new SafeconductError('id_token_invalid', { message: 'the provider sent no ID token' });
  const claims = await verifyIdToken(tokens.idToken.reveal(), client.link, {
    ...proof,
    clientId: client.clientId,
    accessToken: tokens.accessToken.reveal(),
    requireAccessTokenHash: login.provider.accessTokenHash === 'required',
  });
  return mintFrom(login, tokens, claims);
}

/** Mints the identity of verified ID token claims, with roles and organization from where the preset says. */
export async function mintFrom(login: Login, tokens: Tokens, claims: Claims): Promise<Identity> {
  const { provider } = login;
  const named = readFacts(claims, provider.spelling);
  const { subject, session } = named;
  const missing = unnamedBy(provider, named);
  if (subject === undefined || missing !== undefined)
    throw new SafeconductError('id_token_invalid', { message: `ID token refused: ${missing}` });
  checkGuest(claims, provider);
  const { roles, organization } = assertSamePerson(await factsOfSignIn(login, tokens, claims), named, provider);
  const facts: Identity = {
    issuer: String(claims.iss),
    subject,
    kind: 'person',
    roles,
    scopes: tokens.scopes,
    client: login.clientId,
    ...(organization !== undefined && { organization }),
    ...(session !== undefined && { session }),
    expiresAt: tokens.expiresAt,
    claims,
  };
  return mintIdentity(facts, proofFrom(tokens));
}

/** What the identity of a sign-in stands on. */
export function proofFrom({ accessToken, expiresAt, refreshToken }: Tokens): IdentityProof {
  return { accessToken: accessToken.reveal(), accessTokenEndsAt: expiresAt.getTime(), refreshToken: refreshToken?.reveal() };
}

async function factsOfSignIn(login: Login, tokens: Tokens, claims: Claims): Promise<Facts> {
  const { spelling, signInFacts } = login.provider;
  if (signInFacts === 'userinfo') {
    return readFacts({ ...claims, ...(await readUserinfo(wiringOf(login), tokens.accessToken, String(claims.sub))) }, spelling);
  }
  const readable = signInFacts === 'access-token' ? await accessTokenClaims(wiringOf(login), tokens) : undefined;
  return readFacts(readable ?? claims, spelling);
}

function assertSamePerson(found: Facts, named: Facts, { sharedSubject, signInFacts }: ProviderPreset): Facts {
  const same = found.subject === named.subject && (!sharedSubject || found.organization === named.organization);
  if (same) return found;
  const what = signInFacts === 'userinfo' ? 'userinfo' : 'the access token';
  throw new SafeconductError('provider_invalid', { message: `${what} is about another subject than the ID token` });
}

// An opaque access token says nothing to us, nor does one that has ended; a JWT that does not verify is no opaque token but a lie.
async function accessTokenClaims(client: ClientLink, tokens: Tokens): Promise<Claims | undefined> {
  if (tokens.expiresAt.getTime() <= client.link.clock()) return undefined;
  const token = tokens.accessToken.reveal();
  if (parseJws(token) === undefined) return undefined;
  // Without a resource the token is for whomever the provider says: it came from the provider's own hand.
  const audiences = client.resource === undefined ? 'unasked' : [client.resource];
  const verdict = await verifyAccessToken(token, client.link, { audiences });
  if (verdict.valid) return verdict.claims;
  throw new SafeconductError('provider_invalid', { message: `the access token of this sign-in does not verify: ${verdict.reason}` });
}
