/** HTML as values: what goes into a template is escaped, unless a template made it. */
import { html as template } from 'hono/html';

/** A piece of a page that is already safe to show. */
export type Html = ReturnType<typeof html>;

/** Fills a template. Strings are escaped; `undefined` and `false` leave nothing; arrays are joined. */
export function html(strings: TemplateStringsArray, ...values: readonly unknown[]) {
  const filled = template(strings, ...values);
  if (filled instanceof Promise) throw new TypeError('a page is made of values that are already there');
  return filled;
}

const MAX_NAME = 80;
// Controls, line separators, and the marks that turn the reading direction or show nothing.
const UNSEEN = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/gu;

/** A name that somebody else chose, as one short visible line. */
export function shown(name: string): string {
  const line = name.normalize('NFC').replace(UNSEEN, ' ').replace(/\s+/gu, ' ').trim();
  const letters = [...line];
  return letters.length > MAX_NAME ? `${letters.slice(0, MAX_NAME - 1).join('')}…` : line;
}

/** At most two initials of a name, or of an e-mail address. */
export function initials(name: string): string {
  const words = shown(name)
    .split(/[\s@.]+/u)
    .filter((word) => /^[\p{L}\p{N}]/u.test(word));
  const [first, last] = [words[0], words.length > 1 && !name.includes('@') ? words[words.length - 1] : undefined];
  return [first, last]
    .map((word) => [...(word ?? '')][0] ?? '')
    .join('')
    .toUpperCase();
}
