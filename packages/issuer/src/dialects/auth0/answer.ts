/** Answers and errors with Auth0's statuses and words: SDKs compare both. */
import type { AnswerFacts, WireAnswer } from '../dialect.ts';
import { ACCESS_TOKEN, TOKEN_EXCHANGE } from './request.ts';
import { grantedScopes } from './shapes.ts';

type Answer = Pick<WireAnswer, 'status' | 'body'> & Partial<WireAnswer>;

export function answer(given: WireAnswer, facts: AnswerFacts): Answer {
  const { route, status, body } = given;
  if (status === 429) return { status, body: tooMany(body), headers: rateLimited(given.headers) };
  if (route === 'token') return status < 400 ? tokens(given, facts) : refused(given, facts);
  if (route === 'revocation' && status === 200) return { status, body: {} };
  if (route === 'deviceAuthorization' && status >= 400) return refused(given, facts);
  return { status, body };
}

/** Devices are told to slow down in words of their own. */
const tooMany = (body: WireAnswer['body']): WireAnswer['body'] =>
  body.error === 'slow_down' ? body : { ...body, error: 'too_many_requests' };

/** Scopes of the API and of OpenID Connect together; a refresh token only where it is a new one. */
function tokens({ status, body }: WireAnswer, facts: AnswerFacts): Answer {
  const { refresh_token: refreshToken, scope, ...rest } = body;
  // What the vault gives has scopes of the third party.
  const scopes = body.issued_token_type === undefined ? grantedScopes(scope, facts).join(' ') : scope;
  const renewed = refreshToken !== undefined && refreshToken !== facts.parameters.get('refresh_token');
  const exchanged = body.issued_token_type === undefined && facts.parameters.get('grant_type') === TOKEN_EXCHANGE;
  return {
    status,
    body: {
      ...rest,
      ...(scopes !== '' && { scope: scopes }),
      ...(renewed && { refresh_token: refreshToken }),
      ...(exchanged && { issued_token_type: ACCESS_TOKEN }),
    },
  };
}

interface Spelling {
  readonly status: number;
  readonly error?: string;
  readonly description?: string;
}

const errors: Readonly<Record<string, Spelling>> = {
  invalid_client: { status: 401, description: 'Unauthorized' },
  unauthorized_client: { status: 403 },
  access_denied: { status: 403 },
  authorization_pending: { status: 403, description: 'User has yet to authorize device code.' },
  slow_down: { status: 429, description: 'You are polling faster than the specified interval.' },
  expired_token: { status: 403, description: 'The device code has expired or was used: begin again.' },
  invalid_grant: { status: 403 },
};

/** What is wrong with what was presented, by grant type. */
const grants: Readonly<Record<string, string>> = {
  authorization_code: 'Invalid authorization code',
  refresh_token: 'Unknown or invalid refresh token.',
  'urn:ietf:params:oauth:grant-type:device_code': 'Invalid or expired device code.',
};

function refused({ status, body, headers }: WireAnswer, { parameters }: AnswerFacts): Answer {
  const error = String(body.error);
  // Those of the vault say more than any of these sentences.
  if (isFederated(parameters)) return { status, body };
  if (error === 'invalid_target') return { status: 403, body: { error: 'access_denied', error_description: noApi(parameters) } };
  const spelling = errors[error];
  if (!spelling) return { status, body };
  const description = error === 'invalid_grant' ? grants[parameters.get('grant_type') ?? ''] : spelling.description;
  const said = { ...body, ...(description !== undefined && { error_description: description }) };
  return { status: spelling.status, body: said, ...(spelling.status === 429 && { headers: rateLimited(headers) }) };
}

const isFederated = (parameters: URLSearchParams): boolean => (parameters.get('grant_type') ?? '').includes('federated-connection');

const noApi = (parameters: URLSearchParams): string =>
  `Client is not authorized to access "${parameters.get('audience') ?? parameters.get('resource') ?? ''}", or there is no such API.`;

/** https://auth0.com/docs/troubleshoot/customer-support/operational-policies/rate-limit-policy: SDKs wait until the reset. */
function rateLimited(headers: WireAnswer['headers']): Readonly<Record<string, string>> {
  const said = Number(headers['retry-after'] ?? POLLING);
  const wait = Number.isFinite(said) ? said : POLLING;
  const limits = {
    'retry-after': String(wait),
    'x-ratelimit-limit': '1',
    'x-ratelimit-remaining': '0',
    'x-ratelimit-reset': String(Math.ceil(Date.now() / 1000) + wait),
  };
  const readable = [headers['access-control-expose-headers'], ...Object.keys(limits)].filter(Boolean);
  return { ...limits, 'access-control-expose-headers': readable.join(', ') };
}

/** Seconds after which a device may ask again. */
const POLLING = 5;
