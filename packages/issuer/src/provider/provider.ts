/** The engine (oidc-provider) on our storage, in our dialect. Others see an engine; what it took is in the files beside this. */
import type { JsonWebKey } from 'node:crypto';
import type { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Provider as Engine, errors, type JWK, type KoaContextWithOIDC, type TokenEndpointGrantContext } from 'oidc-provider';
import type { OutboundFetch } from '../connections/outbound-fetch.ts';
import type { Dialect } from '../dialects/dialect.ts';
import type { Seal } from '../secrets/seal.ts';
import type { Store } from '../store/database.ts';
import { StoreUnavailable } from '../store/unavailable.ts';
import { createAdapter } from './adapter.ts';
import { answerFailure, finish, skipScriptedPages } from './answers.ts';
import { createApplications } from './applications.ts';
import { type Attempts, createAttempts } from './attempts.ts';
import { auditEngine } from './audit.ts';
import { type DeliveryOptions, deliverLogouts, queueLogouts } from './backchannel-logout.ts';
import { secretComparison } from './client-authentication.ts';
import { engineConfiguration } from './configuration.ts';
import { connectionGrant, type ThirdParties } from './connection-grant.ts';
import { DEVICE_GRANT, paced } from './device.ts';
import { EXCHANGE_PARAMETERS, FEDERATED_EXCHANGE, TOKEN_EXCHANGE } from './exchange-names.ts';
import { createExchangeServer, type ExchangeServer } from './exchange-server.ts';
import { liveToken } from './find-token.ts';
import { BodyTooLarge, continuedByGet, translate } from './front.ts';
import { type Lifetimes, lifetimes, MAX_SCOPES, oversized } from './limits.ts';
import type { LiveToken } from './live-token.ts';
import { endWhenConfirmed } from './logout.ts';
import { refineModels } from './models.ts';
import { INTROSPECTION, REVOCATION } from './own-endpoints.ts';
import { redirectRules } from './redirects.ts';
import { replaceRetriedParent } from './refresh.ts';
import type { Screens } from './screens.ts';
import { introspect, revoke } from './token-endpoints.ts';
import { atomically, once, type UnitHooks, unit } from './unit.ts';
import { verificationKeys } from './verified-claims.ts';
import { createVerifiedTokens } from './verified-tokens.ts';

export interface ProviderOptions {
  /** The issuer, exactly as tokens carry it: an origin without a path. */
  readonly issuer: string;
  readonly store: Store;
  readonly seal: Seal;
  /** Private JWKs with `kid` and `alg`; the first of each algorithm signs, all are published. */
  readonly signingKeys: readonly JWK[];
  /** Sign the engine's cookies; the first signs, all verify. */
  readonly cookieKeys: readonly string[];
  readonly dialect: Dialect;
  readonly screens: Screens;
  readonly log: ProviderLog;
  /** The guarded way out: applications are told of sign-outs through it. */
  readonly fetch: OutboundFetch;
  /** Where people's accounts at third parties are. Without it nothing is exchanged. */
  readonly thirdParties?: ThirdParties;
  readonly lifetimes?: Partial<Lifetimes>;
  /** Milliseconds that an application's registration is used again without asking the database. Default 5000. */
  readonly applicationCache?: number;
  /** For tests. */
  readonly hooks?: UnitHooks;
}

/** What the engine says with a line. None of it is a secret; of `error` a log should write the class and the sentence only. */
export interface FailureFields {
  readonly route?: string | undefined;
  readonly client?: string | undefined;
  readonly attempts?: number | undefined;
  readonly error?: unknown;
}

/** Where the engine says what went wrong. */
export interface ProviderLog {
  error(fields: FailureFields, message: string): void;
  warn(fields: FailureFields, message: string): void;
}

/** An engine whose `callback()` takes requests that `pinOrigin` has seen. Its models are used inside `atomically`. */
export interface Provider extends Engine {
  /** Sends the back-channel logouts that are due, and says how many there were. Call it now and then: it also retries. */
  deliverLogouts(): Promise<number>;
  /** The token behind a value when it is good at this moment, as introspection has it. */
  liveToken(value: string): Promise<LiveToken | undefined>;
}

const exchangeGrants = [TOKEN_EXCHANGE, FEDERATED_EXCHANGE] as const;

type Handler = (ctx: KoaContextWithOIDC) => Promise<void>;
type GrantHandler<P extends object> = (ctx: TokenEndpointGrantContext<P>) => void | Promise<void>;

export function createProvider(options: ProviderOptions): Provider {
  const { issuer, store, dialect, log } = options;
  const parts = assemble(options);

  // Every grant type, the engine's own included, is registered through this method: each token request becomes one unit.
  class IssuerProvider extends Engine {
    override registerGrantType<P extends object>(
      name: string,
      handler: GrantHandler<P>,
      ...rest: (string | readonly string[] | ReadonlySet<string>)[]
    ): void {
      super.registerGrantType<P>(name, tokenRequest(name, handler as Handler, parts), ...rest);
    }

    override callback(): ReturnType<Engine['callback']> {
      const serving = { dialect, engine: super.callback(), exchange: shortExchange(options, parts) };
      return async (request, response) => serve(request as IncomingMessage, response as ServerResponse, serving);
    }

    async deliverLogouts(): Promise<number> {
      return deliverLogouts({ store, send, warn: log.warn.bind(log) });
    }

    async liveToken(value: string): Promise<LiveToken | undefined> {
      return liveToken(parts, value);
    }
  }
  const provider = new IssuerProvider(issuer, engineConfiguration({ ...options, ...parts }, createAdapter({ ...options, ...parts })));
  const send = refineClients(provider, parts.attempts);
  refineModels(provider, parts);
  provider.proxy = true;
  provider.registerGrantType(INTROSPECTION, introspect(parts), ['token', 'token_type_hint']);
  provider.registerGrantType(REVOCATION, revoke(parts), ['token', 'token_type_hint']);
  if (options.thirdParties) registerExchange(provider, { ...parts, issuer, thirdParties: options.thirdParties });
  endWhenConfirmed(provider);
  auditEngine(provider);
  provider.on('server_error', (ctx, error) => noteFailure(ctx, { error, log }));
  const emitter: EventEmitter = provider;
  emitter.on('error', (error: unknown) => log.error({ error }, 'an answer could not be sent'));
  provider.use(eachRequest(provider, { ...parts, log }));
  return provider;
}

type Parts = ReturnType<typeof assemble>;

function registerExchange(
  provider: Engine,
  { issuer, thirdParties, ...parts }: Parts & { issuer: string; thirdParties: ThirdParties },
): void {
  const options = {
    ...parts,
    ...thirdParties,
    issuer,
    grace: parts.lifetimes.refreshGrace,
    signingAlgorithm: parts.dialect.token.signingAlgorithm,
  };
  for (const grant of exchangeGrants) provider.registerGrantType(grant, connectionGrant(grant, options), EXCHANGE_PARAMETERS);
}

function assemble(options: ProviderOptions) {
  const { issuer, store, seal, dialect, signingKeys, hooks = {} } = options;
  return {
    store,
    seal,
    dialect,
    hooks,
    lifetimes: lifetimes(options.lifetimes),
    applications: createApplications(store, {
      issuer,
      dialect: dialect.name,
      maxAge: options.applicationCache ?? 5_000,
      // Introspection, revocation and the exchange are for everybody who may: they check it themselves.
      alsoGrants: [INTROSPECTION, REVOCATION, ...(options.thirdParties ? exchangeGrants : [])],
    }),
    attempts: createAttempts(store),
    keys: verificationKeys(issuer, dialect.token.headerType, signingKeys as readonly JsonWebKey[]),
  };
}

function shortExchange({ issuer, thirdParties, log }: ProviderOptions, parts: Parts): ExchangeServer | undefined {
  if (!thirdParties) return undefined;
  const { connections, vault } = thirdParties;
  const [verified, grace] = [createVerifiedTokens(parts.keys), parts.lifetimes.refreshGrace];
  return createExchangeServer({ ...parts, issuer, connections, vault, verified, grace, warn: log.warn.bind(log) });
}

/** Makes a grant handler one unit of work, which may run again after a lost race. */
function tokenRequest(name: string, handler: Handler, { store, seal, hooks, lifetimes: { refreshGrace, devicePoll } }: Parts): Handler {
  return async (ctx) => {
    const asked = { ...ctx.oidc.params };
    if (oversized({ scope: asked.scope })) throw new errors.InvalidRequest(`scope is too long, or lists more than ${MAX_SCOPES} items`);
    const work = async () => {
      Object.assign(ctx.oidc.params ?? {}, asked);
      if (name === 'refresh_token') await replaceRetriedParent(ctx, { seal, grace: refreshGrace });
      if (name === DEVICE_GRANT) await paced(ctx, { store, interval: devicePoll }, () => handler(ctx));
      else await handler(ctx);
    };
    await atomically(store, work, hooks);
  };
}

function refineClients(provider: Engine, attempts: Attempts): DeliveryOptions['send'] {
  const refined = { compareClientSecret: secretComparison(attempts), includeSid: () => true, ...redirectRules(provider.Client) };
  Object.assign(provider.Client.prototype, refined);
  return queueLogouts(provider, (notice) => unit().notify(notice));
}

/** Every request to the engine: one unit of work that is committed after the engine has decided and before anything is sent. */
function eachRequest(provider: Provider, { store, dialect, log, lifetimes: { devicePoll } }: Parts & Pick<ProviderOptions, 'log'>) {
  return async (ctx: KoaContextWithOIDC, next: () => Promise<void>) => {
    const work = async () => {
      await next();
      await skipScriptedPages(ctx);
    };
    try {
      const { notified } = await once(store, work, () => ctx.status < 500);
      if (notified) void provider.deliverLogouts().catch(() => {});
      if (ctx.state.failure instanceof StoreUnavailable) answerFailure(ctx, ctx.state.failure, { drawn: true });
    } catch (error) {
      noteFailure(ctx, { error, log });
      answerFailure(ctx, error);
    }
    finish(ctx, { dialect, pollInterval: devicePoll });
  };
}

function noteFailure(ctx: KoaContextWithOIDC, { error, log }: { error: unknown; log: ProviderLog }): void {
  ctx.state.failure = error;
  log.error({ error, route: ctx.oidc?.route }, 'a request failed');
}

interface Serving {
  readonly dialect: Dialect;
  readonly engine: ReturnType<Engine['callback']>;
  readonly exchange: ExchangeServer | undefined;
}

async function serve(request: IncomingMessage, response: ServerResponse, { dialect, engine, exchange }: Serving): Promise<void> {
  try {
    const location = await continuedByGet(request, dialect);
    if (location !== undefined) response.writeHead(303, { location, 'cache-control': 'no-store', 'content-length': '0' }).end();
    else {
      const translated = await translate(request, dialect);
      const rest = exchange ? await exchange(translated, response) : translated;
      if (rest) await engine(rest, response);
    }
  } catch (error) {
    refuseRequest(response, error);
  }
}

function refuseRequest(response: ServerResponse, error: unknown): void {
  const status = error instanceof BodyTooLarge ? error.status : 400;
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store', connection: 'close' });
  response.end(
    JSON.stringify({
      error: 'invalid_request',
      error_description: error instanceof BodyTooLarge ? error.message : 'the request could not be read',
    }),
  );
}
