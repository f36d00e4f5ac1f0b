/** What a route takes, as flags: one for each member of its query and body, made from the schema that the API itself checks with. */
import { z } from 'zod';

/** How a member is written on the command line. */
export type FieldKind = 'text' | 'number' | 'boolean' | 'time' | 'list' | 'pairs' | 'json-file' | 'json-files' | 'secret-file';

/** One member of a query or body. */
export interface Field {
  /** Its name in the API. */
  readonly name: string;
  /** Its flag, such as `--redirect-uri`. */
  readonly flag: string;
  readonly kind: FieldKind;
  readonly required: boolean;
  readonly description: string;
  readonly choices?: readonly string[] | undefined;
  /** Whether a list, or pairs, may have no members. */
  readonly mayBeEmpty: boolean;
}

/** What a route takes on the command line. */
export interface RouteFields {
  readonly query: readonly Field[];
  readonly body: readonly Field[];
  /** Whether its answer comes in pages. */
  readonly paged: boolean;
}

interface Property {
  readonly type?: string;
  readonly format?: string;
  readonly description?: string;
  readonly enum?: readonly string[];
  readonly items?: Property;
  readonly minItems?: number;
  readonly additionalProperties?: Property | boolean;
  readonly 'x-secret'?: boolean;
  readonly anyOf?: readonly Property[];
}

/** The members of a schema, in its order. */
export function fieldsOf(schema: z.ZodObject): Field[] {
  const { properties = {}, required = [] } = z.toJSONSchema(schema, { io: 'input' });
  return Object.entries(properties as Record<string, Property>).map(([name, nullable]) => {
    const property = { ...nullable, ...nullable.anyOf?.find(({ type }) => type !== 'null') };
    const kind = kindOf(property);
    return {
      name,
      kind,
      flag: flagOf(name, kind, Object.keys(properties)),
      required: required.includes(name),
      description: property.description ?? '',
      choices: property.enum ?? property.items?.enum,
      mayBeEmpty: (kind === 'list' && (property.minItems ?? 0) === 0) || kind === 'pairs',
    };
  });
}

function kindOf(property: Property): FieldKind {
  const { type, items, additionalProperties } = property;
  if (property['x-secret'] === true) return 'secret-file';
  if (type === 'array') return items?.type === 'object' ? 'json-files' : 'list';
  if (type === 'object') return typeof additionalProperties === 'object' && additionalProperties.type === 'string' ? 'pairs' : 'json-file';
  if (type === 'boolean') return 'boolean';
  if (type === 'integer' || type === 'number') return 'number';
  return property.format === 'date-time' ? 'time' : 'text';
}

// One flag stands for one value, so that what is a list in the API is named by one of its members here, unless something else is.
function flagOf(name: string, kind: FieldKind, names: readonly string[]): string {
  // `--issuer` is whom the command speaks to.
  if (name === 'issuer') return '--iss';
  const words = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const one = words.replace(/s$/, '');
  if (kind === 'list' || kind === 'pairs') return `--${one !== words && names.includes(one) ? words : one}`;
  if (kind === 'json-files') return `--${one}-file`;
  return kind === 'json-file' || kind === 'secret-file' ? `--${words}-file` : `--${words}`;
}

/** The members of an answer that are shown once. */
export function secretsOf(answer: z.ZodObject): string[] {
  return Object.entries(answer.shape)
    .filter(([, member]) => (member as z.ZodType).meta()?.['x-secret'] === true)
    .map(([name]) => name);
}
