/** The engine (oidc-provider) on our storage, in our dialect. Others see an engine; what it took is in the files beside this. */
import type { JsonWebKey } from 'node:crypto';
import type { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Provider as Engine, errors, type JWK, type KoaContextWithOIDC, type TokenEndpointGrantContext } from 'oidc-provider';
import type { OutboundFetch } from '../connections/outbound-fetch.ts';
import type { Known } from '../dialects/dialect.ts';
import { publishedKeys } from '../secrets/published-keys.ts';
import type { Seal } from '../secrets/seal.ts';
import type { Store } from '../store/database.ts';
import { StoreUnavailable } from '../store/unavailable.ts';
import { createAdapter } from './adapter.ts';
import { answerFailure, finish, skipScriptedPages } from './answers.ts';
import { createApplications } from './applications.ts';
import { createAttempts } from './attempts.ts';
import { auditEngine } from './audit.ts';
import { deliverLogouts } from './backchannel-logout.ts';
import { refineClients } from './clients.ts';
import { engineConfiguration } from './configuration.ts';
import { connectionGrant, type ThirdParties } from './connection-grant.ts';
import { DEVICE_GRANT, paced } from './device.ts';
import { EXCHANGE_PARAMETERS, FEDERATED_EXCHANGE, TOKEN_EXCHANGE } from './exchange-names.ts';
import { createExchangeServer, type ExchangeServer } from './exchange-server.ts';
import { liveToken } from './find-token.ts';
import { BodyTooLarge, continuedByGet, translate } from './front.ts';
import { type HintOptions, hintReader } from './id-token.ts';
import { noteLeniency } from './lenient.ts';
import { type Lifetimes, lifetimes, MAX_SCOPES, oversized } from './limits.ts';
import type { LiveToken } from './live-token.ts';
import { endWhenConfirmed } from './logout.ts';
import { refineModels } from './models.ts';
import { ON_BEHALF_OF_PARAMETERS, onBehalfOf } from './on-behalf-of.ts';
import { INTROSPECTION, ON_BEHALF_OF, REVOCATION } from './own-endpoints.ts';
import { replaceRetriedParent } from './refresh.ts';
import { refuseInDialect } from './refused.ts';
import { completeResponses } from './responses.ts';
import { createAssertionDesk } from './restated-assertion.ts';
import type { Screens } from './screens.ts';
import { RequestRefused, type SpokenOptions, spoken } from './spoken.ts';
import { introspect, revoke } from './token-endpoints.ts';
import { atomically, once, type UnitHooks } from './unit.ts';
import { verificationKeys } from './verified-claims.ts';
import { createVerifiedTokens } from './verified-tokens.ts';
import { translates, type Voice } from './voice.ts';
import { wireOf } from './wire.ts';

export interface ProviderOptions {
  /** Which issuer this is, and how it speaks. */
  readonly voice: Voice;
  /** In the realm of the voice (`inRealmOf`). */
  readonly store: Store;
  readonly seal: Seal;
  /** Private JWKs with `kid` and `alg`; the first of each algorithm signs, all are published. */
  readonly signingKeys: readonly JWK[];
  /** Sign the engine's cookies; the first signs, all verify. */
  readonly cookieKeys: readonly string[];
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
  const { store, voice, log } = options;
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
      const serving = { voice, spoken: speaking(options, parts), engine: super.callback(), exchange: shortExchange(options, parts) };
      return async (request, response) => serve(request as IncomingMessage, response as ServerResponse, serving);
    }

    async deliverLogouts(): Promise<number> {
      // An application knows the issuer of a tenant, and not the place where all of them sign in.
      if (voice.shared !== undefined) return 0;
      return deliverLogouts({ store, tenant: voice.tenant?.id, send, warn: log.warn.bind(log) });
    }

    async liveToken(value: string): Promise<LiveToken | undefined> {
      return liveToken(parts, value);
    }
  }
  const provider = new IssuerProvider(
    issuerForEngine(voice),
    engineConfiguration({ ...options, ...parts }, createAdapter({ ...options, ...parts })),
  );
  Object.assign(provider, { issuer: voice.place.issuer });
  const send = refineClients(provider, parts);
  refineModels(provider, { ...parts, signingKeys: options.signingKeys as readonly JsonWebKey[] });
  provider.proxy = true;
  provider.registerGrantType(INTROSPECTION, introspect(parts), ['token', 'token_type_hint']);
  provider.registerGrantType(REVOCATION, revoke(parts), ['token', 'token_type_hint']);
  if (voice.dialect.policy.onBehalfOf) provider.registerGrantType(ON_BEHALF_OF, onBehalfOf(parts), ON_BEHALF_OF_PARAMETERS);
  if (options.thirdParties) registerExchange(provider, { ...parts, thirdParties: options.thirdParties });
  endWhenConfirmed(provider);
  auditEngine(provider);
  completeResponses(provider, voice);
  provider.on('server_error', (ctx, error) => noteFailure(ctx, { error, log }));
  const emitter: EventEmitter = provider;
  emitter.on('error', (error: unknown) => log.error({ error }, 'an answer could not be sent'));
  provider.use(eachRequest(provider, { ...parts, log }));
  return provider;
}

type Parts = ReturnType<typeof assemble>;

function registerExchange(provider: Engine, { thirdParties, ...parts }: Parts & { thirdParties: ThirdParties }): void {
  const options = {
    ...parts,
    ...thirdParties,
    grace: parts.lifetimes.refreshGrace,
  };
  for (const grant of exchangeGrants) provider.registerGrantType(grant, connectionGrant(grant, options), EXCHANGE_PARAMETERS);
}

function assemble(options: ProviderOptions) {
  const { store, seal, voice, signingKeys, hooks = {} } = options;
  const desk = createAssertionDesk(voice);
  return {
    store,
    seal,
    voice,
    desk,
    hooks,
    lifetimes: lifetimes(options.lifetimes),
    applications: createApplications(store, {
      voice,
      maxAge: options.applicationCache ?? 5_000,
      // Introspection, revocation and the exchange are for everybody who may: they check it themselves.
      alsoKeys: desk ? [desk.key] : [],
      alsoGrants: [
        INTROSPECTION,
        REVOCATION,
        ...(voice.dialect.policy.onBehalfOf ? [ON_BEHALF_OF] : []),
        ...(options.thirdParties ? exchangeGrants : []),
      ],
    }),
    attempts: createAttempts(store),
    keys: verificationKeys(voice, signingKeys as readonly JsonWebKey[]),
  };
}

function shortExchange({ thirdParties, log }: ProviderOptions, parts: Parts): ExchangeServer | undefined {
  if (!thirdParties) return undefined;
  const { connections, vault } = thirdParties;
  const { place, home, tenant } = parts.voice;
  const [verified, grace] = [createVerifiedTokens(parts.keys), parts.lifetimes.refreshGrace];
  return createExchangeServer({ ...parts, place, home, tenant: tenant?.id, connections, vault, verified, grace, warn: log.warn.bind(log) });
}

/** The engine takes the path of its issuer for the place of its endpoints, which is the dialect's to say. */
const issuerForEngine = ({ origin, place: { issuer } }: Voice): string => (issuer === `${origin}/` ? issuer : origin);

/** Makes a grant handler one unit of work, which may run again after a lost race. */
function tokenRequest(name: string, handler: Handler, { store, seal, hooks, lifetimes: { refreshGrace, devicePoll } }: Parts): Handler {
  return async (ctx) => {
    const asked = { ...ctx.oidc.params };
    if (oversized({ scope: asked.scope })) throw new errors.InvalidRequest(`scope is too long, or lists more than ${MAX_SCOPES} items`);
    const work = async () => {
      Object.assign(ctx.oidc.params ?? {}, asked);
      for (const leniency of wireOf(ctx.req)?.lenient ?? []) noteLeniency(leniency, ctx);
      if (name === 'refresh_token') await replaceRetriedParent(ctx, { seal, grace: refreshGrace });
      if (name === DEVICE_GRANT) await paced(ctx, { store, interval: devicePoll }, () => handler(ctx));
      else await handler(ctx);
    };
    await atomically(store, work, hooks);
  };
}

/** Every request to the engine: one unit of work that is committed after the engine has decided and before anything is sent. */
function eachRequest(provider: Provider, { store, voice, log, lifetimes: { devicePoll } }: Parts & Pick<ProviderOptions, 'log'>) {
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
    finish(ctx, { voice, pollInterval: devicePoll });
  };
}

function noteFailure(ctx: KoaContextWithOIDC, { error, log }: { error: unknown; log: ProviderLog }): void {
  ctx.state.failure = error;
  log.error({ error, route: ctx.oidc?.route }, 'a request failed');
}

function speaking({ signingKeys }: ProviderOptions, { store, voice, applications, desk }: Parts): SpokenOptions | undefined {
  if (!translates(voice.dialect)) return undefined;
  const keysOf = voice.shared === undefined ? undefined : keysOfTenant(store, voice, applications.known);
  return {
    voice,
    applications,
    hint: hintReader({ voice, signingKeys: signingKeys as readonly JsonWebKey[], keysOf }),
    assertion: desk && ((value, client) => desk.restate(value, client, applications)),
  };
}

/** At a place that tenants share, a hint is an ID token of one of their issuers. */
function keysOfTenant(store: Store, { dialect, origin }: Voice, known: Pick<Known, 'organizations'>): HintOptions['keysOf'] {
  return async (issuer) => {
    const places = (await known.organizations()).map((tenant) => dialect.place(origin, tenant));
    const own = places.find((place) => [place.issuer, ...(place.otherIssuers ?? [])].includes(issuer))?.issuer;
    return own === undefined ? [] : ((await publishedKeys(store, [own])).get(own) ?? []);
  };
}

interface Serving {
  readonly voice: Voice;
  /** Undefined where the dialect speaks as the engine does. */
  readonly spoken: SpokenOptions | undefined;
  readonly engine: ReturnType<Engine['callback']>;
  readonly exchange: ExchangeServer | undefined;
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  { voice, spoken: options, engine, exchange }: Serving,
): Promise<void> {
  try {
    const given = await continuedByGet(request, voice.place);
    if (typeof given === 'string') response.writeHead(303, { location: given, 'cache-control': 'no-store', 'content-length': '0' }).end();
    else {
      const translated = await (options ? spoken(given, options) : translate(given, voice.place));
      const rest = exchange ? await exchange(translated, response) : translated;
      if (rest) await engine(rest, response);
    }
  } catch (error) {
    if (error instanceof RequestRefused) refuseInDialect(request, response, { voice, refused: error });
    // Not the request's fault: whoever listens answers and writes it down.
    else if (error instanceof StoreUnavailable || error instanceof TypeError) throw error;
    else refuseRequest(response, error);
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
