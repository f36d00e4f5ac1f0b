import type { Guard } from '../../steps/protect/protect.ts';
import { type AdapterOptions, admit } from './admission.ts';

/** The part of a Hono context that is used. */
export interface HonoContext {
  readonly req: { readonly raw: Request };
}

/** A Hono middleware, typed by its shape so that no version of Hono is forced on anybody. */
export type HonoMiddleware = (context: HonoContext, next: () => Promise<void>) => Promise<Response | undefined>;

/** Puts a guard before Hono routes. In a handler, `identityOf(c.req.raw)` is who calls. */
export function hono(guard: Guard, options: AdapterOptions = {}): HonoMiddleware {
  return async (context, next) => {
    const refusal = await admit(guard, context.req.raw, options);
    if (refusal === undefined) await next();
    return refusal;
  };
}
