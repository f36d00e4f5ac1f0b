/** Names of dialects in declarations, checked against the table of those there are. */
import { z } from 'zod';
import { dialectNames, dialectOf } from '../dialects/table.ts';
import { leniencies } from './leniencies.ts';
import { subjectsSchema } from './person-schema.ts';

const there = `must be one of ${dialectNames.join(', ')}`;

/** The name of one. */
export const dialectSchema = z.string('must be the name of a dialect').refine((name) => dialectOf(name) !== undefined, there);

/** How an origin must speak for an application to be served there. */
export const dialectsSchema = z
  .array(dialectSchema, 'must be a list of dialects')
  .min(1, 'must name a dialect')
  .max(dialectNames.length, 'must name each dialect once')
  .refine((names) => new Set(names).size === names.length, 'must name each dialect once');

/** What an application does without. */
export const refusesSchema = z
  .array(z.enum(leniencies, `must be one of ${leniencies.join(', ')}`), 'must be a list')
  .max(leniencies.length, 'must name each once')
  .refine((names) => new Set(names).size === names.length, 'must name each once');

// At the issuer's own address `sub` is the id: its own pages and programs know people by it.
const own = 'standard';

/** `sub` by dialect. */
export const dialectSubjectsSchema = subjectsSchema.superRefine((value, context) => {
  for (const [name, message] of misnamed(value)) context.addIssue({ code: 'custom', path: [name], message });
});

/** What is wrong with the names in a record of subjects, a sentence each. */
export function subjectProblems(value: Readonly<Record<string, string>>): string[] {
  return misnamed(value).map(([name, message]) => `subjects.${name} ${message}`);
}

function misnamed(value: Readonly<Record<string, string>>): (readonly [name: string, message: string])[] {
  const wrong = Object.keys(value).filter((name) => name === own || dialectOf(name) === undefined);
  return wrong.map((name) => [name, name === own ? 'must be left out: there, `sub` is the id' : `is no dialect: it ${there}`]);
}
