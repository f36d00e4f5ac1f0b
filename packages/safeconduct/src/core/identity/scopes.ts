/** Splits an RFC 6749 section 3.3 scope string. */
export function splitScopes(value: string): string[] {
  return value.split(' ').filter((scope) => scope !== '');
}

/** The names of `required` that `granted` lacks, compared whole and case-sensitively. */
export function missingFrom(granted: readonly string[], required: readonly string[]): string[] {
  return required.filter((name) => !granted.includes(name));
}
