/** What may be known of a person beyond a name and an e-mail: shapes that the configuration file and the admin API share. */
import { z } from 'zod';

const printable = (most: number) =>
  z
    .string('must be a text')
    .trim()
    .min(1, 'must not be empty')
    .max(most, `must have at most ${most} characters`)
    .regex(/^\P{Cc}*$/u, 'must not have control characters');
const web = z
  .string('must be a URL')
  .max(2_000, 'must have at most 2000 characters')
  .refine((value) => URL.canParse(value) && /^https?:\/\//.test(value), 'must be a URL that begins with https:// or http://');
const name = printable(200).optional();

const address = z
  .strictObject({
    formatted: z.string('must be a text').max(1_000, 'must have at most 1000 characters').optional(),
    street_address: z.string('must be a text').max(500, 'must have at most 500 characters').optional(),
    locality: name,
    region: name,
    postal_code: name,
    country: name,
  })
  .describe('A postal address (OpenID Connect Core 5.1.1).');

/** Standard claims (OpenID Connect Core 5.1) that have no member of their own, in the spelling of the wire. */
export const claimsSchema = z
  .strictObject({
    nickname: name,
    preferred_username: name,
    middle_name: name,
    profile: web.optional(),
    picture: web.optional(),
    website: web.optional(),
    gender: name,
    birthdate: z
      .string()
      .regex(
        /^\d{4}(-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01]))?$/,
        'must be a day such as 1990-05-31 (0000-05-31 without the year), or a year',
      )
      .optional(),
    zoneinfo: z
      .string()
      .regex(/^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/, 'must be a time zone such as Europe/Paris')
      .optional(),
    phone_number: z
      .string()
      .regex(/^\+?[0-9 ().;a-z=-]{3,40}$/, 'must be a phone number such as +44 20 7946 0000')
      .optional(),
    phone_number_verified: z.boolean('must be true or false').optional(),
    address: address.optional(),
  })
  .describe('Further standard claims (OpenID Connect Core 5.1), such as preferred_username, picture, phone_number and address.');

/** Keys and values of the project's own. */
export const metadataSchema = z
  .record(
    z
      .string()
      .regex(
        /^[A-Za-z0-9][A-Za-z0-9_.:-]{0,99}$/,
        'must be 1 to 100 letters, digits, "_", "-", ":" or ".", and begin with a letter or digit',
      ),
    z.string('must be a text').max(1_000, 'must have at most 1000 characters'),
    'must be texts by key',
  )
  .refine((value) => Object.keys(value).length <= 50, 'must have at most 50 keys')
  .describe('Texts by key, for applications that know what they mean.');

/** `sub` by dialect: OpenID Connect Core 2 allows 255 characters of ASCII. */
export const subjectsSchema = z
  .record(
    z.string().max(100),
    z.string('must be a text').regex(/^[!-~]{1,255}$/, 'must be 1 to 255 printable ASCII characters without spaces'),
    'must be texts by the name of a dialect',
  )
  .describe('`sub` by the name of a dialect, for people who moved here and keep theirs. Default: what the dialect makes of the id.');

/** A domain in lower case. */
export const domainSchema = z
  .string('must be a domain such as acme.example')
  .max(253, 'must have at most 253 characters')
  .regex(/^(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))+$/, 'must be a domain in lower case, such as acme.example')
  .refine((value) => !/^[\d.]+$/.test(value), 'must be a domain, not an address')
  .describe('Primary domain: it names the organization where a dialect wants a domain. No two have the same.');
