/** Requests in a dialect's own words, on their way to the engine. */
import type { IncomingMessage } from 'node:http';
import type { TranslatedRequest, WireRequest } from '../dialects/dialect.ts';
import type { Place, RouteName } from '../dialects/facts.ts';
import type { Applications } from './applications.ts';
import { asTheEngineReads, boundedText, changed, engineTarget } from './front.ts';
import type { HintReader } from './id-token.ts';
import type { Restated } from './restated-assertion.ts';
import type { Voice } from './voice.ts';
import {
  ASKED,
  CONNECTION,
  clientOf,
  isMisspelled,
  MAX_ASKED,
  NOBODY,
  readParameters,
  rememberWire,
  routeAt,
  TENANT,
  translated,
} from './wire.ts';

export interface SpokenOptions {
  readonly voice: Voice;
  readonly applications: Pick<Applications, 'known' | 'keys'>;
  /** Reads a hint (id_token_hint) in the dialect's words as the engine does. */
  readonly hint: HintReader;
  /** Says a client assertion anew, so that it is good once. */
  readonly assertion: ((value: string, client: string) => Promise<Restated>) | undefined;
}

const TOO_MUCH = { error: 'invalid_request', description: 'this asks for more than can be kept with a sign-in' };
const MISSPELLED = { error: 'invalid_request', description: 'the path of this endpoint is written otherwise', status: 404 };

type Refusing = NonNullable<TranslatedRequest['refused']>;

/** A request that its dialect does not take. */
export class RequestRefused extends Error {
  override readonly name = 'RequestRefused';
  readonly error: string;
  readonly status: number;
  readonly route: RouteName;
  readonly parameters: URLSearchParams;
  readonly query: URLSearchParams;

  constructor(
    { error, description, status = 400 }: Refusing,
    { route, parameters, query }: Pick<WireRequest, 'route' | 'parameters' | 'query'>,
  ) {
    super(description);
    this.error = error;
    this.status = status;
    this.route = route;
    this.parameters = parameters;
    this.query = query;
  }
}

/** Translates a request; one that is in the engine's own words already stays as it is. */
export async function spoken(request: IncomingMessage, options: SpokenOptions): Promise<IncomingMessage> {
  const { place, dialect } = options.voice;
  const { path, search } = targetOf(request);
  const route = routeAt(place, path);
  if (route === undefined) return request;
  // What is not translated would be the caller's own words to the engine.
  if (isMisspelled(place, path)) {
    const query = new URLSearchParams(search);
    throw new RequestRefused(MISSPELLED, { route, parameters: query, query });
  }
  if (isStepOf(place, path, route)) return request;
  const body = request.method === 'POST' ? await boundedText(request) : undefined;
  const contentType = request.headers['content-type'] ?? '';
  const query = new URLSearchParams(search);
  const parameters = body === undefined ? query : readParameters(body, contentType, dialect.policy.jsonBodies);
  // What is neither a form nor JSON is the engine's to refuse.
  if (!parameters) return changed(request, { url: engineTarget(place, route, ''), contentType, body });
  const wire = wireRequest(request, { route, path, query, parameters, place });
  refuseRepeated(wire);
  const said = await translated(wire, options.voice, options.applications.known);
  if (said.refused) throw new RequestRefused(said.refused, wire);
  if ((said.asked ?? '').length > MAX_ASKED) throw new RequestRefused(TOO_MUCH, wire);
  const answering = said.route ?? route;
  const lenient = [...(said.lenient ?? []), ...(await complete(said, { wire, answering, options }))];
  const copy = asTheEngineReads(request, { place, route: answering, parameters: said.parameters, posted: body !== undefined });
  const { asked, withoutApi = false } = said;
  rememberWire(copy, { route: answering, parameters: new URLSearchParams(parameters), query, asked, withoutApi, lenient });
  return copy;
}

/** An address may have question marks of its own behind the first. */
function targetOf({ url = '' }: IncomingMessage): { readonly path: string; readonly search: string } {
  const [path = ''] = url.split('?', 1);
  return { path, search: url.slice(path.length + 1) };
}

/** Names that may stand there more than once (RFC 8707, 2; RFC 8693, 2.1). */
const severalTimes: readonly string[] = ['resource', 'audience'];

/** Of two values of one name a dialect may read one and the engine the other (RFC 6749, 3.1 and 3.2). */
function refuseRepeated(wire: WireRequest): void {
  const names = [...wire.parameters.keys()];
  const repeated = names.find((name, index) => names.indexOf(name) !== index && !severalTimes.includes(name));
  if (repeated === undefined) return;
  throw new RequestRefused({ error: 'invalid_request', description: `${repeated.slice(0, 100)} is there more than once` }, wire);
}

/** A later step of an endpoint, such as the way back from a sign-in: it is in the engine's own words. */
function isStepOf({ routes, aliases = {} }: Place, path: string, route: RouteName): boolean {
  const own = routes[route];
  return aliases[path] === undefined && path !== own && !(Array.isArray(own) && own.includes(path));
}

type Read = Pick<WireRequest, 'route' | 'path' | 'query' | 'parameters' | 'place'>;

function wireRequest({ method = '', headers }: IncomingMessage, read: Read): WireRequest {
  const header = (name: string) => headers[name.toLowerCase()]?.toString();
  return { ...read, method, header, clientId: clientOf(read.parameters, header('authorization')) };
}

interface Completing {
  readonly wire: WireRequest;
  readonly answering: RouteName;
  readonly options: SpokenOptions;
}

type Said = TranslatedRequest & { readonly parameters: URLSearchParams };

/** Where a sign-in begins, now or with a request that is pushed or shown on a device. */
const beginning: readonly RouteName[] = ['authorization', 'pushedAuthorization', 'deviceAuthorization'];

/** Adds what only we know, and says what was let through by it. */
async function complete(said: Said, { wire, answering, options }: Completing): Promise<readonly 'assertion_reuse'[]> {
  const { parameters } = said;
  if (said.asked !== undefined) parameters.set(ASKED, said.asked);
  if (said.connection !== undefined) parameters.set(CONNECTION, said.connection);
  const tenant = await tenantMeant(said, { wire, answering, options });
  if (tenant !== undefined && beginning.includes(answering)) parameters.set(TENANT, tenant);
  await readHint(parameters, { wire, answering, options });
  return restate(parameters, options);
}

async function readHint(parameters: URLSearchParams, { answering, options, wire }: Completing): Promise<void> {
  const hint = parameters.get('id_token_hint');
  if (hint === null) return;
  const signsIn = answering === 'authorization';
  const { value, usable } = await options.hint(hint, signsIn ? wire.clientId : undefined);
  if (!usable && signsIn && options.voice.dialect.policy.ignoresHints) parameters.delete('id_token_hint');
  else parameters.set('id_token_hint', value);
}

const NO_SUCH = { error: 'invalid_request', description: 'there is no such organization' };

async function tenantMeant({ organization }: Said, { wire, answering, options }: Completing): Promise<string | undefined> {
  if (organization === undefined) return options.voice.tenant?.id;
  const known = (await options.applications.known.organizations()).some(({ id }) => id === organization);
  // A browser is sent back with it, once it is known where to.
  if (!known && answering !== 'authorization') throw new RequestRefused(NO_SUCH, wire);
  return known ? organization : NOBODY;
}

/** Client assertions of vendors' clients are good for many requests, and may have no identifier: each is said anew, once. */
async function restate(parameters: URLSearchParams, { assertion, applications }: SpokenOptions): Promise<readonly 'assertion_reuse'[]> {
  const value = parameters.get('client_assertion');
  const client = clientOf(parameters);
  if (value === null || client === undefined || !assertion) return [];
  const known = await applications.known.application(client);
  if (!known || known.refuses.includes('assertion_reuse')) return [];
  const restated = await assertion(value, client);
  if (restated.value !== undefined) parameters.set('client_assertion', restated.value);
  return restated.value === undefined ? [] : ['assertion_reuse'];
}
