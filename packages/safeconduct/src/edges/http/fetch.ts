import type { Identity } from '../../core/identity/identity.ts';
import type { Guard } from '../../steps/protect/protect.ts';
import { type AdapterOptions, admit, identityOf } from './admission.ts';

/** A handler that gets its caller as the first argument. */
export type IdentifiedHandler = (identity: Identity, request: Request) => Response | Promise<Response>;

/** Puts a guard before a standard `Request` to `Response` handler. Refused requests never reach it. */
export function fetchHandler(
  guard: Guard,
  handler: IdentifiedHandler,
  options: AdapterOptions = {},
): (request: Request) => Promise<Response> {
  return async (request) => (await admit(guard, request, options)) ?? handler(identityOf(request), request);
}
