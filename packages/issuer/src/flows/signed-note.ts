/** A few facts that travel through the browser and come back as they were: signed, for one purpose, for a short while. */
import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';

/** What a note may carry. It can be read by whoever holds it: nothing in it is a secret. */
export type Note = Readonly<Record<string, string | undefined>>;

interface NoteOptions {
  readonly key: KeyObject;
  /** What the note is for, and whom: another purpose does not take it. */
  readonly purpose: string;
  /** Milliseconds since the epoch. Default: now. */
  readonly now?: number;
}

/** Writes a note that is good for `seconds`. */
export function writeNote(note: Note, { key, purpose, seconds, now = Date.now() }: NoteOptions & { readonly seconds: number }): string {
  const body = Buffer.from(JSON.stringify({ ...note, until: String(now + seconds * 1000) })).toString('base64url');
  return `${body}.${signature(body, { key, purpose }).toString('base64url')}`;
}

/** Reads a note. Undefined when it was changed, is too old or is for something else. */
export function readNote(text: string | undefined, { key, purpose, now = Date.now() }: NoteOptions): Note | undefined {
  const [body = '', given = '', ...rest] = (text ?? '').split('.');
  const expected = signature(body, { key, purpose });
  const actual = Buffer.from(given, 'base64url');
  if (rest.length > 0 || actual.length !== expected.length || !timingSafeEqual(actual, expected)) return undefined;
  const { until, ...note } = JSON.parse(Buffer.from(body, 'base64url').toString()) as Record<string, string>;
  return Number(until) > now ? note : undefined;
}

function signature(body: string, { key, purpose }: Pick<NoteOptions, 'key' | 'purpose'>): Buffer {
  return createHmac('sha256', key).update(`note|${purpose}|${body}`).digest();
}
