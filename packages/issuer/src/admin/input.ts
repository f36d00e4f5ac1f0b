/** What a request says, checked against its entry in the table. Unknown members are refused: they are misspelt ones. */
import type { z } from 'zod';
import { MAX_BODY } from '../provider/limits.ts';
import { CallRefused, invalid } from './problem.ts';
import type { AdminRoute } from './routes/route.ts';

export interface Input {
  readonly params: Readonly<Record<string, unknown>>;
  readonly query: Readonly<Record<string, unknown>>;
  readonly body: Readonly<Record<string, unknown>> | undefined;
}

/** Throws a `CallRefused` that lists everything that is wrong. `params` are the path parameters as they were decoded. */
export async function readInput(route: AdminRoute, request: Request, params: Readonly<Record<string, string>>): Promise<Input> {
  const problems: string[] = [];
  const query = queryOf(new URL(request.url).searchParams, problems);
  const body = route.body && (await readJson(request));
  const checked = {
    params: check(route.params, params, problems),
    query: check(route.query, query, problems),
    body: route.body && check(route.body, body, problems),
  };
  if (problems.length === 0 && !storable(checked)) problems.push('texts must not hold NUL or half of a character');
  if (problems.length > 0) throw invalid(problems);
  return checked;
}

function queryOf(parameters: URLSearchParams, problems: string[]): Record<string, string> {
  const query = Object.fromEntries(parameters);
  for (const name of Object.keys(query)) if (parameters.getAll(name).length > 1) problems.push(`${name} must be given once`);
  return query;
}

function check(schema: z.ZodObject, value: unknown, problems: string[]): Record<string, unknown> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  problems.push(...parsed.error.issues.map(sentence));
  return {};
}

function sentence(issue: z.core.$ZodIssue): string {
  const path = issue.path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('');
  return `${path.replace(/^\./, '') || 'the request'} ${predicate(issue)}`;
}

function predicate(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') return `does not know ${issue.keys.join(', ')}: check the spelling`;
  if (issue.code === 'invalid_key') return issue.issues[0]?.message ?? issue.message;
  if (issue.code === 'invalid_type')
    return issue.message.endsWith('undefined') ? 'is missing' : `must be ${article(issue.expected)} ${issue.expected}`;
  if (issue.code === 'invalid_value') return `must be one of ${issue.values.join(', ')}`;
  return issue.message;
}

const article = (noun: string): string => (/^[aeiou]/.test(noun) ? 'an' : 'a');

async function readJson(request: Request): Promise<unknown> {
  if (!/^application\/json\s*(?:;|$)/i.test(request.headers.get('content-type') ?? ''))
    throw new CallRefused('type', 'the body must be JSON: send it as application/json');
  const text = await readText(request);
  try {
    return JSON.parse(text);
  } catch {
    throw invalid(['the body is no JSON']);
  }
}

async function readText({ body }: Request): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.length;
    if (size > MAX_BODY) throw new CallRefused('large', `the body is larger than ${MAX_BODY} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** Whether PostgreSQL can hold every text in it. The schemas bound how deep it goes. */
function storable(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed() && !value.includes('\0');
  if (typeof value !== 'object' || value === null) return true;
  return Object.entries(value).every(([name, one]) => storable(name) && storable(one));
}
