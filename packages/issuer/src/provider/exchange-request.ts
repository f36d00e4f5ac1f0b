/** An exchange as it was asked for, parsed once: from here on nothing of it is text that nobody looked at. */
import { ACCESS_TOKEN, CONNECTION_TOKEN, FEDERATED_EXCHANGE, FEDERATED_TOKEN, REFRESH_TOKEN, TOKEN_EXCHANGE } from './exchange-names.ts';
import { ExchangeRefused } from './exchange-refusal.ts';
import { longestOf, MAX_SCOPES } from './limits.ts';

export type ExchangeGrant = typeof TOKEN_EXCHANGE | typeof FEDERATED_EXCHANGE;

export interface ExchangeRequest {
  readonly grant: ExchangeGrant;
  /** What comes back: the third party's token, or one of ours for the proxy. */
  readonly wants: 'token' | 'proxy';
  readonly subjectToken: string;
  readonly subjectType: 'refresh' | 'access';
  readonly connection: string;
  /** The person's id over there, to choose among several accounts. */
  readonly account: string | undefined;
  /** An access token of this account that the third party took no longer: it is not given again if another can be had. */
  readonly refusedToken: string | undefined;
  /** Undefined: whatever the person allowed. */
  readonly scopes: readonly string[] | undefined;
}

type Params = Readonly<Record<string, unknown>>;

/** Reads the parameters of an exchange. Throws `ExchangeRefused` for one that cannot be. */
export function readExchange(grant: ExchangeGrant, params: Params): ExchangeRequest {
  checkBounds(params);
  checkTargets(params);
  const subjectToken = required(params, 'subject_token');
  const subjectType = subjectTypeOf(required(params, 'subject_token_type'));
  const wants = wantedOf(grant, text(params, 'requested_token_type'));
  const connection = required(params, 'connection');
  const scopes = scopesOf(text(params, 'scope'));
  return {
    grant,
    wants,
    subjectToken,
    subjectType,
    connection,
    account: text(params, 'login_hint'),
    refusedToken: text(params, 'refused_token'),
    scopes,
  };
}

function checkBounds(params: Params): void {
  for (const name in params) {
    const value = params[name];
    if (typeof value !== 'string') continue;
    if (value.length > longestOf(name)) throw malformed(`${name} is too long`);
    // No row can hold NUL or half a character.
    if (!value.isWellFormed() || value.includes('\0')) throw malformed(`${name} has characters that are not text`);
  }
}

/** An exchange names a connection and nothing else (RFC 8693, 2.1: both are optional; 2.2.2: what is refused). */
function checkTargets(params: Params): void {
  for (const name of ['audience', 'resource']) {
    if (text(params, name) !== undefined)
      throw new ExchangeRefused('target', `${name} is not taken here: name the third party with connection`);
  }
  if (text(params, 'actor_token') !== undefined || text(params, 'actor_token_type') !== undefined)
    throw malformed('actor_token is not taken here: the application that asks is the actor');
}

function scopesOf(text = ''): readonly string[] | undefined {
  const scopes = text.split(' ').filter(Boolean);
  if (scopes.length > MAX_SCOPES) throw malformed(`scope lists more than ${MAX_SCOPES} items`);
  return scopes.length > 0 ? scopes : undefined;
}

function subjectTypeOf(type: string): ExchangeRequest['subjectType'] {
  if (type === REFRESH_TOKEN) return 'refresh';
  if (type === ACCESS_TOKEN) return 'access';
  throw malformed(`subject_token_type must be ${REFRESH_TOKEN} or ${ACCESS_TOKEN}`);
}

function wantedOf(grant: ExchangeGrant, type: string | undefined): ExchangeRequest['wants'] {
  if (grant === FEDERATED_EXCHANGE) {
    if (type === FEDERATED_TOKEN) return 'token';
    throw malformed(`requested_token_type must be ${FEDERATED_TOKEN}`);
  }
  if (type === undefined || type === CONNECTION_TOKEN) return 'token';
  if (type === ACCESS_TOKEN) return 'proxy';
  throw malformed(`requested_token_type must be ${CONNECTION_TOKEN}, or ${ACCESS_TOKEN} for the proxy`);
}

function required(params: Params, name: string): string {
  const value = text(params, name);
  if (value === undefined) throw malformed(`${name} is missing`);
  return value;
}

/** A parameter without a value counts as absent (RFC 6749, 3.2). */
function text(params: Params, name: string): string | undefined {
  const value = params[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

const malformed = (message: string) => new ExchangeRefused('request', message);

export const isExchangeGrant = (name: string): name is ExchangeGrant => name === TOKEN_EXCHANGE || name === FEDERATED_EXCHANGE;
