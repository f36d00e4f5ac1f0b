/** Cursors of lists: where a page ended, signed, and good for the same question alone. */
import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';

/** Where a page ended: the value that it is sorted by, as PostgreSQL writes it, and the key of the row. */
export type Place = readonly [sorted: string, key: string];

export interface Cursors {
  /** `question` is everything that decides what the list holds and in which order. */
  write(place: Place, question: string): string;
  /** Undefined for anything that was not written here for this question. */
  read(cursor: string, question: string): Place | undefined;
}

export function createCursors(key: KeyObject): Cursors {
  const sign = (body: string, question: string) =>
    createHmac('sha256', key)
      .update(JSON.stringify([body, question]))
      .digest('base64url');
  return Object.freeze({
    write(place: Place, question: string) {
      const body = Buffer.from(JSON.stringify(place)).toString('base64url');
      return `${body}.${sign(body, question)}`;
    },
    read(cursor: string, question: string) {
      const [body = '', signature = '', ...more] = cursor.split('.');
      // As texts: base64url has several spellings of the same bytes.
      const [given, right] = [Buffer.from(signature), Buffer.from(sign(body, question))];
      if (more.length > 0 || given.length !== right.length || !timingSafeEqual(given, right)) return undefined;
      // The signature says that these are the two texts that were written.
      return JSON.parse(Buffer.from(body, 'base64url').toString()) as Place;
    },
  });
}
