import type { Guard } from '../../steps/protect/protect.ts';
import { type AdapterOptions, type Caller, type Certain, callerOf, gateOf } from './admission.ts';
import { withoutIdentityHeaders } from './identity-headers.ts';

/** The part of a Hono context that is used. */
export interface HonoContext {
  readonly req: { raw: Request };
  readonly env?: unknown;
}

/** A Hono middleware, typed by its shape so that no version of Hono is forced on anybody. */
export type HonoMiddleware<Context = HonoContext> = (context: Context, next: () => Promise<void>) => Promise<Response | undefined>;

/** A Hono handler that gets its caller as the first argument. */
export type HonoHandler<Known, Context> = (identity: Known, context: Context) => Response | Promise<Response>;

/** Puts a guard before Hono routes: for `app.use` or one route. In a handler, `identityOf(c)` is who calls. */
export function hono(guard: Guard, options?: AdapterOptions): HonoMiddleware;
/** Puts a guard before one Hono handler, which gets its caller as the first argument. */
export function hono<Context extends HonoContext, Options extends AdapterOptions = Certain>(
  guard: Guard,
  handler: HonoHandler<Caller<Options>, Context>,
  options?: Options,
): (context: Context) => Promise<Response>;
export function hono(guard: Guard, second: AdapterOptions | HonoHandler<never, HonoContext> = {}, third?: AdapterOptions): HonoMiddleware {
  const [handler, options] = typeof second === 'function' ? [second, third] : [undefined, second];
  const gate = gateOf(guard, options);
  return async (context, next) => {
    const { req, env } = context;
    const request = withoutIdentityHeaders(req.raw, env);
    if (request !== req.raw) req.raw = request;
    const verdict = gate(request, context);
    const refusal = verdict instanceof Promise ? await verdict : verdict;
    if (refusal) return new Response(refusal.body, refusal);
    if (handler) return handler(callerOf(context, options), context);
    await next();
    return undefined;
  };
}
