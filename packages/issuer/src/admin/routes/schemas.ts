/** Values that several routes take or give. Their words are shown to people, by the document and by the command. */
import { z } from 'zod';

/** Marks a value that is shown once, or must never be on a command line: the document says `x-secret: true`. */
export const SECRET = Object.freeze({ 'x-secret': true });

const idShape = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/;
export const id = z
  .string()
  .regex(idShape, 'must be 1 to 100 letters, digits, "_", "-" or ".", and begin with a letter or digit')
  .meta({ examples: ['shop'] });
const clientShape = /^[A-Za-z0-9][A-Za-z0-9_.@-]{0,99}$/;
/** Of an application, API or service user. One vendor writes `@` in them, and they may have moved here. */
export const clientId = z
  .string()
  .regex(clientShape, 'must be 1 to 100 letters, digits, "_", "-", "." or "@", and begin with a letter or digit')
  .meta({ examples: ['shop-web'] });
export const newClientId = clientId.optional().describe('Its id, for good. Left out: one is made. An id that is taken is refused.');
export const newId = id.optional().describe('Its id, for good. Left out: one is made. An id that is taken is refused.');
export const name = z.string().trim().min(1, 'must not be empty').max(200, 'must have at most 200 characters');
export const scope = z
  .string()
  .regex(/^[!#-[\]-~]{1,100}$/, 'must be a scope: printable ASCII without spaces, quotes or backslashes (RFC 6749)')
  .meta({ examples: ['read:messages'] });
export const url = z.string().max(2000, 'must have at most 2000 characters');
export const time = z.iso.datetime({ error: 'must be a time such as 2027-01-31T12:00:00Z' });
export const state = z.enum(['active', 'disabled']);

// A key that no path can name could not be removed again.
const kidShape = /^(?!\.\.?$)[\w.:=+@~-]{1,200}$/;
const kidRule = 'must be 1 to 200 letters, digits, "_", "-", ".", ":", "=", "+", "@" or "~"';
export const kid = z.string().regex(kidShape, kidRule);

/** A public key as it is sent. Whether it is one is checked where it is taken; nothing in one is nested. */
export const publicKey = z
  .record(z.string().max(100), z.union([z.string().max(8192), z.boolean(), z.number(), z.array(z.string().max(8192)).max(20)]))
  .refine((key) => !('d' in key || 'k' in key), { error: 'must be a public key: keep the private one to the application' })
  .refine(({ kid: own }) => own === undefined || (typeof own === 'string' && kidShape.test(own)), { error: kidRule, path: ['kid'] })
  .describe('A public JSON Web Key (RFC 7517) of kind EC, RSA or OKP. Keep the private part to the application.');

export const publicKeys = z.array(publicKey).min(1).max(2).optional().describe('For private_key_jwt.');
export const dialects = z
  .array(z.string().max(100))
  .min(1)
  .max(20)
  .describe('How an origin must speak for it to be served there; elsewhere nobody knows it. Default: standard.');
export const authMethod = z.enum(['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt']);

/** The client secret in the answer to a creation. */
export const shownSecret = z.string().optional().meta(SECRET).describe('Its client secret, where it has one. It is shown this once.');

/** How answers show an id or a name: whatever is stored, also by an earlier version with other rules. */
export const shownText = z.string();

export const nothing = z.strictObject({});

/** The query of a list: `sort` is one of the names, `-` before it turns the order round. */
export function listQuery<const S extends readonly [string, ...string[]], F extends z.ZodRawShape>(sort: S, filters: F) {
  return z.strictObject({
    ...filters,
    limit: z.coerce
      .number('must be a whole number')
      .int('must be a whole number')
      .min(1, 'must be at least 1')
      .max(200, 'must be at most 200')
      .default(50)
      .describe('How many at most, 1 to 200.'),
    cursor: z.string().max(2000).optional().describe('`next` of the answer before, with the same filters and order.'),
    sort: z.enum(sort).default(sort[0]).describe('The order; a minus turns it round.'),
  });
}

/** The answer of a list. `next` is null at the end. */
export function listOf<T extends z.ZodType>(item: T) {
  return z.object({
    items: z.array(item),
    next: z.string().nullable().describe('Ask again with this as `cursor`. null: there is no more.'),
  });
}

export const organizationId = id.describe('Id of the organization.');
export const projectId = id.describe('Id of the project.');
export const userId = clientId.describe('Id of the person or service user: `sub` in tokens.');
export const serviceUserId = clientId.describe('Id of the service user: `sub` in its tokens.');
