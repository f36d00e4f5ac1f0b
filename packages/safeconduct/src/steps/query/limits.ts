/** What one statement that nobody trusts may cost. */
export interface UntrustedLimits {
  /** Most rows of an answer; one more is an error, not a cut. Default: 1,000. */
  readonly rows?: number;
  /** Most bytes of an answer. Default: 4 MiB. */
  readonly bytes?: number;
  /** Milliseconds until the server cancels the statement. Default: 2,000. */
  readonly milliseconds?: number;
}

export interface Limits {
  readonly rows: number;
  readonly bytes: number;
  /** As PostgreSQL spells a time. */
  readonly time: string;
}

/** Fills in the defaults. Throws a `TypeError` for a limit that would be none. */
export function limitsOf({ rows = 1000, bytes = 4 * 1024 * 1024, milliseconds = 2000 }: UntrustedLimits): Limits {
  for (const [name, value] of Object.entries({ rows, bytes, milliseconds })) {
    if (!Number.isSafeInteger(value) || value < 1 || value >= 2 ** 31)
      throw new TypeError(`the limit ${name} must be a whole number above 0`);
  }
  return { rows, bytes, time: `${milliseconds}ms` };
}
