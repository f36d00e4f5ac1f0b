/** Why an exchange is refused, and how each of the two grants says so. */

import { FEDERATED_EXCHANGE } from './exchange-names.ts';
import type { ExchangeGrant } from './exchange-request.ts';

/**
 * `request`: it cannot be read. `target`: it names an API. `client`: this application may not use the connection. `scope`: nor
 * these scopes of it. `subject`: the subject token is not good for this. `account`: the person has to connect, allow or
 * reconnect something. `unavailable`: the third party or the keys of the vault are away.
 */
export type RefusalKind = 'request' | 'target' | 'client' | 'scope' | 'subject' | 'account' | 'unavailable';

export interface RefusalFacts {
  /** A short code for the audit log and, where a person can mend it, for the application. */
  readonly reason?: string;
  /** Where to send the person. */
  readonly connectUri?: string;
  readonly missingScopes?: readonly string[];
  /** Seconds. */
  readonly retryAfter?: number;
  /** Whose exchange it was, once that is known. */
  readonly subject?: string;
}

/** An exchange that is not made. Its message goes to the application. */
export class ExchangeRefused extends Error {
  override readonly name = 'ExchangeRefused';
  readonly kind: RefusalKind;
  readonly facts: RefusalFacts;
  constructor(kind: RefusalKind, message: string, facts: RefusalFacts = {}) {
    super(message);
    this.kind = kind;
    this.facts = facts;
  }
}

interface Spelling {
  readonly status: number;
  readonly error: string;
}

/** RFC 8693, 2.2.2: an unacceptable subject token is an invalid request. */
const standard: Readonly<Record<RefusalKind, Spelling>> = {
  request: { status: 400, error: 'invalid_request' },
  target: { status: 400, error: 'invalid_target' },
  client: { status: 400, error: 'unauthorized_client' },
  scope: { status: 400, error: 'invalid_scope' },
  subject: { status: 400, error: 'invalid_request' },
  account: { status: 401, error: 'federated_connection_account_not_found' },
  unavailable: { status: 503, error: 'temporarily_unavailable' },
};

/** As clients of Auth0 expect it. */
const federated: Readonly<Record<RefusalKind, Spelling>> = {
  ...standard,
  client: { status: 403, error: 'unauthorized_client' },
  subject: { status: 401, error: 'invalid_grant' },
};

export interface RefusalAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, string>>;
}

/** A refusal on the wire. */
export function refusalAnswer(grant: ExchangeGrant, { kind, message, facts }: ExchangeRefused): RefusalAnswer {
  const { status, error } = (grant === FEDERATED_EXCHANGE ? federated : standard)[kind];
  const { reason, connectUri, missingScopes, retryAfter } = facts;
  return {
    status,
    headers: retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) },
    body: {
      error,
      error_description: message,
      ...(kind === 'account' && reason !== undefined && { reason }),
      ...(missingScopes !== undefined && { missing_scope: missingScopes.join(' ') }),
      ...(connectUri !== undefined && { connect_uri: connectUri }),
    },
  };
}
