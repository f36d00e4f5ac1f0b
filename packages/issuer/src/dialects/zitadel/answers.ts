/** Answers and errors in Zitadel's words. Statuses stay those of the RFCs where Zitadel's code and its documentation differ. */
import type { AnswerFacts, WireAnswer } from '../dialect.ts';
import { scopesOf } from './claims.ts';
import { JWT_PROFILE } from './request.ts';

type Answer = Pick<WireAnswer, 'status' | 'body'>;

export function translateAnswer({ route, status, body }: WireAnswer, facts: AnswerFacts): Answer {
  if (route === 'userinfo' && status >= 400) return userinfoError(status, body);
  if (body.error_description === TWO_WAYS)
    return failure(status, 'invalid_request', 'client authentication must not use more than one method');
  if (route === 'introspection' && body.error_description === NO_WAY)
    return failure(401, 'invalid_client', 'client authentication is missing');
  if (route === 'token') return status === 200 ? tokens(body, facts) : tokenError(status, body, facts);
  return { status, body };
}

function userinfoError(status: number, body: WireAnswer['body']): Answer {
  if (body.error_description === 'no access token provided') return failure(401, 'invalid_request', 'access token missing');
  return body.error === 'invalid_token' ? failure(401, 'access_denied', 'access token invalid') : { status, body };
}

/** Scopes that were asked for in Zitadel's names were granted too (RFC 6749, 5.1). */
function tokens(body: WireAnswer['body'], facts: AnswerFacts): Answer {
  if (body.access_token === undefined || body.issued_token_type !== undefined) return { status: 200, body };
  const engine = typeof body.scope === 'string' ? body.scope.split(' ').filter(Boolean) : [];
  const scope = scopesOf({ scopes: [...facts.scopes, ...engine], asked: facts.asked }).join(' ');
  return { status: 200, body: scope === '' ? body : { ...body, scope } };
}

function tokenError(status: number, body: WireAnswer['body'], { parameters }: AnswerFacts): Answer {
  const { error, error_description: description } = body;
  // Where the assertion is the grant, it is the grant that does not hold (RFC 7521, 4.1.1).
  if (parameters.get('grant_type') === JWT_PROFILE && (error === 'invalid_client' || description === UNREADABLE))
    return failure(400, 'invalid_grant', 'the assertion is not valid');
  // RFC 6749, 5.2.
  if (description === NOT_ALLOWED) return failure(400, 'unauthorized_client', 'this application may not use this grant_type');
  return { status, body };
}

/** What the engine says of a grant type that an application was not registered with, … */
const NOT_ALLOWED = 'requested grant type is not allowed for this client';
/** … of an assertion that is no JWT, and of a client that proves itself twice or not at all. */
const UNREADABLE = 'invalid client_assertion format';
const TWO_WAYS = 'client authentication must only be provided using one mechanism';
const NO_WAY = 'no client authentication mechanism provided';

const failure = (status: number, error: string, description: string): Answer => ({
  status,
  body: { error, error_description: description },
});
