import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Guard } from '../../steps/protect/protect.ts';
import { type AdapterOptions, after, type Caller, type Certain, callerOf, gateOf } from './admission.ts';
import { dropIdentityHeaders } from './identity-headers.ts';
import { answerNode, type NodeRequest, type NodeResponse } from './node-response.ts';

/** A handler of `node:http` that gets its caller as the first argument. */
export type NodeHandler<Known, Req, Res> = (identity: Known, request: Req, response: Res) => unknown;

/** Puts a guard before a handler of `http.createServer`, which gets its caller as the first argument. */
export function node<
  Req extends NodeRequest = IncomingMessage,
  Res extends NodeResponse = ServerResponse,
  Options extends AdapterOptions = Certain,
>(guard: Guard, handler: NodeHandler<Caller<Options>, Req, Res>, options?: Options): (request: Req, response: Res) => unknown {
  const gate = gateOf(guard, options);
  return (request, response) => {
    dropIdentityHeaders(request);
    return after(gate(request), (refusal) =>
      refusal ? answerNode(response, refusal) : handler(callerOf(request, options), request, response),
    );
  };
}
