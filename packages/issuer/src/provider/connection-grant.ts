/** The exchange (RFC 8693): a sign-in here for an access token at a third party, out of the vault. */
import type { Client, KoaContextWithOIDC } from 'oidc-provider';
import type { Connection } from '../connections/connection.ts';
import type { Connections } from '../connections/registry.ts';
import type { Vault, VaultAnswer } from '../connections/vault.ts';
import { judge, type VaultQuestion, type VaultRow, vaultRow } from '../connections/vault-row.ts';
import type { Statement } from '../store/database.ts';
import { refusalsPerMinute } from './audit.ts';
import { exchangeAnswer } from './exchange-answer.ts';
import { connectUriOf } from './exchange-names.ts';
import { ExchangeRefused, refusalAnswer } from './exchange-refusal.ts';
import { type ExchangeGrant, type ExchangeRequest, readExchange } from './exchange-request.ts';
import { issueProxyToken } from './proxy-token.ts';
import { checkOrganization, notListed, reachableConnection } from './reachable-connection.ts';
import { readSubject, type Subject, type SubjectOptions } from './subject-token.ts';
import { unit } from './unit.ts';
import type { Voice } from './voice.ts';

/** What an issuer has that reaches third parties. */
export interface ThirdParties {
  readonly connections: Pick<Connections, 'find'>;
  readonly vault: Pick<Vault, 'token' | 'hotToken'>;
}

export interface ConnectionGrantOptions extends SubjectOptions, ThirdParties {
  readonly voice: Voice;
}

interface Exchange {
  readonly request: ExchangeRequest;
  readonly caller: Client;
  readonly connection: Connection;
  readonly subject: Subject;
}

/** Handles one of the two grants. Whatever is refused, is refused here; the subject token is never used up. */
export function connectionGrant(grant: ExchangeGrant, options: ConnectionGrantOptions): (ctx: KoaContextWithOIDC) => Promise<void> {
  const mayRecord = refusalsPerMinute();
  return async (ctx) => {
    try {
      ctx.body = await exchanged(ctx, grant, options);
    } catch (error) {
      if (!(error instanceof ExchangeRefused)) throw error;
      // Not thrown on: the engine would add a challenge to prove the application, which it has done.
      const { status, headers, body } = refusalAnswer(grant, error);
      ctx.status = status;
      ctx.set(headers);
      ctx.body = body;
      if (mayRecord(`${ctx.oidc.client?.clientId} ${error.facts.reason ?? error.kind}`)) note(ctx, error);
    }
  };
}

async function exchanged(ctx: KoaContextWithOIDC, grant: ExchangeGrant, options: ConnectionGrantOptions): Promise<object> {
  const { client: caller, params = {} } = ctx.oidc;
  if (!caller) throw new TypeError('the token endpoint let an unauthenticated caller through');
  const request = readExchange(grant, params);
  const connection = await reachableConnection(options.connections, request, caller);
  const subject = await readSubject(options, request, caller);
  checkOrganization(connection, subject.person);
  const exchange = { request, caller, connection, subject };
  return request.wants === 'proxy' ? forProxy(ctx, exchange, options) : fromVault(exchange, options);
}

async function fromVault(exchange: Exchange, options: ConnectionGrantOptions): Promise<object> {
  const answer = await options.vault.token(questionOf(exchange));
  if (answer.kind === 'token') return exchangeAnswer(exchange.request.grant, answer);
  throw refusedBy(answer, exchange, options);
}

const ACCOUNT: Statement = {
  name: 'account for the proxy',
  text: vaultRow({ user: '$1', connection: '$2', application: '$3', account: '$4' }),
};

/** The vault's own decision, without opening anything. */
async function forProxy(ctx: KoaContextWithOIDC, exchange: Exchange, options: ConnectionGrantOptions): Promise<object> {
  const question = questionOf(exchange);
  const { userId, connection, applicationId, account = null } = question;
  const [row] = await options.store.run<VaultRow>(ACCOUNT, [userId, connection.id, applicationId, account]);
  const verdict = judge(row, question);
  if (typeof verdict === 'object') throw refusedBy(verdict, exchange, options);
  return issueProxyToken(ctx, { ...options, ...exchange });
}

const questionOf = ({ request: { scopes, account, refusedToken }, caller, connection, subject }: Exchange): VaultQuestion => ({
  userId: subject.person.id,
  connection,
  applicationId: caller.clientId,
  scopes,
  account,
  rejected: refusedToken,
});

type NoToken = Exclude<VaultAnswer, { readonly kind: 'token' }>;

const sentences = {
  none: 'this person has connected no such account',
  'not-allowed': 'this person has not allowed this application to use the account',
  scopes: 'this person has not allowed everything that is asked for',
  reconnect: 'the account has to be connected again',
} as const;

function refusedBy(answer: NoToken, { request, caller, connection, subject: { person } }: Exchange, { voice }: ConnectionGrantOptions) {
  const subject = person.id;
  if (answer.kind === 'unavailable') {
    const facts = { reason: 'vault_unavailable', retryAfter: answer.retryAfter, subject };
    return new ExchangeRefused('unavailable', 'there is no answer about this account now: try again in a moment', facts);
  }
  if (answer.reason === 'not-listed') return notListed(subject);
  return new ExchangeRefused('account', `${sentences[answer.reason]}: send them to connect_uri`, {
    reason: answer.reason.replace('-', '_'),
    connectUri: connectUriOf(voice.home, { connection: connection.id, client: caller.clientId, scopes: request.scopes }),
    subject,
    ...(answer.missing && { missingScopes: answer.missing }),
  });
}

function note(ctx: KoaContextWithOIDC, { kind, facts }: ExchangeRefused): void {
  const connection = ctx.oidc.params?.connection;
  unit().record({
    type: 'vault.exchange_refused',
    outcome: 'refused',
    reason: facts.reason ?? kind,
    actor: facts.subject,
    client: ctx.oidc.client?.clientId,
    target: typeof connection === 'string' ? connection : undefined,
    ip: ctx.ip,
  });
}
