const EVENTS = ['on', 'once', 'off', 'addListener', 'removeListener', 'prependListener', 'removeAllListeners'] as const;
const BEHIND = Symbol('behind');

/** The base of the look-alikes: holds the real thing and passes chosen members on to it. */
export abstract class LookAlike {
  readonly [BEHIND]: object;

  constructor(behind: object) {
    this[BEHIND] = behind;
  }
}

/** Tells whether this already runs as somebody. */
export const isLookAlike = (candidate: object): boolean => BEHIND in candidate;

type Callable = Record<string, (...args: unknown[]) => unknown>;

/** What a look-alike passes on to the real thing. */
export interface Passing {
  readonly methods: readonly string[];
  readonly getters: readonly string[];
}

/** Makes one look-alike from what its constructor takes. */
export type Maker<T, F> = (parts: T) => F;

/**
 * Makes a class look like the user's own: `instanceof` holds (Drizzle and Prisma ask), but no state is shared.
 * Event methods return the look-alike, so that chaining never hands out the real thing.
 */
export function lookingLike<T, F extends LookAlike>(Face: new (parts: T) => F, base: object, passing: Passing): Maker<T, F> {
  const own = Object.getOwnPropertyDescriptors(Face.prototype);
  const prototype: object = Object.create(base, { ...passedOn(passing), ...own });
  const face = function look() {};
  face.prototype = prototype;
  return (parts) => Reflect.construct(Face, [parts], face);
}

function passedOn({ methods, getters }: Passing): PropertyDescriptorMap {
  const real = (self: LookAlike): Callable => self[BEHIND] as Callable;
  const events = EVENTS.map((name) => [name, { value: eventMethod(name) }]);
  const passedMethods = methods.map((name) => {
    const value = function (this: LookAlike, ...args: unknown[]): unknown {
      return real(this)[name]?.(...args);
    };
    return [name, { value }];
  });
  const passedGetters = getters.map((name) => {
    const get = function (this: LookAlike): unknown {
      return real(this)[name];
    };
    return [name, { get }];
  });
  return Object.fromEntries([...events, ...passedMethods, ...passedGetters]);
}

function eventMethod(name: (typeof EVENTS)[number]) {
  return function (this: LookAlike, ...args: unknown[]): LookAlike {
    (this[BEHIND] as Callable)[name]?.(...args);
    return this;
  };
}
