/** What was asked for cannot be done, and whoever asked is told why. */
export class Refused extends Error {
  override readonly name = 'Refused';
  /** `unknown`: there is no such thing. `conflict`: something else is in the way. `invalid`: it could never be done. */
  readonly reason: 'unknown' | 'conflict' | 'invalid';

  /** `message` says what is wrong and what to do instead; it holds no secret. */
  constructor(reason: Refused['reason'], message: string) {
    super(message);
    this.reason = reason;
  }
}
