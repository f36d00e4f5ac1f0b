/** Who calls the API of connected accounts: told by our own guard, or at another origin of this issuer by its engine. */
import type { Context } from 'hono';
import { type AdapterOptions, hono, identityOf, type RefusalFormat } from 'safeconduct/http';
import { type Identity, SafeconductError } from 'safeconduct/identity';
import { type GuardOptions, protect, refusalOf } from 'safeconduct/protect';
import { safeconduct } from 'safeconduct/providers';
import { ME_API, meAudience, meSecret } from '../connections/me-api.ts';
import type { LiveToken } from '../provider/live-token.ts';
import type { MasterKey } from '../secrets/seal.ts';
import type { MeCaller, Origin } from './handlers.ts';
import { MeProblem, problemOf } from './problem.ts';
import type { MeRoute } from './routes.ts';

export interface MeEnv {
  Bindings: Origin;
  Variables: {
    /** Redirect addresses of the application that calls: pages from there may read the answer. */
    readers?: readonly string[];
  };
}

export type MeContext = Context<MeEnv>;

/** Tells who calls, or gives the answer to somebody who may not. Throws a `MeProblem` for a caller that has no accounts. */
export type Door = (context: MeContext, route: MeRoute) => Promise<MeCaller | Response>;

export interface DoorLog {
  info(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

interface Common {
  /** Address of the protected resource metadata (RFC 9728). */
  readonly metadata: string;
  readonly log: DoorLog;
}

export interface GuardedDoorOptions extends Common {
  /** `iss`. */
  readonly issuer: string;
  /** The newest first. */
  readonly masterKeys: readonly MasterKey[];
  /** Reaches the issuer itself, past any proxy. */
  readonly fetch: NonNullable<GuardOptions['fetch']>;
}

/** Our guard, which asks the issuer about each token. */
export function guardedDoor({ issuer, masterKeys: [newest], fetch, ...common }: GuardedDoorOptions): Door {
  if (newest === undefined) throw new TypeError('there is no master key');
  // Nothing is remembered: a token that was revoked, or a person who was disabled, counts at the next call.
  const introspection = { clientId: ME_API, clientSecret: meSecret(newest).reveal(), tokens: 'all', maxAgeSeconds: 0 } as const;
  const guard = protect({ provider: safeconduct({ issuer }), audience: meAudience(issuer), introspection, fetch });
  return async (context, route) => {
    const options = { ...adapterOptions(common, context.env), require: { scopes: [route.scope] } };
    const refusal = await hono(guard, options)(context, async () => {});
    return refusal ? asProblem(refusal) : callerOf(identityOf(context));
  };
}

export interface LiveDoorOptions extends Common {
  /** The audience of its tokens. */
  readonly audience: string;
  /** The token behind a value, when it is good at this moment. */
  readonly liveToken: (value: string) => Promise<LiveToken | undefined>;
}

/** For an origin whose dialect has no introspection: its engine is asked in this process. Refuses in the words of the guard. */
export function liveDoor({ audience, liveToken, ...common }: LiveDoorOptions): Door {
  return async ({ req, env }, { scope }) => {
    try {
      const token = await liveToken(bearerOf(req.header('authorization')));
      if (!token?.audience.includes(audience)) throw new SafeconductError('token_invalid');
      if (!token.scopes.includes(scope)) throw new SafeconductError('scope_missing', { missing: [scope] });
      return callerBehind(token);
    } catch (error) {
      if (!(error instanceof SafeconductError)) throw error;
      return asProblem(refusalOf(error, adapterOptions(common, env)));
    }
  };
}

function bearerOf(header: string | undefined): string {
  if (header === undefined || !/^bearer /i.test(header)) throw new SafeconductError('token_missing');
  const [, value] = /^bearer ([\w~+/.-]{1,16384}=*)$/i.exec(header) ?? [];
  if (value === undefined) throw new SafeconductError('request_malformed');
  return value;
}

const format: RefusalFormat = ({ status, description }) => problemOf(status, description);

function adapterOptions({ metadata, log }: Common, { requestId }: Origin): AdapterOptions {
  return {
    realm: 'me',
    resourceMetadata: metadata,
    format,
    ...(requestId !== undefined && { requestId }),
    log: ({ level, ...event }) => log[level === 'error' ? 'error' : 'info']({ ...event, ...(requestId && { requestId }) }, 'refused'),
  };
}

// The guard writes JSON of any form; here all that says no is of one form.
function asProblem(refusal: Response): Response {
  refusal.headers.set('content-type', 'application/problem+json');
  return refusal;
}

/** A person, through an application: a program on its own has no accounts to connect, and a token that no application got asks for nobody. */
function callerOf({ subject, kind, organization, claims }: Identity): MeCaller {
  const clientId = claims.client_id;
  if (kind !== 'person' || organization === undefined || typeof clientId !== 'string' || clientId === subject) throw nobody();
  return { userId: subject, organizationId: organization, clientId };
}

function callerBehind({ bearer, client }: LiveToken): MeCaller {
  if (bearer?.kind !== 'person' || client === undefined || client === bearer.id) throw nobody();
  return { userId: bearer.id, organizationId: bearer.organization, clientId: client };
}

const nobody = (): MeProblem => new MeProblem('forbidden', 'this needs a token that an application got for a person who signed in to it');
