import type { Identity } from '../../core/identity/identity.ts';

/** Gives the object itself to a class below, whose private field it then has. */
class Itself {
  constructor(object: object) {
    // biome-ignore lint/correctness/noConstructorReturn: what it returns is what the class below puts its field on.
    return object;
  }
}

/**
 * Which identity is behind a request, as a private field that is put on the request object. Like a WeakMap it can be neither
 * seen, copied nor forged from outside, and it costs a third: this is on the way of every guarded request.
 */
export class Bearer extends Itself {
  #identity: Identity;

  private constructor(request: object, identity: Identity) {
    super(request);
    this.#identity = identity;
  }

  /** Notes who is behind a request. A later guard's word replaces an earlier one's. */
  static note(request: object, identity: Identity): void {
    if (#identity in request) request.#identity = identity;
    else new Bearer(request, identity);
  }

  /** The identity that was noted for this very object. */
  static of(request: object): Identity | undefined {
    return #identity in request ? request.#identity : undefined;
  }
}
