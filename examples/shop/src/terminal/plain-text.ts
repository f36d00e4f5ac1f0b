import { stripVTControlCharacters } from 'node:util';

// What a terminal obeys (C0, DEL, C1) and what makes text read otherwise than it is written (bidirectional controls).
const obeyed = /[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu;

/** Text from the server as text: escape sequences and control characters are gone, line breaks stay. */
export function plainText(text: string): string {
  const lines = stripVTControlCharacters(text)
    .replace(/\r\n?|[\u2028\u2029\v\f]/g, '\n')
    .replaceAll('\t', '  ');
  return lines
    .split('\n')
    .map((line) => line.replace(obeyed, ''))
    .join('\n');
}

/** The same on one line and not longer than `most` characters: names, cells, arguments. */
export function plainLine(text: string, most = 200): string {
  const line = plainText(text).replace(/\s+/g, ' ').trim();
  return line.length > most ? `${line.slice(0, most - 1)}…` : line;
}
