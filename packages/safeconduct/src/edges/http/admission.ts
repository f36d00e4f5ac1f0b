import { SafeconductError } from '../../core/identity/errors.ts';
import type { Identity } from '../../core/identity/identity.ts';
import type { Bearing } from '../../steps/protect/bearer.ts';
import { checkRequest, type Guard } from '../../steps/protect/protect.ts';
import { type Refusal, type RefusalOptions, refuse } from '../../steps/protect/refusal.ts';
import { checkRequirement, type Requirement } from '../../steps/protect/require.ts';
import { Bearer } from './bearers.ts';

/** What an adapter adds to its guard. */
export interface AdapterOptions extends Omit<RefusalOptions, 'requestId'> {
  /** What these routes need beyond what the guard always asks for. */
  readonly require?: Requirement;
  /** Lets requests without a Bearer token go on, without identity. Bad tokens are still refused. Not together with `require`. Default false. */
  readonly optional?: boolean;
}

/** Options under which every request that goes on has an identity. */
export type Certain = AdapterOptions & { readonly optional?: false };

/** Who calls: undefined only where the guard is optional. */
export type Caller<Options extends AdapterOptions> = Options extends Certain ? Identity : Identity | undefined;

/** What the guard of an adapter says: undefined lets the request go on. */
export type Verdict = Refusal | undefined;

/** Asks a guard about a request, which may have another name, too. Says so at once when the token is known already. */
export type Gate = (request: Bearing, alias?: object) => Verdict | Promise<Verdict>;

/** Puts a guard before an adapter. Throws a `TypeError` for what is no guard, for an empty requirement, and for one that is optional. */
export function gateOf(guard: Guard, options: AdapterOptions = {}): Gate {
  if (typeof guard !== 'function') throw new TypeError('the first argument must be a guard: what protect() returns');
  checkRequirement(options.require);
  if (options.optional && options.require !== undefined)
    throw new TypeError('optional lets in whoever has no token, so nothing can be required: leave one of them out');
  const decline = (error: unknown): Verdict => (goesOnWithout(error, options) ? undefined : refuse(error, options));
  return (request, alias) => {
    try {
      const found = checkRequest(guard, request, options.require);
      if (found instanceof Promise) return found.then((identity) => remember(identity, request, alias), decline);
      return remember(found, request, alias);
    } catch (error) {
      return decline(error);
    }
  };
}

function remember(identity: Identity, request: object, alias: object | undefined): undefined {
  Bearer.note(request, identity);
  if (alias !== undefined) Bearer.note(alias, identity);
}

/** Goes on with a verdict, at once where there is one already. */
export function after<Result>(verdict: Verdict | Promise<Verdict>, goOn: (refusal: Verdict) => Result): Result | Promise<Result> {
  return verdict instanceof Promise ? verdict.then(goOn) : goOn(verdict);
}

function goesOnWithout(error: unknown, { optional }: AdapterOptions): boolean {
  return optional === true && error instanceof SafeconductError && error.code === 'token_missing';
}

/** The identity behind a request that an adapter let through, or undefined. `request` is what the framework gave the handler. */
export function findIdentity(request: object): Identity | undefined {
  return Bearer.of(request);
}

/** The identity behind a request that an adapter let through. Throws `token_missing` for any other request: there is no default user. */
export function identityOf(request: object): Identity {
  const identity = Bearer.of(request);
  if (identity === undefined) throw new SafeconductError('token_missing', { message: 'no guard let this request through' });
  return identity;
}

/** Who calls, as the type of a handler under `options` says: under an optional guard perhaps nobody. */
export function callerOf(request: object, options: AdapterOptions = {}): never {
  // The type of the handler was made out of the same options, so whatever it takes is this.
  return (options.optional === true ? findIdentity(request) : identityOf(request)) as never;
}
