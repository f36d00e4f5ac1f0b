/** Verifies ID tokens of third parties: OpenID Connect Core section 3.1.3.7, the signature always. */
import { createHash } from 'node:crypto';
import * as oauth from 'oauth4webapi';
import { UpstreamFailed } from './third-party.ts';
import { isRecord, type Metadata } from './upstream-metadata.ts';

export interface IdTokenQuestion {
  readonly metadata: Metadata;
  readonly client: oauth.Client;
  readonly nonce: string;
  readonly accessToken: string;
  /** What verifies signatures: keys of this third party, remembered. */
  readonly keys: Parameters<typeof oauth.validateApplicationLevelSignature>[2];
  readonly keysKnown: () => readonly oauth.JWK[];
  /** Milliseconds since 1970. */
  readonly now: number;
}

const LEEWAY_SECONDS = 30;

/** The claims of the ID token, or an `UpstreamFailed` naming the rule that it breaks. */
export async function verifiedIdToken(idToken: string, question: IdTokenQuestion): Promise<oauth.IDToken> {
  const metadata = forTenant(question.metadata, idToken);
  // The library takes answers, not tokens; this one has what it looks at.
  const answer = Response.json({ access_token: question.accessToken, token_type: 'bearer', id_token: idToken });
  const options = { expectedNonce: question.nonce, requireIdToken: true };
  const processed = await trusted(() => oauth.processAuthorizationCodeResponse(metadata, question.client, answer, options));
  await trusted(() => oauth.validateApplicationLevelSignature(metadata, answer, question.keys));
  const claims = oauth.getValidatedIdTokenClaims(processed);
  const reason = claims === undefined ? 'it is missing' : await refusalOf(claims, { ...question, idToken });
  if (claims === undefined || reason !== undefined) throw untrusted(`the ID token of ${metadata.issuer} is refused: ${reason}`);
  return claims;
}

/** Whether an ID token that came with a refreshed token tells of the same person: Core section 12.2. It was asked for by a secret of theirs. */
export function isAboutAnother(idToken: string, account: string): boolean {
  return decoded(idToken, 1)?.sub !== account;
}

async function refusalOf(claims: oauth.IDToken, question: IdTokenQuestion & { readonly idToken: string }): Promise<string | undefined> {
  const header = decoded(question.idToken, 0);
  if (claims.azp !== undefined && claims.azp !== question.client.client_id) return 'azp is another client';
  if (claims.iat > question.now / 1000 + LEEWAY_SECONDS) return 'it was issued in the future';
  if (claims.at_hash !== undefined && claims.at_hash !== hashOf(question.accessToken, header?.alg))
    return 'at_hash is of another access token';
  if (isTemplate(question.metadata.issuer) && !keyMayVouch(question.keysKnown(), header?.kid, claims))
    return 'its key is of another tenant';
  return undefined;
}

const isTemplate = (issuer: string): boolean => issuer.includes('{tenantid}');
const tenantId = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Where one issuer stands for many tenants, the token's own must be one of them and agree with its `tid`. */
function forTenant(metadata: Metadata, idToken: string): Metadata {
  if (!isTemplate(metadata.issuer)) return metadata;
  const { tid } = decoded(idToken, 1) ?? {};
  if (typeof tid !== 'string' || !tenantId.test(tid)) throw untrusted('the ID token names no tenant');
  return { ...metadata, issuer: metadata.issuer.replace('{tenantid}', tid) };
}

// Microsoft publishes keys that may sign for one tenant only beside keys for all.
function keyMayVouch(keys: readonly oauth.JWK[], kid: unknown, { iss, tid }: oauth.IDToken): boolean {
  const key = keys.find((one) => one.kid === kid);
  const issuer = (key as { readonly issuer?: unknown } | undefined)?.issuer;
  return key !== undefined && (issuer === undefined || (typeof issuer === 'string' && issuer.replace('{tenantid}', String(tid)) === iss));
}

/** The left half of the access token's hash: Core section 3.1.3.6. */
function hashOf(accessToken: string, alg: unknown): string {
  const size = /^(?:RS|PS|ES)(256|384|512)$/.exec(String(alg))?.[1] ?? '512';
  const digest = createHash(`sha${size}`).update(accessToken, 'ascii').digest();
  return digest.subarray(0, digest.length / 2).toString('base64url');
}

function decoded(token: string, part: 0 | 1): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(token.split('.')[part] ?? '', 'base64url').toString());
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

// What the library says names a rule; what it hangs on to (the answer) is left behind, for there are tokens in it.
async function trusted<Value>(work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof UpstreamFailed) throw error;
    throw untrusted(`the ID token is refused: ${error instanceof Error ? error.message : 'it cannot be read'}`);
  }
}

const untrusted = (message: string) => new UpstreamFailed(message, { sent: true, reason: 'untrusted' });
