/**
 * The short way of an exchange, before the engine: one statement, and the answer. It only ever says yes. Whatever is not plainly
 * right it leaves, untouched, to the engine and `connection-grant.ts`, so that there is one place that refuses.
 */
import type { IncomingMessage } from 'node:http';
import type { ClientMetadata } from 'oidc-provider';
import type { Connection } from '../connections/connection.ts';
import type { Connections } from '../connections/registry.ts';
import type { Vault } from '../connections/vault.ts';
import type { HotVaultRow } from '../connections/vault-row.ts';
import { kindOf } from '../secrets/token-format.ts';
import type { Row, Store } from '../store/database.ts';
import { type Applications, type ApplicationTraits, TRAITS } from './applications.ts';
import { artifactId } from './artifact.ts';
import type { Attempts } from './attempts.ts';
import { guessesBy, secretMatches } from './client-authentication.ts';
import { type ClientProof, clientProof, type Form } from './client-proof.ts';
import { type ExchangeAnswer, exchangeAnswer } from './exchange-answer.ts';
import { isForProxy } from './exchange-names.ts';
import { ExchangeRefused } from './exchange-refusal.ts';
import { type ExchangeRequest, isExchangeGrant, readExchange } from './exchange-request.ts';
import { BY_ACCESS_TOKEN, BY_REFRESH_TOKEN } from './short-exchange-statements.ts';
import type { AccessTokenClaims } from './verified-claims.ts';
import type { VerifiedToken } from './verified-tokens.ts';

export interface ShortExchangeOptions {
  /** Whose proxy it is. */
  readonly home: string;
  /** Id of the organization whose issuer this is; undefined where there is one for all. */
  readonly tenant: string | undefined;
  readonly store: Store;
  readonly applications: Pick<Applications, 'metadata'>;
  readonly attempts: Pick<Attempts, 'blocked'>;
  readonly connections: Pick<Connections, 'find'>;
  readonly vault: Pick<Vault, 'hotToken'>;
  /** An access token of ours that has not expired. */
  readonly verified: (token: string) => VerifiedToken | undefined;
  /** Seconds in which a refresh token that has a successor counts. */
  readonly grace: number;
}

/** Answers a token request that is a plain exchange; undefined for every other one. */
export type ShortExchange = (request: IncomingMessage, form: Form) => Promise<ExchangeAnswer | undefined>;

/** The organization of the person, and the account that is meant. */
interface LiveRow extends Row {
  readonly organization: string;
  readonly held: HotVaultRow;
}

interface Caller {
  readonly id: string;
  readonly public: boolean;
  readonly traits: ApplicationTraits;
}

export function createShortExchange(options: ShortExchangeOptions): ShortExchange {
  return async (request, form) => {
    const asked = plainlyAsked(form);
    const proof = asked && clientProof(request.headers.authorization, form);
    const caller = proof && (await provedCaller(proof, request, options));
    const connection = caller && (await options.connections.find(asked?.connection ?? ''));
    if (!asked || !caller || !connection || !mayUse(caller, connection, asked)) return undefined;
    const { organization, held } = (await liveRow(asked, caller, options)) ?? {};
    if (!held || organization !== connection.organizationId || organization !== (options.tenant ?? organization)) return undefined;
    const { scopes, account } = asked;
    const found = options.vault.hotToken(held, { userId: held.user_id, connection, applicationId: caller.id, scopes, account });
    return found && exchangeAnswer(asked.grant, found);
  };
}

/** What is asked for, when it can be read. */
function plainlyAsked(form: Form): ExchangeRequest | undefined {
  const { grant_type: grant = '' } = form;
  if (!isExchangeGrant(grant)) return undefined;
  try {
    const request = readExchange(grant, form);
    return request.wants === 'token' && request.refusedToken === undefined ? request : undefined;
  } catch (error) {
    if (error instanceof ExchangeRefused) return undefined;
    throw error;
  }
}

async function provedCaller(
  { clientId, secrets }: ClientProof,
  request: IncomingMessage,
  { applications, attempts }: ShortExchangeOptions,
): Promise<Caller | undefined> {
  const metadata = await applications.metadata(clientId);
  if (!metadata) return undefined;
  const traits = metadata[TRAITS] as ApplicationTraits;
  if (metadata.token_endpoint_auth_method === 'none') return secrets ? undefined : { id: clientId, public: true, traits };
  if (!secrets || !bySecret(metadata) || attempts.blocked(guessesBy(clientId, addressOf(request)))) return undefined;
  return secrets.some((secret) => secretMatches(traits.secretHashes, secret)) ? { id: clientId, public: false, traits } : undefined;
}

const bySecret = ({ token_endpoint_auth_method: method }: ClientMetadata): boolean => method?.startsWith('client_secret') ?? false;

/** As `pinOrigin` wrote it. */
const addressOf = ({ headers }: IncomingMessage): string => String(headers['x-forwarded-for'] ?? '');

function mayUse(
  caller: Caller,
  { applications, disabled, accounts, publicClients }: Connection,
  { scopes = [] }: ExchangeRequest,
): boolean {
  const use = applications.get(caller.id);
  if (!use?.tokens || disabled || !accounts || (caller.public && !publicClients)) return false;
  const { scopes: listed } = use;
  return listed === 'all' || scopes.every((scope) => listed.includes(scope));
}

/** The person behind the subject token, if it is alive and this caller's, with the account that is meant. */
async function liveRow(
  asked: ExchangeRequest,
  caller: Caller,
  { home, store, verified, grace }: ShortExchangeOptions,
): Promise<LiveRow | undefined> {
  const rest = [asked.connection, caller.id, asked.account ?? null];
  if (asked.subjectType === 'refresh') {
    if (kindOf(asked.subjectToken) !== 'rt') return undefined;
    return (
      await store.run<LiveRow>(BY_REFRESH_TOKEN, [artifactId('RefreshToken', asked.subjectToken), grace, ...rest, store.realm ?? ''])
    )[0];
  }
  if (asked.subjectToken.startsWith('sc_')) return undefined;
  const { claims, grant, revocation } = verified(asked.subjectToken) ?? {};
  if (!claims || grant === undefined || !shownBy(claims, caller) || isForProxy(home, claims.aud)) return undefined;
  return (await store.run<LiveRow>(BY_ACCESS_TOKEN, [grant, revocation, claims.sub, claims.client_id, ...rest]))[0];
}

const shownBy = ({ client_id, aud }: AccessTokenClaims, { id, traits }: Caller): boolean => client_id === id || traits.audience === aud;
