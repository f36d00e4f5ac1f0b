/** Milliseconds since 1970, as `Date.now` gives them. */
export type Clock = () => number;

/** The clock in whole seconds, as JSON Web Tokens count time. */
export function secondsOf(clock: Clock): number {
  return Math.floor(clock() / 1000);
}
