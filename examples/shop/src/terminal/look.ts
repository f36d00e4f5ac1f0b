import type { Writable } from 'node:stream';
import { styleText } from 'node:util';
import stringWidth from 'fast-string-width';
import { wrapAnsi } from 'fast-wrap-ansi';
import type { ResultTable, ToolResult } from './events.ts';
import { plainLine, plainText } from './plain-text.ts';

/** How this terminal is written to: only the sixteen named colours, or none. */
export interface Look {
  /** Columns that text may fill. */
  readonly width: () => number;
  strong(text: string): string;
  quiet(text: string): string;
  /** Whose identity is in use, and what one may do. */
  seal(text: string): string;
  alarm(text: string): string;
  /** An address that terminals which can do so make a link of; it stays readable everywhere else. */
  link(address: string): string;
}

const widest = 88;
const plain = (text: string): string => text;

/** The look of a stream. Colour is used when it is a terminal and nobody asked for none. */
export function createLook(output: Writable & { readonly columns?: number }, { colour }: { colour: boolean }): Look {
  const style = (format: Parameters<typeof styleText>[0]) =>
    colour ? (text: string) => styleText(format, text, { validateStream: false }) : plain;
  return {
    width: () => Math.max(20, Math.min(output.columns ?? 80, widest)),
    strong: style('bold'),
    quiet: style('dim'),
    seal: style('green'),
    alarm: style('red'),
    link: colour ? (address) => `\u001b]8;;${address}\u001b\\${address}\u001b]8;;\u001b\\` : plain,
  };
}

const indent = (text: string, by: string): string =>
  text
    .split('\n')
    .map((line) => (line === '' ? '' : by + line))
    .join('\n');

/** Text from the server, made safe, wrapped and indented. */
export function paragraph(text: string, look: Look, by = '  '): string {
  return ownParagraph(plainText(text), look, by);
}

/** The same for our own text, which may be styled already. */
export function ownParagraph(text: string, look: Look, by = '  '): string {
  return indent(wrapAnsi(text, look.width() - by.length, { trim: false }), by);
}

const countOf = (rows: number): string => `${rows} ${rows === 1 ? 'row' : 'rows'}`;
const isAmount = (text: string): boolean => /^[^\w\s]?-?\d[\d.,]*[.,]\d\d( [A-Z]{3})?$/.test(text);

/** `my_orders  ran as Ada Brandt  3 rows, 12 ms`. */
export function toolLine(result: ToolResult, look: Look): string {
  const took = `${Math.round(result.ms)} ms`;
  const count =
    result.rows === 0 ? look.alarm(`  ${countOf(0)}`) + look.quiet(`, ${took}`) : look.quiet(`  ${countOf(result.rows)}, ${took}`);
  return `  ${look.strong(plainLine(result.tool, 60))}${look.seal(`  ran as ${plainLine(result.ranAs, 60)}`)}${count}`;
}

const mostRows = 40;

/** A table in columns; where the terminal is too narrow, one fact a line instead. */
export function resultTable({ columns, rows }: ResultTable, look: Look): string {
  const heads = columns.map((name) => plainLine(name, 40));
  const cells = rows.slice(0, mostRows).map((row) => heads.map((_, at) => plainLine(String(row[at] ?? ''), 60)));
  const rest = rows.length > mostRows ? [look.quiet(`    … and ${countOf(rows.length - mostRows)} more`)] : [];
  const widths = heads.map((head, at) => Math.max(stringWidth(head), ...cells.map((row) => stringWidth(row[at] ?? ''))));
  const needed = widths.reduce((sum, width) => sum + width + 3, 1);
  const body = needed <= look.width() ? inColumns(heads, cells, widths, look) : inLines(heads, cells, look);
  return [...body, ...rest].join('\n');
}

function inColumns(heads: readonly string[], cells: readonly (readonly string[])[], widths: readonly number[], look: Look): string[] {
  const amounts = heads.map((_, at) => cells.length > 0 && cells.every((row) => row[at] === '' || isAmount(row[at] ?? '')));
  const line = (row: readonly string[]) =>
    `    ${row.map((text, at) => pad(text, widths[at] ?? 0, amounts[at] === true)).join('   ')}`.trimEnd();
  return [look.quiet(line(heads)), ...cells.map(line)];
}

function pad(text: string, width: number, toTheRight: boolean): string {
  const gap = ' '.repeat(Math.max(0, width - stringWidth(text)));
  return toTheRight ? gap + text : text + gap;
}

function inLines(heads: readonly string[], cells: readonly (readonly string[])[], look: Look): string[] {
  return cells.flatMap((row, at) => [
    ...(at > 0 ? [''] : []),
    ...factLines(
      heads.map((head, column) => [head, row[column] ?? '']),
      look,
    ),
  ]);
}

/** Label beside value, one pair a line. Values are wrapped, never shortened. */
export function factLines(facts: readonly (readonly [string, string])[], look: Look): string[] {
  const width = Math.max(0, ...facts.map(([label]) => stringWidth(label)));
  return facts.flatMap(([label, value]) => {
    const [first = '', ...more] = wrapAnsi(value, Math.max(10, look.width() - width - 7), { hard: true }).split('\n');
    return [`    ${look.quiet(pad(label, width, false))}   ${first}`, ...more.map((line) => `    ${' '.repeat(width)}   ${line}`)];
  });
}
