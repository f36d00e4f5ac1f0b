/** What a password must be (NIST SP 800-63B-4, ASVS 6.2): long, and not what everybody tries first. No rules of composition. */
import { commonWords, rows } from './common-passwords.ts';

/** Characters that a password needs as the only factor. */
export const MIN_LENGTH = 15;
/** Bytes (UTF-8) that a password may have. */
export const MAX_BYTES = 1024;

/** A password that the policy refuses. The message says why and what to do; it never repeats the password. */
export class WeakPassword extends Error {
  override readonly name = 'WeakPassword';
}

/** Throws `WeakPassword` unless `password` may be set. `context` holds words near the person: name, e-mail, organization. */
export function assertStrong(password: string, context: readonly string[] = []): void {
  const letters = [...password.normalize('NFC').toLowerCase()];
  if (letters.length < MIN_LENGTH) throw new WeakPassword(`a password needs at least ${MIN_LENGTH} characters: a short sentence is good`);
  if (tooLong(password)) throw new WeakPassword(`a password may have at most ${MAX_BYTES} bytes`);
  if (repeated(letters) || neighbours(letters))
    throw new WeakPassword('this password repeats or counts on: choose one that follows no pattern');
  const dictionary = new Set([...commonWords, ...context.flatMap(wordsOf)]);
  if (madeOfWords(letters.join(''), dictionary)) {
    throw new WeakPassword('this password is made of words that everybody tries first: add words of your own');
  }
}

/** Whether a password is longer than anybody's can be. Such a one is wrong without being hashed. */
export function tooLong(password: string): boolean {
  return Buffer.byteLength(password.normalize('NFC')) > MAX_BYTES;
}

const wordsOf = (text: string): string[] =>
  text
    .toLowerCase()
    .normalize('NFC')
    .split(/[^\p{L}]+/u)
    .filter((word) => word.length > 2);

/** A unit written again and again, or fewer than five different characters. */
function repeated(letters: readonly string[]): boolean {
  if (new Set(letters).size < 5) return true;
  for (let unit = 1; unit <= letters.length / 2; unit++) {
    if (letters.every((letter, at) => letter === letters[at % unit])) return true;
  }
  return false;
}

/** Runs along a row of neighbours, four or more at a time on average. */
function neighbours(letters: readonly string[]): boolean {
  let runs = 0;
  for (let at = 0; at < letters.length; runs++)
    at += Math.max(...rows.flatMap((row) => [runLength(letters, at, row, 1), runLength(letters, at, row, -1)]));
  return runs * 4 <= letters.length;
}

function runLength(letters: readonly string[], start: number, row: string, step: 1 | -1): number {
  let length = 1;
  for (let place = row.indexOf(letters[start] ?? ''); place >= 0 && row[place + step] === letters[start + length]; place += step) {
    if (row[place + step] === undefined) break;
    length++;
  }
  return length;
}

const SPOKEN: Readonly<Record<string, string>> = { '0': 'o', '1': 'i', '3': 'e', '4': 'a', '5': 's', '7': 't', '@': 'a', $: 's', '!': 'i' };
const MAX_WORDS = 3;
const MAX_REST = 10;

/** At most three words of the dictionary, with little else around them. */
function madeOfWords(text: string, dictionary: ReadonlySet<string>): boolean {
  const plain = text.replace(/[^\p{L}]/gu, '');
  const rest = text.length - plain.length;
  const spoken = text.replace(/[^\p{L}]/gu, (sign) => SPOKEN[sign] ?? '');
  return (rest <= MAX_REST && fewWords(plain, dictionary)) || fewWords(spoken, dictionary);
}

function fewWords(text: string, dictionary: ReadonlySet<string>): boolean {
  if (text === '') return false;
  const fewest: number[] = [0];
  for (let end = 1; end <= text.length; end++) {
    let best = Number.POSITIVE_INFINITY;
    for (let start = Math.max(0, end - 24); start < end; start++) {
      if (dictionary.has(text.slice(start, end))) best = Math.min(best, (fewest[start] ?? Number.POSITIVE_INFINITY) + 1);
    }
    fewest[end] = best;
  }
  return (fewest[text.length] ?? Number.POSITIVE_INFINITY) <= MAX_WORDS;
}
