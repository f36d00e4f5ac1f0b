import type { Guard } from '../../steps/protect/protect.ts';
import { type AdapterOptions, type Caller, type Certain, callerOf, gateOf } from './admission.ts';
import { withoutIdentityHeaders } from './identity-headers.ts';

/** A handler of standard requests that gets its caller as the first argument, and after the request what the platform adds. */
export type FetchHandler<Known, Rest extends readonly unknown[] = []> = (
  identity: Known,
  request: Request,
  ...rest: Rest
) => Response | Promise<Response>;

/** Puts a guard before a standard `Request` to `Response` handler, which gets its caller as the first argument. */
export function fetchHandler<Rest extends readonly unknown[], Options extends AdapterOptions = Certain>(
  guard: Guard,
  handler: FetchHandler<Caller<Options>, Rest>,
  options?: Options,
): (request: Request, ...rest: Rest) => Promise<Response> {
  const gate = gateOf(guard, options);
  return async (original, ...rest) => {
    const request = withoutIdentityHeaders(original, rest[0]);
    const refusal = await gate(request);
    return refusal ? new Response(refusal.body, refusal) : handler(callerOf(request, options), request, ...rest);
  };
}
