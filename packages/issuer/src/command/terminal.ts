/** Where a command reads and writes. Answers go to `out`, and nothing else does; what is said about them goes to `note`. */
import { stripVTControlCharacters } from 'node:util';

export interface Terminal {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly input: NodeJS.ReadStream;
  readonly output: NodeJS.WriteStream;
  readonly errors: NodeJS.WriteStream;
}

/** Writes the one answer of a command to standard output. */
export function answer({ output }: Terminal, text: string): void {
  output.write(`${text}\n`);
}

/** Says something to the person, on standard error. */
export function note({ errors }: Terminal, text: string): void {
  errors.write(`${text}\n`);
}

// What a terminal obeys (C0, DEL, C1) and what makes text read otherwise than it is written (bidirectional controls).
const obeyed = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]+/gu;

/** Text from elsewhere on one line, without anything that a terminal obeys. */
export function plainLine(text: string): string {
  return stripVTControlCharacters(text).replace(obeyed, ' ').trim();
}
