import type { Guard } from '../../steps/protect/protect.ts';
import { type AdapterOptions, after, type Caller, type Certain, callerOf, gateOf } from './admission.ts';
import { dropIdentityHeaders } from './identity-headers.ts';
import { answerNode, type NodeRequest, type NodeResponse } from './node-response.ts';

/** An Express middleware, typed by its shape so that no version of Express is forced on anybody. */
export type ExpressMiddleware<Req = NodeRequest, Res = NodeResponse> = (request: Req, response: Res, next: ExpressNext) => void;

/** Goes on to what follows in Express. */
export type ExpressNext = (error?: unknown) => void;

/** An Express handler that gets its caller as the first argument. */
export type ExpressHandler<Known, Req, Res> = (identity: Known, request: Req, response: Res, next: ExpressNext) => unknown;

/** Puts a guard before Express routes: for `app.use`, a router or one route. In a handler, `identityOf(request)` is who calls. */
export function express(guard: Guard, options?: AdapterOptions): ExpressMiddleware;
/** Puts a guard before one Express handler, which gets its caller as the first argument. */
export function express<Req extends NodeRequest, Res extends NodeResponse, Options extends AdapterOptions = Certain>(
  guard: Guard,
  handler: ExpressHandler<Caller<Options>, Req, Res>,
  options?: Options,
): ExpressMiddleware<Req, Res>;
export function express(
  guard: Guard,
  second: AdapterOptions | ExpressHandler<never, NodeRequest, NodeResponse> = {},
  third?: AdapterOptions,
): ExpressMiddleware {
  if (typeof second === 'function') {
    const guarded = express(guard, third);
    return (request, response, next) => guarded(request, response, () => second(callerOf(request, third), request, response, next));
  }
  const gate = gateOf(guard, second);
  return (request, response, next) => {
    dropIdentityHeaders(request);
    return after(gate(request), (refusal) => (refusal ? answerNode(response, refusal) : next()));
  };
}
