/** A request in a dialect's words: read, translated, and remembered until it is answered. */
import type { IncomingMessage } from 'node:http';
import type { KoaContextWithOIDC } from 'oidc-provider';
import type { Known, TranslatedRequest, WireRequest } from '../dialects/dialect.ts';
import type { KnownApplication, Leniency, Place, RouteName } from '../dialects/facts.ts';
import { ISSUER_SCOPES } from './applications.ts';
import { textOf, unverifiedClaims } from './verified-claims.ts';
import type { Voice } from './voice.ts';

/** Name of the parameter that carries what a dialect noted through the engine. Nobody else's is taken. */
export const ASKED = 'safeconduct_asked';
/** Longest text of it, in characters. */
export const MAX_ASKED = 2_000;
/** Name of the parameter that says whose people alone may sign in. */
export const TENANT = 'safeconduct_tenant';
/** Value of it where nobody has the organization that was asked for. No id is so short. */
export const NOBODY = '-';
/** Name of the parameter that says which way to sign in was asked for. */
export const CONNECTION = 'safeconduct_connection';

/** What was said on the wire. */
export interface Wire {
  readonly route: RouteName;
  /** As they came. */
  readonly parameters: URLSearchParams;
  /** Also that of a POST. */
  readonly query: URLSearchParams;
  readonly asked: string | undefined;
  /** It names scopes, and no API. */
  readonly withoutApi: boolean;
  readonly lenient: readonly Leniency[];
}

const wires = new WeakMap<IncomingMessage, Wire>();

export const wireOf = (request: IncomingMessage): Wire | undefined => wires.get(request);

export function rememberWire(request: IncomingMessage, wire: Wire | undefined): void {
  if (wire) wires.set(request, wire);
}

/** What the dialect noted for this request, or for the sign-in behind it. */
export function askedBehind({ req, oidc }: KoaContextWithOIDC): string {
  const grant = oidc?.entities?.Grant as { readonly asked?: unknown } | undefined;
  for (const asked of [wireOf(req)?.asked, oidc?.params?.[ASKED], grant?.asked]) if (typeof asked === 'string') return asked;
  return '';
}

/** The endpoint that a path belongs to: exactly, or the nearest one that it is below (`/oauth2/authorize/:uid`). */
export function routeAt({ routes, aliases = {} }: Place, path: string): RouteName | undefined {
  const alias = aliases[path];
  if (alias !== undefined) return alias;
  let nearest: { readonly name: RouteName; readonly route: string } | undefined;
  for (const [name, own] of Object.entries(routes) as [RouteName, string | readonly string[]][]) {
    for (const route of typeof own === 'string' ? [own] : own) {
      if (path === route) return name;
      if (path.startsWith(`${route}/`) && route.length > (nearest?.route.length ?? 0)) nearest = { name, route };
    }
  }
  return nearest?.name;
}

/** The engine takes a slash at the end of a path, and letters in either case, for the same. Here an endpoint has one spelling. */
export function isMisspelled({ routes, aliases = {} }: Place, path: string): boolean {
  const plain = spelled(path);
  const endpoints = [...Object.values(routes).flat(), ...Object.keys(aliases)];
  return !endpoints.includes(path) && endpoints.some((one) => spelled(one) === plain);
}

const spelled = (path: string): string => path.replace(/\/$/, '').toLowerCase();

/** Parameters of a form or, where the dialect takes it, a JSON object; undefined when the body is neither. */
export function readParameters(body: string, contentType: string, jsonBodies: boolean): URLSearchParams | undefined {
  if (/^application\/x-www-form-urlencoded\b/i.test(contentType)) return new URLSearchParams(body);
  if (!jsonBodies || !/^application\/json\b/i.test(contentType)) return undefined;
  const value: unknown = JSON.parse(body);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const given = Object.entries(value).filter(([, one]) => one !== null && one !== undefined);
  return new URLSearchParams(given.map(([name, one]) => [name, typeof one === 'object' ? JSON.stringify(one) : String(one)]));
}

/** Translates a request and completes what every dialect has in common. */
export async function translated(
  request: WireRequest,
  voice: Voice,
  known: Known,
): Promise<TranslatedRequest & { parameters: URLSearchParams }> {
  const { request: translate, policy } = voice.dialect;
  for (const name of [...request.parameters.keys()]) if (name.startsWith('safeconduct_')) request.parameters.delete(name);
  const said = (await translate?.({ ...request, parameters: new URLSearchParams(request.parameters) }, known)) ?? {};
  const parameters = said.parameters ?? new URLSearchParams(request.parameters);
  if (policy.wholeApi || policy.unknownScopes === 'drop') await completeScopes(parameters, { request, voice, known });
  return { ...said, parameters };
}

interface Completing {
  readonly request: WireRequest;
  readonly voice: Voice;
  readonly known: Known;
}

const asking: readonly RouteName[] = ['authorization', 'token', 'deviceAuthorization', 'pushedAuthorization'];

/** An API without any of its scopes is meant whole; scopes that mean nothing here are left out. */
async function completeScopes(parameters: URLSearchParams, { request, voice, known }: Completing): Promise<void> {
  if (!asking.includes(request.route)) return;
  const client = await known.application(clientOf(parameters, request.header('authorization')) ?? request.clientId ?? '');
  if (!client) return;
  const { policy } = voice.dialect;
  const ofApi = await scopesOfApis(meantBy(parameters, client), client, known);
  const wanted = (parameters.get('scope') ?? '').split(' ').filter(Boolean);
  const kept = policy.unknownScopes === 'drop' ? wanted.filter((scope) => client.scopes.includes(scope) && isMeant(scope, ofApi)) : wanted;
  const whole = policy.wholeApi && asksAnew(parameters, request.route) && !kept.some((scope) => ofApi.includes(scope)) ? ofApi : [];
  const scope = [...kept, ...whole].join(' ');
  if (scope !== '') parameters.set('scope', scope);
  // A refresh without a scope is for everything that was granted: there the engine refuses what nobody knows.
  else if (wanted.length > 0 && !isRefresh(parameters)) parameters.delete('scope');
}

const isRefresh = (parameters: URLSearchParams): boolean => parameters.get('grant_type') === 'refresh_token';

/** The APIs that scopes may be of. A refresh token knows which it is good for: what is not among those is refused. */
function meantBy(parameters: URLSearchParams, { resources, defaultResource }: KnownApplication): readonly string[] {
  const asked = parameters.getAll('resource');
  if (asked.length > 0) return asked;
  if (isRefresh(parameters)) return resources;
  return defaultResource === undefined ? [] : [defaultResource];
}

const isMeant = (scope: string, ofApi: readonly string[]): boolean => ISSUER_SCOPES.includes(scope) || ofApi.includes(scope);

/** Who redeems a code or refreshes was given scopes already. */
function asksAnew(parameters: URLSearchParams, route: RouteName): boolean {
  return route !== 'token' || parameters.get('grant_type') === 'client_credentials';
}

async function scopesOfApis(resources: readonly string[], client: KnownApplication, known: Known): Promise<string[]> {
  const apis = await Promise.all(resources.filter((one) => client.resources.includes(one)).map((one) => known.api(one)));
  return apis.flatMap((api) => api?.scopes ?? []).filter((scope) => client.scopes.includes(scope));
}

/** Who says to ask, by parameter or header. Nothing is proved by it. */
export function clientOf(parameters: URLSearchParams, authorization = ''): string | undefined {
  const [, basic] = /^basic ([\w+/=]+)$/i.exec(authorization) ?? [];
  if (basic === undefined) return parameters.get('client_id') ?? textOf(unverifiedClaims(parameters.get('client_assertion') ?? '').sub);
  const [name = ''] = Buffer.from(basic, 'base64').toString().split(':', 1);
  try {
    return decodeURIComponent(name.replaceAll('+', ' '));
  } catch {
    return name;
  }
}
