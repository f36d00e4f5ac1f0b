/**
 * Browsers that signed in before. Each keeps a signed note per person, so that wrong passwords typed elsewhere do not lock
 * that person out here (OWASP: device cookies). A note proves nothing but that; a new password makes it worthless.
 */
import { createHmac, type KeyObject, randomBytes, timingSafeEqual } from 'node:crypto';

/** Seconds that a browser is remembered: the most that browsers keep a cookie for. */
export const REMEMBERED = 400 * 86_400;
const MAX_NOTES = 5;
const NOTE = /^([0-9a-z]{1,8})\.([\w-]{22})\.([\w-]{43})$/;

/** Who a note is about. */
export interface NoteOwner {
  readonly userId: string;
  /** When the password was set, in milliseconds since the epoch. */
  readonly passwordChangedAt: number;
}

export interface BrowserNote {
  /** Names this browser and person in the throttle. */
  readonly id: string;
  readonly text: string;
}

/** Reads a cookie's notes; anything else is dropped. */
export function readNotes(cookie: string | undefined): BrowserNote[] {
  const texts = (cookie ?? '').slice(0, 1024).split('~');
  return texts
    .flatMap((text) => {
      const found = NOTE.exec(text);
      return found?.[2] ? [{ id: found[2], text }] : [];
    })
    .slice(0, MAX_NOTES);
}

/** Finds the note that we wrote for this person and password. */
export function noteOf(
  notes: readonly BrowserNote[],
  owner: NoteOwner,
  { key, now }: { key: KeyObject; now: number },
): BrowserNote | undefined {
  return notes.find(({ text }) => {
    const [day = '', nonce = '', mac = ''] = text.split('.');
    const age = now / 1000 - Number.parseInt(day, 36) * 86_400;
    const right = sign(key, owner, { day, nonce });
    return age >= -86_400 && age <= REMEMBERED && timingSafeEqual(Buffer.from(mac), Buffer.from(right));
  });
}

/** Writes a fresh note for a person, first, and keeps the others' as long as there is room. Gives the cookie's value. */
export function addNote(notes: readonly BrowserNote[], owner: NoteOwner, { key, now }: { key: KeyObject; now: number }): string {
  const old = noteOf(notes, owner, { key, now });
  const day = Math.floor(now / 86_400_000).toString(36);
  const nonce = old?.id ?? randomBytes(16).toString('base64url');
  const others = notes.filter(({ id }) => id !== old?.id).map(({ text }) => text);
  return [`${day}.${nonce}.${sign(key, owner, { day, nonce })}`, ...others].slice(0, MAX_NOTES).join('~');
}

function sign(key: KeyObject, { userId, passwordChangedAt }: NoteOwner, { day, nonce }: { day: string; nonce: string }): string {
  return createHmac('sha256', key)
    .update(JSON.stringify(['known browser', userId, passwordChangedAt, day, nonce]))
    .digest('base64url');
}
