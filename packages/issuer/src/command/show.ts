/** How answers look in a terminal: a list is an aligned table, one thing is its facts. Secrets stand apart, each on its own line. */
import { plainLine } from './terminal.ts';

type Thing = Readonly<Record<string, unknown>>;

/** Facts of one thing, label beside value. Members named in `hidden` are left out. */
export function factLines(thing: Thing, hidden: readonly string[] = []): string[] {
  const facts = Object.entries(thing).filter(([name]) => !hidden.includes(name));
  const width = Math.max(0, ...facts.map(([name]) => labelOf(name).length));
  return facts.map(([name, value]) => `  ${labelOf(name).padEnd(width)}   ${textOf(value)}`.trimEnd());
}

/** A table of things, or, where the terminal is too narrow for it, their facts one after the other. */
export function tableLines(things: readonly Thing[], width = Number.POSITIVE_INFINITY): string[] {
  const columns = columnsOf(things);
  const rows = [columns.map(labelOf), ...things.map((thing) => columns.map((column) => cellOf(thing[column])))];
  const widths = columns.map((_, at) => Math.max(...rows.map((row) => lengthOf(row[at] ?? ''))));
  const needed = widths.reduce((sum, one) => sum + one + 3, -3);
  if (needed > width) return things.flatMap((thing, at) => [...(at > 0 ? [''] : []), ...factLines(thing)]);
  return rows.map((row) =>
    row
      .map((cell, at) => cell + ' '.repeat((widths[at] ?? 0) - lengthOf(cell)))
      .join('   ')
      .trimEnd(),
  );
}

// A column in which nothing stands says nothing.
function columnsOf(things: readonly Thing[]): string[] {
  const names = [...new Set(things.flatMap((thing) => Object.keys(thing)))];
  return names.filter((name) => things.some((thing) => textOf(thing[name]) !== empty));
}

const empty = '-';
const lengthOf = (text: string): number => [...text].length;

/** `lastUsedAt` reads "last used at". */
function labelOf(name: string): string {
  return plainLine(name).replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function textOf(value: unknown): string {
  if (value === null || value === undefined || value === '') return empty;
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (Array.isArray(value)) return value.length === 0 ? empty : value.map(textOf).join(', ');
  if (typeof value === 'object') return pairsOf(value);
  return timeText(plainLine(String(value)));
}

const widest = 48;

/** A table is for finding the row: what is longer stands in the facts of the one thing, and in JSON. */
function cellOf(value: unknown): string {
  const whole = textOf(value);
  const members = Array.isArray(value) ? value : typeof value === 'object' && value !== null ? Object.keys(value) : [];
  const text = members.length > 0 && lengthOf(whole) > widest ? fewOf(members.map(textOf)) : whole;
  return lengthOf(text) <= 2 * widest ? text : `${[...text].slice(0, 2 * widest - 1).join('')}…`;
}

/** As many as fit, and how many more there are. */
function fewOf(texts: readonly string[]): string {
  const whole = texts.join(', ');
  if (lengthOf(whole) <= widest) return whole;
  const [first = ''] = texts;
  let shown = 1;
  while (lengthOf(texts.slice(0, shown + 1).join(', ')) <= widest - 10) shown++;
  return texts.length === 1 ? first : `${texts.slice(0, shown).join(', ')}, … ${texts.length - shown} more`;
}

function pairsOf(value: object): string {
  const pairs = Object.entries(value).map(([name, one]) => `${plainLine(name)}=${textOf(one)}`);
  return pairs.length === 0 ? empty : pairs.join(', ');
}

/** To the minute, with its zone. */
function timeText(text: string): string {
  const [, day, minute] = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d):\d\d(?:\.\d+)?Z$/.exec(text) ?? [];
  return day === undefined ? text : `${day} ${minute} UTC`;
}
