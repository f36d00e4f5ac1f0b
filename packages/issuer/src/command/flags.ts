/** Fields become options of a command, and what was typed becomes what the API is sent. */
import { readFile } from 'node:fs/promises';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Field } from './fields.ts';
import { CommandProblem, usageProblem } from './problem.ts';
import { readGivenSecret, readNewPassword } from './secret-input.ts';
import type { Terminal } from './terminal.ts';

const DAY = 86_400_000;

/** Adds the options of a field. Boolean ones have a `--no-` form. */
export function addFlag(command: Command, field: Field): void {
  const { flag, kind } = field;
  if (kind === 'boolean') {
    command.addOption(new Option(flag, described(field)));
    command.addOption(new Option(flag.replace('--', '--no-')));
    return;
  }
  const option = new Option(`${flag} <${placeholder(field)}>`, described(field));
  if (field.required && kind !== 'secret-file') option.makeOptionMandatory();
  command.addOption(option.argParser(parserOf(field)));
}

/** What was typed, under the names of the API. Files are read now; a list or pairs of one empty text means none. */
export async function readFlags(
  fields: readonly Field[],
  typed: Readonly<Record<string, unknown>>,
  terminal: Terminal,
): Promise<Record<string, unknown>> {
  const read: Record<string, unknown> = {};
  for (const field of fields) {
    const value = typed[new Option(field.flag).attributeName()];
    const given = await readFlag(field, value, terminal);
    if (given !== undefined) read[field.name] = given;
  }
  return read;
}

async function readFlag(field: Field, value: unknown, terminal: Terminal): Promise<unknown> {
  if (field.kind === 'secret-file') return readSecretFlag(field, value, terminal);
  if (value === undefined) return undefined;
  if (field.kind === 'json-file') return readJsonFile(String(value));
  if (field.kind === 'json-files') return (await Promise.all((value as string[]).map(readJsonFile))).flatMap(keysOf);
  if (field.kind === 'list') return emptied(value as string[]);
  return field.kind === 'pairs' ? pairsOf(value as readonly ([string, string] | '')[]) : value;
}

function readSecretFlag({ name, required, flag }: Field, value: unknown, terminal: Terminal): Promise<string> | undefined {
  if (value === undefined && !required) return undefined;
  const file = value === undefined ? undefined : String(value);
  return name === 'password' ? readNewPassword(terminal, { file, flag }) : readGivenSecret(terminal, file);
}

const placeholders = {
  text: 'text',
  number: 'number',
  boolean: '',
  time: 'when',
  list: 'text',
  pairs: 'name=text',
  'json-file': 'file',
  'json-files': 'file',
  'secret-file': 'file',
} as const;

function placeholder({ kind, name }: Field): string {
  if (kind === 'text' && /^(?:organization|project|user|serviceUser|id)$/.test(name)) return 'id';
  return placeholders[kind];
}

const hints = {
  text: '',
  number: '',
  boolean: '',
  time: 'A time (2027-01-31T12:00:00Z), a day (2027-01-31) or days from now (90d).',
  list: 'Repeat it for more.',
  pairs: 'Repeat it for more.',
  'json-file': 'A file with JSON.',
  'json-files': 'A file with JSON: one key, or a key set. Repeat it for more.',
  'secret-file': 'A file with it; - reads standard input, and asks at a terminal.',
} as const;

function described({ kind, description, choices, mayBeEmpty }: Field): string {
  const sentences = [
    description.replaceAll('`', ''),
    choices ? `One of ${choices.join(', ')}.` : '',
    hints[kind],
    mayBeEmpty ? '"" alone is none.' : '',
  ];
  return sentences.filter((text) => text !== '').join(' ');
}

function parserOf({ kind, choices }: Field): (value: string, previous: unknown) => unknown {
  const before = (previous: unknown): unknown[] => (Array.isArray(previous) ? previous : []);
  const chosen = (value: string): string => {
    if (choices === undefined || choices.includes(value)) return value;
    throw new InvalidArgumentError(`It must be one of ${choices.join(', ')}.`);
  };
  if (kind === 'list') return (value, previous) => [...before(previous), value === '' ? '' : chosen(value)];
  if (kind === 'json-files') return (value, previous) => [...before(previous), value];
  if (kind === 'pairs') return (value, previous) => [...before(previous), value === '' ? '' : pairOf(value)];
  if (kind === 'number') return numberFlag;
  return kind === 'time' ? timeOf : chosen;
}

const pairsOf = (pairs: readonly ([string, string] | '')[]) => Object.fromEntries(pairs.filter((pair) => pair !== ''));

function pairOf(text: string): [string, string] {
  const at = text.indexOf('=');
  if (at < 1 || at === text.length - 1) throw new InvalidArgumentError('Write name=text, such as "read:messages=Read your messages".');
  return [text.slice(0, at), text.slice(at + 1)];
}

/** A whole number. */
export function numberFlag(text: string): number {
  if (!/^-?\d{1,12}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}

/** `90d`, `2027-01-31` (its first moment, UTC) or a whole time. */
export function timeOf(text: string): string {
  const [, days] = /^(\d{1,4})d$/.exec(text) ?? [];
  if (days !== undefined) return new Date(Date.now() + Number(days) * DAY).toISOString();
  const time = new Date(text);
  if (!/^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:\d\d))?$/.test(text) || Number.isNaN(time.getTime()))
    throw new InvalidArgumentError('Write a time such as 2027-01-31T12:00:00Z, a day such as 2027-01-31, or days from now such as 90d.');
  return time.toISOString();
}

const emptied = (values: readonly string[]): readonly string[] => (values.length === 1 && values[0] === '' ? [] : values);

async function readJsonFile(path: string): Promise<unknown> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new CommandProblem(`${path} cannot be read: check its name.`, { error: 'usage', exitCode: 2, cause });
  });
  try {
    return JSON.parse(text);
  } catch {
    throw usageProblem(`${path} is no JSON.`);
  }
}

/** The keys of a key set (RFC 7517), or the one key that a file holds. */
function keysOf(value: unknown): unknown[] {
  const keys = typeof value === 'object' && value !== null && 'keys' in value ? value.keys : undefined;
  return Array.isArray(keys) ? keys : [value];
}
