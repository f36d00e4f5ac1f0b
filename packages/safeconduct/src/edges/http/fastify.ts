import type { Guard } from '../../steps/protect/protect.ts';
import type { Refusal } from '../../steps/protect/refusal.ts';
import { type AdapterOptions, after, type Caller, type Certain, callerOf, gateOf } from './admission.ts';
import { dropIdentityHeaders } from './identity-headers.ts';
import { type NodeRequest, together } from './node-response.ts';

/** The part of a Fastify request that is used. */
export interface FastifyRequest {
  readonly raw: NodeRequest;
}

/** The part of a Fastify reply that is used. */
export interface FastifyReply {
  readonly sent: boolean;
  code(status: number): unknown;
  getHeader(name: string): unknown;
  header(name: string, value: string): unknown;
  send(body: string): unknown;
}

/** A Fastify hook, typed by its shape so that no version of Fastify is forced on anybody. */
export type FastifyHook = (request: FastifyRequest, reply: FastifyReply, done: () => void) => void;

/** A Fastify handler that gets its caller as the first argument. */
export type FastifyHandler<Known, Req, Reply> = (identity: Known, request: Req, reply: Reply) => unknown;

/** Puts a guard before Fastify routes: as `onRequest` of one route or of a plugin. In a handler, `identityOf(request)` is who calls. */
export function fastify(guard: Guard, options?: AdapterOptions): FastifyHook;
/** Puts a guard before one Fastify handler, which gets its caller as the first argument. It runs after the body was read. */
export function fastify<Req extends FastifyRequest, Reply extends FastifyReply, Options extends AdapterOptions = Certain>(
  guard: Guard,
  handler: FastifyHandler<Caller<Options>, Req, Reply>,
  options?: Options,
): (request: Req, reply: Reply) => unknown;
export function fastify(
  guard: Guard,
  second: AdapterOptions | FastifyHandler<never, FastifyRequest, FastifyReply> = {},
  third?: AdapterOptions,
): FastifyHook {
  const [handler, options] = typeof second === 'function' ? [second, third] : [undefined, second];
  const gate = gateOf(guard, options);
  const ask = (request: FastifyRequest) => {
    dropIdentityHeaders(request.raw);
    return gate(request.raw, request);
  };
  if (handler)
    return (request, reply) =>
      after(ask(request), (refusal) => (refusal ? answer(reply, refusal) : handler(callerOf(request, options), request, reply)));
  return (request, reply, done) => void after(ask(request), (refusal) => (refusal ? answer(reply, refusal) : done()));
}

function answer(reply: FastifyReply, { status, headers, body }: Refusal): unknown {
  if (reply.sent) return reply;
  reply.code(status);
  for (const [name, value] of Object.entries(headers)) reply.header(name, together(name, value, reply.getHeader(name)));
  return reply.send(body);
}
