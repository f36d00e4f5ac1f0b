import { createHash } from 'node:crypto';
import { SafeconductError } from '../../core/identity/errors.ts';
import type { Identity } from '../../core/identity/identity.ts';
import { proofOf } from '../../core/identity/proof.ts';
import { missingFrom } from '../../core/identity/scopes.ts';
import { type ExchangeAnswer, exchangeForConnection, type SubjectTokenType } from '../../core/protocol/connection-token.ts';
import { linkTo } from './link-to.ts';
import type { TokenOutcome } from './outcome.ts';
import { assertConnectionName, assertReachable, assertScopes, type ReachWiring } from './wiring.ts';

/** What is wanted of a connected account. */
export interface TokenOptions {
  /** Default: what the person allowed this application. */
  readonly scopes?: readonly string[];
  /** The person's id at the third party, to choose among several accounts. Default: the one that was allowed last. */
  readonly account?: string;
  /** Where the page that connects goes afterwards: a redirect or post-logout URI of this application. For providers that have such a page. */
  readonly returnTo?: string;
}

/** One question, complete. */
export interface TokenQuestion {
  readonly identity: Identity;
  readonly connection: string;
  readonly scopes: readonly string[];
  readonly account: string | undefined;
  readonly requestedTokenType: string;
  /** The token that the third party took no longer: another one is wanted. */
  readonly refusedToken?: string | undefined;
}

// A token is not used in its last seconds, and nobody goes on with it for longer than this after an account was disconnected.
const spareMs = 30_000;
const longestKeptMs = 60_000;

/** Asks for a third party's token. */
export async function tokenFor(
  reach: ReachWiring,
  identity: Identity,
  { connection, scopes = [], account, returnTo }: TokenOptions & { readonly connection: string },
): Promise<TokenOutcome> {
  const question = { identity, connection, scopes, account, requestedTokenType: reach.vault.tokenType };
  const outcome = await answerTo(reach, question);
  if (outcome.kind === 'token' || returnTo === undefined || reach.connectPath !== undefined) return outcome;
  const link = new URL(outcome.link);
  link.searchParams.set('return_to', returnTo);
  return Object.freeze({ ...outcome, link: link.href });
}

/** Gives what is remembered, joins a question that is under way, or asks. Only tokens are remembered. */
export async function answerTo(reach: ReachWiring, question: TokenQuestion): Promise<TokenOutcome> {
  assertReachable(reach, question.identity);
  assertConnectionName(question.connection);
  assertScopes(question.scopes);
  const key = keyOf(reach, question);
  const now = reach.client.link.clock();
  const known = reach.kept.get(key);
  if (known !== undefined && known.untilMs > now && known.fromMs <= now) return known.outcome;
  // A question that began before the refusal may still bring the refused token.
  const asked = question.refusedToken === undefined ? key : `${key} ${digestOf(question.refusedToken)}`;
  const shared = reach.underWay.get(asked) ?? ask(reach, question, key).finally(() => reach.underWay.delete(asked));
  reach.underWay.set(asked, shared);
  return shared;
}

/** Forgets a token that the third party refused, unless a newer one has taken its place. */
export function forgetToken(reach: ReachWiring, question: TokenQuestion, token: string): void {
  const key = keyOf(reach, question);
  if (reach.kept.get(key)?.outcome.token.reveal() === token) reach.kept.drop(key);
}

async function ask(reach: ReachWiring, question: TokenQuestion, key: string): Promise<TokenOutcome> {
  const { identity } = question;
  const fromMs = reach.client.link.clock();
  const outcome = outcomeOf(reach, question, await exchanged(reach, question));
  if (outcome.kind !== 'token') return outcome;
  const untilMs = Math.min(fromMs + longestKeptMs, outcome.expiresAt.getTime() - spareMs, identity.expiresAt.getTime());
  if (untilMs > fromMs) reach.kept.put(key, { outcome, fromMs, untilMs });
  return outcome;
}

// The refresh token of a sign-in may have been renewed since by another request of the same session: then its access token speaks.
async function exchanged(reach: ReachWiring, question: TokenQuestion): Promise<Exclude<ExchangeAnswer, { kind: 'subject-refused' }>> {
  const { client, vault } = reach;
  const { connection, scopes, account, requestedTokenType, refusedToken, identity } = question;
  let refused = proofOf(identity) ? 'there is none that could be shown' : 'one that lives for more than an hour is not kept';
  for (const subject of subjectsOf(reach, identity)) {
    const answer = await exchangeForConnection(client, {
      grantType: vault.grantType,
      ...subject,
      requestedTokenType,
      connection,
      scopes: vault.scopesCheckedBy === 'provider' ? scopes : [],
      account,
      refusedToken: vault.takesRefusedToken && requestedTokenType === vault.tokenType ? refusedToken : undefined,
    });
    if (answer.kind !== 'subject-refused') return answer;
    refused = `the provider answered ${answer.error}`;
  }
  throw new SafeconductError('identity_ended', { message: `the token behind this identity does not work any more: ${refused}` });
}

interface Subject {
  readonly subjectToken: string;
  readonly subjectTokenType: SubjectTokenType;
}

// A refresh token works for the application that it was given to, and for no other.
function subjectsOf({ client }: ReachWiring, identity: Identity): readonly Subject[] {
  const proof = proofOf(identity);
  if (proof === undefined) return [];
  const { accessToken, refreshToken, accessTokenEndsAt = identity.expiresAt.getTime() } = proof;
  const subjects: Subject[] = [];
  if (refreshToken !== undefined && identity.client === client.clientId)
    subjects.push({ subjectToken: refreshToken, subjectTokenType: 'urn:ietf:params:oauth:token-type:refresh_token' });
  if (accessTokenEndsAt > client.link.clock())
    subjects.push({ subjectToken: accessToken, subjectTokenType: 'urn:ietf:params:oauth:token-type:access_token' });
  return subjects;
}

function outcomeOf(
  reach: ReachWiring,
  { connection, scopes }: TokenQuestion,
  answer: Exclude<ExchangeAnswer, { kind: 'subject-refused' }>,
): TokenOutcome {
  if (answer.kind === 'not-connected') {
    const { connectUri, missing = scopes } = answer;
    return Object.freeze({ kind: 'needs-connection', connection, link: linkTo(reach, { connection, scopes, connectUri }), missing });
  }
  const missing = reach.vault.scopesCheckedBy === 'library' ? missingFrom(answer.scopes, scopes) : [];
  if (missing.length > 0)
    return Object.freeze({ kind: 'needs-connection', connection, link: linkTo(reach, { connection, scopes }), missing });
  return Object.freeze({ ...answer, scopes: Object.freeze([...answer.scopes]) });
}

/**
 * Who asks for what. The tokens behind the identity are a part of it, so that what one sign-in fetched serves no other one of the
 * same person: a session that was ended does not go on with what another one remembers.
 */
function keyOf({ client }: ReachWiring, { identity, connection, scopes, account = '', requestedTokenType }: TokenQuestion): string {
  const { issuer, subject } = identity;
  const wanted = scopes.toSorted().join(' ');
  return JSON.stringify([issuer, subject, fingerprintOf(identity), client.clientId, connection, account, wanted, requestedTokenType]);
}

const digestOf = (secret: string): string => createHash('sha256').update(secret).digest('base64url');

const fingerprints = new WeakMap<Identity, string>();

function fingerprintOf(identity: Identity): string {
  const known = fingerprints.get(identity);
  if (known !== undefined) return known;
  const { accessToken, refreshToken = '' } = proofOf(identity) ?? { accessToken: '' };
  const fingerprint = digestOf(`${accessToken} ${refreshToken}`);
  fingerprints.set(identity, fingerprint);
  return fingerprint;
}
