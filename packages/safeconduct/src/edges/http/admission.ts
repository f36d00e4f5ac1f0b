import { SafeconductError } from '../../core/identity/errors.ts';
import type { Identity } from '../../core/identity/identity.ts';
import type { Bearing } from '../../steps/protect/bearer.ts';
import type { Guard } from '../../steps/protect/protect.ts';
import { type RefusalOptions, refusalOf } from '../../steps/protect/refusal.ts';
import type { Requirement } from '../../steps/protect/require.ts';

/** What an adapter adds to its guard. */
export interface AdapterOptions extends RefusalOptions {
  /** What these routes need beyond what the guard always asks for. */
  readonly require?: Requirement;
}

const identities = new WeakMap<object, Identity>();

/** Asks the guard about `request`: undefined when it may go on, and its identity is known from then on; else the refusal. */
export async function admit(guard: Guard, request: Bearing, options: AdapterOptions = {}): Promise<Response | undefined> {
  try {
    identities.set(request, await guard(request, options.require));
    return undefined;
  } catch (error) {
    return refusalOf(error, options);
  }
}

/** The identity behind a request that an adapter let through. Throws `token_missing` for any other request: there is no default user. */
export function identityOf(request: Bearing): Identity {
  const identity = identities.get(request);
  if (identity === undefined) throw new SafeconductError('token_missing', { message: 'no guard let this request through' });
  return identity;
}
