import { changesRows } from './statements.ts';

// Planning with row security costs more than running, and query builders send the same few texts without a name.
const MOST_NAMES = 250; // each is a plan on each connection
const MOST_SEEN = 1000;
const LONGEST = 4000;
const OFTEN = 3; // texts that never come again, such as lists of every length, must not use up the names

const names = new Map<string, string>();
const seen = new Map<string, number>();
let made = 0;

/** Gives a statement that keeps coming a name of its own, so that it is planned once a connection. Undefined: not yet, or never. */
export function nameOf(text: string): string | undefined {
  const known = names.get(text);
  if (known !== undefined || names.size >= MOST_NAMES || text.length > LONGEST || !changesRows(text)) return known;
  const times = (seen.get(text) ?? 0) + 1;
  if (times >= OFTEN) {
    seen.delete(text);
    return rename(text);
  }
  const [oldest] = seen.size >= MOST_SEEN ? seen.keys() : [];
  if (oldest !== undefined) seen.delete(oldest);
  seen.set(text, times);
  return undefined;
}

/** Gives a statement a fresh name: its plans under the old one no longer fit the tables. */
export function rename(text: string): string {
  made += 1;
  const name = `safeconduct_${made}`;
  names.set(text, name);
  return name;
}
