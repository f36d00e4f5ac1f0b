/** Answers on their way out. */
import type { AnswerFacts, WireAnswer } from '../dialect.ts';
import { askedIn } from './asked.ts';
import { KEPT_FOR_A_DAY } from './documents.ts';
import { translatedError } from './errors.ts';
import { olderIssuer, place } from './paths.ts';
import { clientInfo, tenantOf } from './people.ts';

type Claims = Readonly<Record<string, unknown>>;
type Answer = Pick<WireAnswer, 'status' | 'body'> & Partial<WireAnswer>;

export function answer(given: WireAnswer, facts: AnswerFacts): Answer {
  const { route, status, body, headers } = given;
  if (typeof body.error === 'string' && route !== 'userinfo')
    return { ...translatedError(given, facts), headers: { ...headers, 'x-ms-request-id': facts.requestId } };
  if (status !== 200) return given;
  if (route === 'discovery') return { status, body, headers: { ...headers, ...KEPT_FOR_A_DAY } };
  if (route === 'token') return { status, body: tokens(body, facts), headers: { ...headers, 'x-ms-request-id': facts.requestId } };
  return route === 'deviceAuthorization' ? { status, body: deviceCode(body) } : given;
}

function tokens(body: Claims, facts: AnswerFacts): Claims {
  const { scope: _scope, expires_in: expiresIn, access_token, refresh_token, id_token, ...rest } = body;
  const scope = facts.grantType === 'client_credentials' ? undefined : scopeOf(facts);
  return {
    ...rest,
    ...(scope !== undefined && { scope }),
    expires_in: expiresIn,
    ext_expires_in: expiresIn,
    access_token,
    ...(refresh_token !== undefined && { refresh_token }),
    ...(id_token !== undefined && { id_token }),
    ...(facts.parameters.get('client_info') === '1' && facts.account?.kind === 'person' && { client_info: clientInfo(facts.account) }),
  };
}

/** Scopes with their API in front, as the request spelled it: MSAL finds a token by what it asked for. */
function scopeOf({ api, scopes, asked }: AnswerFacts): string {
  const { forms, whole, others } = askedIn(asked);
  if (!api) return [...scopes, ...others].join(' ');
  const form = forms[api.resource] ?? api.resource;
  const names = scopes.filter((scope) => api.scopes.includes(scope));
  if (whole.includes(api.resource)) names.push('.default');
  return [...names.map((name) => `${form}/${name}`), ...others].join(' ');
}

function deviceCode({ verification_uri_complete: _complete, ...body }: Claims): Claims {
  const { verification_uri: page, user_code: code } = body;
  return { ...body, message: `To sign in, use a web browser to open the page ${page} and enter the code ${code} to authenticate.` };
}

/** What a browser brings back beside the code. */
export function authorizationResponse(facts: AnswerFacts): Readonly<Record<string, string>> {
  const { asked, account, session, scopes, origin } = facts;
  const { clientInfo: wanted, older } = askedIn(asked);
  return {
    // The issuer that its configuration names and its ID token will have (RFC 9207).
    ...(older && { iss: olderIssuer(place(origin, tenantOf(facts))) }),
    // None are known before a token is made.
    ...(scopes.length > 0 && { scope: scopeOf(facts) }),
    ...(wanted && account !== undefined && { client_info: clientInfo(account) }),
    ...(session !== undefined && { session_state: session }),
  };
}
