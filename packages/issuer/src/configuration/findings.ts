/** What a schema finds, in sentences that name the place and say what to write instead. */
import type { z } from 'zod';

/** One sentence per issue. `whole` is what an issue without a path is about. */
export function describe(issue: z.core.$ZodIssue, whole = 'the file'): string {
  const path = issue.path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('');
  const unknown = issue.code === 'unrecognized_keys' ? `does not know ${issue.keys.join(', ')}: check the spelling` : messageOf(issue);
  return `${path.replace(/^\./, '') || whole} ${unknown}`;
}

// What is wrong with the name of a member is said by the rule for names.
const messageOf = (issue: z.core.$ZodIssue): string =>
  (issue.code === 'invalid_key' ? issue.issues[0]?.message : undefined) ?? issue.message;
