/** What an exchange gives: the third party's access token, until when, and for what. Nothing else leaves. */
import type { VaultAnswer } from '../connections/vault.ts';
import { CONNECTION_TOKEN, FEDERATED_EXCHANGE, FEDERATED_TOKEN } from './exchange-names.ts';
import type { ExchangeGrant } from './exchange-request.ts';

/** Seconds after which a token without an end is asked for again, so that a disconnected account is noticed. */
const WITHOUT_END = 300;

export interface ExchangeAnswer {
  readonly access_token: string;
  readonly issued_token_type: string;
  readonly token_type: 'Bearer';
  /** Whole seconds, always: clients make NaN of an absent one and keep the token for ever. */
  readonly expires_in: number;
  readonly scope: string;
}

export function exchangeAnswer(
  grant: ExchangeGrant,
  { accessToken, expiresAt, scopes }: Extract<VaultAnswer, { readonly kind: 'token' }>,
): ExchangeAnswer {
  return {
    access_token: accessToken,
    issued_token_type: grant === FEDERATED_EXCHANGE ? FEDERATED_TOKEN : CONNECTION_TOKEN,
    token_type: 'Bearer',
    expires_in: expiresAt === undefined ? WITHOUT_END : Math.max(0, Math.floor((expiresAt.getTime() - Date.now()) / 1000)),
    scope: scopes.join(' '),
  };
}
