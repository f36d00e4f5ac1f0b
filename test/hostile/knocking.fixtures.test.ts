/** Knocks at every adapter with random Authorization headers. It is a process of its own: the test runner watches every promise of its own, and here are millions. */
import { validateHeaderValue } from 'node:http';
import { randomHeaders } from '@safeconduct/test-support/random-headers';
import { express, fastify, fetchHandler, hono, node } from 'safeconduct/http';
import type { Guard, RefusalEvent } from 'safeconduct/protect';
import { forge, header, startWorld } from './world.fixtures.test.ts';

const ADMITTED = 200;

type Status = number | Promise<number>;
/** Shows a header to an adapter as its framework would, and gives the status of the answer. */
type Knock = (value: string) => Status;

/** What the process is told. */
export interface KnockingOrder {
  readonly headers: number;
  readonly seed: number;
  /** The guard asks the provider about tokens that are no JWT. */
  readonly asks: boolean;
}

/** What the process found, by the names of the adapters. */
export interface KnockingReport {
  /** Which statuses random headers were answered with. */
  readonly statuses: Readonly<Record<string, readonly number[]>>;
  /** How a good token was answered afterwards. */
  readonly good: Readonly<Record<string, number>>;
  /** A refusal that was no fault of the caller, or one whose reason told the header. */
  readonly worst: RefusalEvent | undefined;
  /** How often the provider was asked about a token. */
  readonly asked: number;
}

const PlatformResponse = globalThis.Response;

/** Answers from memory: what a provider says on the wire would have to wait until the million is through. */
function rememberingFetch() {
  const documents = new Map<string, string>();
  const state = { asked: 0 };
  const answer = (body: string) => new PlatformResponse(body, { headers: { 'content-type': 'application/json' } });
  return {
    state,
    async fetch(input: URL | RequestInfo, init?: RequestInit): Promise<Response> {
      const url = String(input instanceof Request ? input.url : input);
      if (url.endsWith('/introspect')) {
        state.asked++;
        return answer('{"active":false}');
      }
      const known = documents.get(url) ?? (await (await fetch(url, init)).text());
      documents.set(url, known);
      return answer(known);
    },
  };
}

/** For a text, as strict about headers as a real one and without the stream that makes that slow. */
function LightResponse(body?: BodyInit | null, init: ResponseInit = {}): unknown {
  if (typeof body !== 'string') return new PlatformResponse(body, init);
  return { status: init.status ?? ADMITTED, headers: new Headers(init.headers) };
}
LightResponse.prototype = PlatformResponse.prototype;

/** Refusals tell why without the header that was refused. */
function watched() {
  const state = { value: '', worst: undefined as RefusalEvent | undefined };
  const log = (event: RefusalEvent) => {
    const tells = state.value.length > 24 && event.reason.includes(state.value.slice(-24));
    if (event.status >= 500 || tells) state.worst = event;
  };
  return { state, log };
}

/** Now and then the header comes as a list, and now and then twice. */
function nodeLike(value: string) {
  const rawHeaders = ['Host', 'api.example', 'Authorization', value];
  if (value.length % 13 === 0) rawHeaders.push('authorization', 'Bearer x');
  return { headers: { host: 'api.example', authorization: value.length % 7 === 0 ? [value] : value }, rawHeaders };
}

const outgoing = () => ({
  statusCode: ADMITTED,
  headersSent: false,
  getHeader: () => undefined,
  setHeader: validateHeaderValue,
  end: () => undefined,
});

function reply() {
  const answered = { status: ADMITTED };
  const code = (status: number) => {
    answered.status = status;
  };
  return { answered, reply: { sent: false, code, getHeader: () => undefined, header: validateHeaderValue, send: () => undefined } };
}

// Standard headers cannot hold most of these values: this stands in for a platform whose headers can.
function standard(value: string): Request {
  const headers = { get: (name: string) => (name === 'authorization' ? value : null), keys: () => ['host', 'authorization'] };
  return { headers } as unknown as Request;
}

const adapters: Record<string, (guard: Guard, log: (event: RefusalEvent) => void) => Knock> = {
  node: (guard, log) => {
    const handle = node(guard, () => undefined, { log });
    return (value) => {
      const response = outgoing();
      const done = handle(nodeLike(value) as never, response as never);
      return done instanceof Promise ? done.then(() => response.statusCode) : response.statusCode;
    };
  },
  express: (guard, log) => {
    const handle: (...call: Parameters<ReturnType<typeof express>>) => unknown = express(guard, { log });
    return (value) => {
      const response = outgoing();
      const done = handle(nodeLike(value), response, () => undefined);
      return done instanceof Promise ? done.then(() => response.statusCode) : response.statusCode;
    };
  },
  fastify: (guard, log) => {
    const handle = fastify(guard, () => undefined, { log });
    return (value) => {
      const { answered, reply: to } = reply();
      const done = handle({ raw: nodeLike(value) }, to);
      return done instanceof Promise ? done.then(() => answered.status) : answered.status;
    };
  },
  hono: (guard, log) => {
    const handle = hono(guard, { log });
    return (value) => handle({ req: { raw: standard(value) } }, () => Promise.resolve()).then((response) => response?.status ?? ADMITTED);
  },
  fetchHandler: (guard, log) => {
    const handle = fetchHandler(guard, () => new Response(''), { log });
    return (value) => handle(standard(value)).then(({ status }) => status);
  },
};

async function knockAll({ headers, seed, asks }: KnockingOrder): Promise<KnockingReport> {
  const world = await startWorld();
  const token = forge(header(), world.claims());
  const network = rememberingFetch();
  const introspection = { clientId: 'api', clientSecret: 'demo-secret-of-an-api-that-exists-in-tests-only' };
  const guard = world.guard({ fetch: network.fetch, ...(asks && { introspection }) });
  await guard({ headers: { authorization: `Bearer ${token}` } });
  const { state, log } = watched();
  const doors = Object.entries(adapters).map(([name, adapter]) => ({ name, knock: adapter(guard, log), statuses: new Set<number>() }));
  const next = randomHeaders({ seed, token });
  for (let count = 0; count < headers; count++) {
    state.value = next();
    for (const { knock, statuses } of doors) {
      const status = knock(state.value);
      statuses.add(typeof status === 'number' ? status : await status);
    }
  }
  const good: Record<string, number> = {};
  for (const { name, knock } of doors) good[name] = await knock(`Bearer ${token}`);
  await world.close();
  const statuses = Object.fromEntries(doors.map((door) => [door.name, [...door.statuses].sort()]));
  return { statuses, good, worst: state.worst, asked: network.state.asked };
}

if (process.send !== undefined) {
  // Nobody looks at the stack of an error or at the stream of a body here.
  Error.stackTraceLimit = 0;
  globalThis.Response = LightResponse as unknown as typeof Response;
  process.once('message', async (order) => {
    process.send?.(await knockAll(order as KnockingOrder));
    process.disconnect();
  });
}
