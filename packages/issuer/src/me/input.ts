/** What a request says. Unknown members are left alone: libraries for APIs of this form send more than is needed here. */
import { z } from 'zod';
import { isScope } from '../connections/asking.ts';
import { protocolParameters } from '../connections/upstream-parameters.ts';
import { MAX_BODY } from '../provider/limits.ts';
import { type Finding, MeProblem } from './problem.ts';

const text = (most: number) => z.string('must be a text').min(1, 'must not be empty').max(most, `must be at most ${most} characters`);
const storable = (value: string): boolean => value.isWellFormed() && !value.includes('\0');
const line = (most: number) => text(most).refine(storable, 'must not hold NUL or half of a character');

const parameters = z
  .record(line(100), z.union([z.string(), z.number(), z.boolean()], 'must be a text, a number or a boolean').transform(String))
  .refine((given) => Object.keys(given).length <= 20, 'must have at most 20 members')
  .refine((given) => Object.values(given).every((one) => one.length <= 500 && storable(one)), 'each must be at most 500 characters')
  .refine(
    (given) => !Object.keys(given).some((name) => protocolParameters.has(name.toLowerCase())),
    'must not hold parameters of the protocol, such as state or scope',
  );

const object = <Shape extends z.core.$ZodLooseShape>(shape: Shape) => z.object(shape, 'must be a JSON object');

/** Body of `POST /connect`. */
export const connectBody = object({
  connection: line(100),
  redirect_uri: line(2_048),
  state: line(2_048).optional(),
  code_challenge: z
    .string('is missing: PKCE is needed')
    .regex(/^[\w-]{43}$/, 'must be the SHA-256 of the code_verifier in base64url, 43 characters'),
  code_challenge_method: z.literal('S256', 'must be S256'),
  scopes: z
    .array(line(200).refine(isScope, 'must be a scope: printable, without spaces, quotes or backslashes'), 'must be a list')
    .max(50, 'must be at most 50')
    .optional(),
  authorization_params: parameters.optional(),
});

/** Body of `POST /complete`. */
export const completeBody = object({
  auth_session: line(200),
  connect_code: line(200),
  redirect_uri: line(2_048),
  code_verifier: z.string('is missing').regex(/^[\w.~-]{43,128}$/, 'must be 43 to 128 letters, digits or -._~'),
});

const page = {
  take: z.coerce
    .number('must be a number')
    .int('must be a whole number')
    .min(1, 'must be at least 1')
    .max(100, 'must be at most 100')
    .default(50),
  // Auth0's description has `from`; its library for Next.js sends `next`.
  from: line(200).optional(),
  next: line(200).optional(),
};

/** Query of `GET /accounts`. */
export const accountsQuery = z.object({ ...page, connection: line(100).optional() });

/** Query of `GET /connections`. */
export const connectionsQuery = z.object(page);

/** Reads a JSON body. Throws a `MeProblem` with everything that is wrong. */
export async function readBody<S extends z.ZodType>(request: Request, schema: S): Promise<z.output<S>> {
  if (!/^application\/json\s*(?:;|$)/i.test(request.headers.get('content-type') ?? ''))
    throw new MeProblem('type', 'the body must be JSON: send it as application/json');
  return check(schema, withoutNulls(parse(await readText(request))), 'body');
}

/** Reads the query. Each parameter may be there once. */
export function readQuery<S extends z.ZodType>(request: Request, schema: S): z.output<S> {
  const given = new URL(request.url).searchParams;
  const twice = [...new Set(given.keys())].find((name) => given.getAll(name).length > 1);
  if (twice !== undefined) throw invalid([{ detail: 'must be given once', field: twice, source: 'query' }]);
  return check(schema, Object.fromEntries(given), 'query');
}

/** What is wrong with some fields. */
export function invalid(findings: readonly Finding[]): MeProblem {
  return new MeProblem('invalid', findings.map(({ field, detail }) => `${field} ${detail}`).join('; '), findings);
}

function check<S extends z.ZodType>(schema: S, value: unknown, source: 'body' | 'query'): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw invalid(parsed.error.issues.map((issue) => findingOf(issue, source)));
}

function findingOf({ path, message }: z.core.$ZodIssue, source: 'body' | 'query'): Finding {
  const field = String(path[0] ?? source);
  const pointer = path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
  return { detail: message, field, ...(source === 'body' && { pointer }), source };
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new MeProblem('invalid', 'the body is no JSON');
  }
}

// Some libraries send null for what they leave out.
function withoutNulls(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== null));
}

async function readText({ body }: Request): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.length;
    if (size > MAX_BODY) throw new MeProblem('large', `the body is larger than ${MAX_BODY} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
