import { hash } from 'node:crypto';
import type { Claims } from '../../core/identity/claims.ts';
import { type ErrorCode, SafeconductError, type TokenFault } from '../../core/identity/errors.ts';
import { type Identity, mintIdentity } from '../../core/identity/identity.ts';
import { type AccessTokenVerdict, actingIdentity } from '../../core/protocol/access-token.ts';
import { type Cooldown, createCooldown } from '../../core/protocol/cooldown.ts';
import { verifyIntrospected } from '../../core/protocol/introspected-token.ts';
import { type Asker, introspect } from '../../core/protocol/introspection.ts';
import { type RecentlyUsed, recentlyUsed } from '../../core/protocol/recently-used.ts';
import type { TokenVerifier } from './verifier.ts';

/** Who is asked about tokens, and for which API. */
export interface AskingOptions {
  readonly audiences: readonly string[];
  readonly asker: Asker;
  /** How long an answer is believed, in milliseconds; 0 asks about every request. */
  readonly maxAgeMs: number;
}

interface Kept {
  /** Both ends: a clock that was set back must not make an answer last longer. */
  readonly fromMs: number;
  readonly untilMs: number;
  readonly identity: Identity;
}

interface Refusal {
  readonly untilMs: number;
  readonly code: ErrorCode;
  readonly message: string;
  readonly fault: TokenFault | undefined;
}

type Outcome = Kept | Refusal;

interface Asking extends AskingOptions {
  readonly cooldown: Cooldown;
  /** By SHA-256: these tokens live long, so that none stays readable in memory. */
  readonly good: RecentlyUsed<Kept>;
  /** Apart from the good ones, which a flood of invented tokens must not drive out. */
  readonly bad: RecentlyUsed<Refusal>;
  /** By SHA-256 too. */
  readonly underWay: Map<string, Promise<Identity>>;
  /** How many questions wait for an answer. */
  waiting: number;
}

const mostKept = 10_000;
const mostWaiting = 500;
// Long enough to spare the provider a client that hammers, and short: a token may be younger than the replica that was asked.
const refusalMs = 2_000;

/**
 * Verifies tokens by asking their issuer: RFC 7662. One question for all who wait with the same token, and an answer is believed
 * for five seconds at most, never beyond `exp`. Fails closed: without an answer nobody gets in.
 */
export function introspectionVerifier(options: AskingOptions): TokenVerifier {
  const asking: Asking = {
    ...options,
    cooldown: createCooldown(options.asker.link.clock),
    good: recentlyUsed(mostKept),
    bad: recentlyUsed(mostKept),
    underWay: new Map(),
    waiting: 0,
  };
  if (options.maxAgeMs === 0) return (token, nowMs) => ask(asking, token, nowMs).then(identityOrRefusal);
  return (token, nowMs) => {
    const digest = hash('sha256', token, 'base64url');
    const known = asking.good.get(digest);
    if (known !== undefined && known.untilMs > nowMs && known.fromMs <= nowMs) return known.identity;
    const refused = asking.bad.get(digest);
    if (refused !== undefined && refused.untilMs > nowMs) return identityOrRefusal(refused);
    return asking.underWay.get(digest) ?? askOnce(asking, { token, digest, nowMs });
  };
}

interface Question {
  readonly token: string;
  readonly digest: string;
  readonly nowMs: number;
}

function askOnce(asking: Asking, { token, digest, nowMs }: Question): Promise<Identity> {
  const { underWay, good, bad } = asking;
  const question = ask(asking, token, nowMs)
    .then((outcome) => {
      if ('identity' in outcome) good.put(digest, outcome);
      else bad.put(digest, outcome);
      return identityOrRefusal(outcome);
    })
    .finally(() => underWay.delete(digest));
  underWay.set(digest, question);
  return question;
}

// How long an answer is believed counts from the question: what changed afterwards the answer may not know.
async function ask(asking: Asking, token: string, nowMs: number): Promise<Outcome> {
  const claims = await answerTo(asking, token);
  try {
    const identity = identityFrom(claims, asking, token);
    return { identity, fromMs: nowMs, untilMs: Math.min(nowMs + asking.maxAgeMs, identity.expiresAt.getTime()) };
  } catch (error) {
    if (!(error instanceof SafeconductError)) throw error;
    return { code: error.code, message: error.message, fault: error.fault, untilMs: nowMs + refusalMs };
  }
}

async function answerTo(asking: Asking, token: string): Promise<Claims | undefined> {
  const { cooldown, asker } = asking;
  if (asking.waiting >= mostWaiting)
    throw new SafeconductError('provider_unreachable', { message: `${mostWaiting} questions to ${asker.link.issuer} wait for an answer` });
  cooldown.assertOver();
  asking.waiting++;
  const answer = await introspect(asker, token).finally(() => asking.waiting--);
  cooldown.ended('failed' in answer && answer.everybody ? answer.failed : undefined);
  if ('failed' in answer) throw answer.failed;
  return answer.claims;
}

// A token that lives for longer than that, such as a personal access token, does not stay readable in memory behind its identity.
const longestProofMs = 60 * 60_000;

function identityFrom(answer: Claims | undefined, { asker: { link }, audiences }: Asking, token: string): Identity {
  if (answer === undefined)
    throw refused({ code: 'token_invalid', reason: `${link.issuer} says that it is not active`, fault: 'inactive' });
  const verdict = verifyIntrospected(answer, link, { audiences });
  if (!verdict.valid) throw refused(verdict);
  // RFC 7662 section 2.2: client_id is optional. A personal access token belongs to no application, its owner is the client.
  const facts = actingIdentity(verdict.claims, link.provider, { clientMayBeUnnamed: true });
  const soonOver = facts.expiresAt.getTime() - link.clock() <= longestProofMs;
  return mintIdentity(facts, soonOver ? { accessToken: token } : undefined);
}

function identityOrRefusal(outcome: Outcome): Identity {
  if ('identity' in outcome) return outcome.identity;
  const { code, message, fault } = outcome;
  throw new SafeconductError(code, { message, fault });
}

function refused({ code, reason, fault }: Omit<Extract<AccessTokenVerdict, { valid: false }>, 'valid'>): SafeconductError {
  return new SafeconductError(code, { message: `access token refused: ${reason}`, fault });
}
