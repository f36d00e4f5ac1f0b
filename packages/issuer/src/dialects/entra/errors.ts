/** Errors as clients of this dialect read them: a numbered sentence, and who to ask about it. */
import { randomUUID } from 'node:crypto';
import type { AnswerFacts, WireAnswer } from '../dialect.ts';

type Claims = Readonly<Record<string, unknown>>;

/** Why a request is refused, as this dialect numbers it. */
export interface Cause {
  readonly code: number;
  /** What happened and what to do next. */
  readonly text: string;
  /** Instead of the engine's name. */
  readonly error?: string;
  /** By which a client knows that only the person can help. */
  readonly suberror?: string;
}

// MSAL takes an error for one that only the person can solve when it finds one of these words anywhere in its description.
const MISREAD = /(?:interaction|consent|login)_required|bad_token|ui_not_allowed|interrupted_user/g;

const GUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;

/** An answer with an error, in this dialect's words. */
export function translatedError({ status, body }: WireAnswer, facts: AnswerFacts): { status: number; body: Claims } {
  const cause = causeOf(body, facts);
  const ids = { trace: facts.requestId, correlation: correlationOf(facts) };
  return { status: status === 403 ? 400 : status, body: refusal({ ...cause, error: cause.error ?? String(body.error) }, ids) };
}

interface Ids {
  readonly trace: string;
  readonly correlation: string;
}

/** The body of a refusal. */
export function refusal(
  { error, code, text, suberror }: Cause & { error: string },
  { trace, correlation }: Ids = { trace: randomUUID(), correlation: randomUUID() },
): Claims {
  const timestamp = `${new Date().toISOString().slice(0, 19).replace('T', ' ')}Z`;
  const sentence = text.replace(MISREAD, (word) => word.replaceAll('_', ' '));
  return {
    error,
    error_description: `AADSTS${code}: ${sentence}\r\nTrace ID: ${trace}\r\nCorrelation ID: ${correlation}\r\nTimestamp: ${timestamp}`,
    error_codes: [code],
    timestamp,
    trace_id: trace,
    correlation_id: correlation,
    ...(suberror !== undefined && { suberror }),
  };
}

/** A client names its request in the body, the query or a header. */
function correlationOf({ parameters, query, header, requestId }: AnswerFacts): string {
  const name = 'client-request-id';
  return [parameters.get(name), query.get(name), header(name)].find((named) => named && GUID.test(named)) ?? requestId;
}

function causeOf(body: Claims, facts: AnswerFacts): Cause {
  const said = typeof body.error_description === 'string' ? body.error_description : '';
  const numbered = /^AADSTS(?<code>\d+): (?<text>.*)/s.exec(said)?.groups;
  if (numbered) return { code: Number(numbered.code), text: numbered.text ?? '' };
  const error = String(body.error);
  const cause = byGrant(error, facts) ?? byError[error]?.(said, facts) ?? { code: 50_000, text: said };
  return { ...cause, text: cause.text || error };
}

const OBO = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

/** What is wrong with the grant that was handed in, by its type. The engine says no more than that it is. */
const grants: Readonly<Record<string, Cause>> = {
  refresh_token: { code: 700_082, suberror: 'bad_token', text: 'The refresh token has expired or was revoked: sign in again.' },
  [OBO]: { code: 500_133, text: 'The assertion cannot be used: send an access token that is valid now, of a person, and for this API.' },
  client_credentials: { code: 50_059, error: 'invalid_request', text: "No tenant was named: ask at the tenant's own endpoint." },
};

const MORE: Cause = {
  code: 65_001,
  error: 'invalid_grant',
  suberror: 'consent_required',
  text: 'The sign-in does not cover every scope that is asked for: send the person to sign in for them.',
};
const CODE: Cause = { code: 70_000, text: "The code has expired, was used, or is not this application's: start the sign-in again." };

/** Errors whose number depends on what was handed in. */
function byGrant(error: string, { parameters }: AnswerFacts): Cause | undefined {
  // Scopes beyond those of the sign-in: MSAL goes and asks the person.
  if (error === 'invalid_scope' && parameters.get('grant_type') === 'refresh_token') return MORE;
  if (error === 'invalid_grant') return grants[parameters.get('grant_type') ?? ''] ?? CODE;
  if (error === 'access_denied' && parameters.has('device_code'))
    return { code: 70_018, error: 'authorization_declined', text: 'The person declined the sign-in on the device.' };
  return undefined;
}

const byError: Readonly<Record<string, (said: string, facts: AnswerFacts) => Cause>> = {
  invalid_request: invalidRequest,
  invalid_client: invalidClient,
  invalid_scope: (said) => ({ code: 70_011, text: `The provided value for the input parameter 'scope' is not valid. ${said}` }),
  invalid_target: () => ({
    code: 500_011,
    error: 'invalid_resource',
    text: 'The one API that scope must name was not found, has no such scope, or this application may not call it.',
  }),
  unauthorized_client: (said) => ({ code: 700_016, text: `This application may not do that here: ${said}` }),
  unsupported_grant_type: () => ({ code: 70_003, text: 'The app requested an unsupported grant type.' }),
  unsupported_response_type: () => ({ code: 700_051, text: 'response_type is not enabled for the application.' }),
  authorization_pending: () => ({ code: 70_016, text: 'The person has not finished the sign-in on the device yet. Ask again.' }),
  slow_down: () => ({ code: 70_017, text: 'Asked too soon: wait for the interval between two requests.' }),
  expired_token: () => ({ code: 70_020, text: 'The device code has expired: ask for a new one.' }),
  access_denied: (said) => ({ code: 65_004, text: `The person declined. ${said}` }),
  login_required: () => ({ code: 50_058, text: 'A silent sign-in request was sent but no user is signed in.' }),
  consent_required: () => ({ code: 65_001, text: 'The person has not consented to use this application.' }),
  interaction_required: (said) => ({ code: 65_001, suberror: 'consent_required', text: said }),
  temporarily_unavailable: (said) => ({ code: 90_033, text: `A transient error has occurred. Please try again. ${said}` }),
  server_error: (said) => ({ code: 90_033, text: `Something went wrong here, not with your request. ${said}` }),
};

function invalidRequest(said: string): Cause {
  const nobody = said.startsWith('no client authentication') ? "'client_id'" : undefined;
  const missing = nobody ?? /missing required parameters? (?<names>.+)$/.exec(said)?.groups?.names;
  return missing === undefined
    ? { code: 9_002_313, text: `Invalid request. ${said}` }
    : { code: 900_144, text: `The request body must contain the following parameter: ${missing}.` };
}

function invalidClient(_said: string, { parameters, client }: AnswerFacts): Cause {
  if (parameters.get('client_assertion'))
    return { code: 700_027, text: 'The client assertion was refused: check its key, audience and times.' };
  if (parameters.get('client_secret')) return { code: 7_000_215, text: 'Invalid client secret provided, or no such application.' };
  if (client?.confidential)
    return { code: 7_000_218, text: "The request body must contain the following parameter: 'client_assertion' or 'client_secret'." };
  return { code: 700_016, text: 'The application was not found in the directory, or did not prove itself.' };
}
