/** What the account page says after a form: it travels through the redirect, signed, so that a link cannot make it say things. */
import type { Notice } from '../pages/account.ts';
import { shown } from '../pages/html.ts';
import type { Desk, FlowContext } from './desk.ts';
import type { SignedInPerson } from './person.ts';
import { readNote, writeNote } from './signed-note.ts';

/** What was done. `name` is the third party, `app` an application. */
export type Done =
  | { readonly kind: 'disconnected'; readonly name: string; readonly revoked: 'revoked' | 'unsupported' | 'failed' }
  | { readonly kind: 'taken-away'; readonly name: string; readonly app: string }
  | { readonly kind: 'linked' | 'linked-before' | 'not-linked' | 'unlinked' | 'only-way'; readonly name: string }
  | { readonly kind: 'gone' };

const notices: Record<Done['kind'], (name: string, more: Readonly<Record<string, string | undefined>>) => Notice> = {
  disconnected: (name, { revoked }) => disconnected(name, revoked),
  'taken-away': (name, { app = '' }) => ({
    tone: 'done',
    title: `${shown(app)} can no longer use ${name}`,
    text: 'A key that it already holds there ends by itself, usually within an hour.',
  }),
  linked: (name) => ({ tone: 'done', title: `${name} is linked`, text: 'From now on it signs you in here.' }),
  'linked-before': (name) => ({ tone: 'done', title: `That account at ${name} was linked already` }),
  'not-linked': () => ({ tone: 'done', title: 'Nothing was linked', text: 'Your ways to sign in are as they were.' }),
  unlinked: (name) => ({ tone: 'done', title: `${name} is unlinked`, text: 'It no longer signs you in here.' }),
  'only-way': (name) => ({
    tone: 'caution',
    title: `${name} stays linked`,
    text: 'It is your only way in. Link another account first, or ask the people who run this service for a password.',
  }),
  gone: () => ({ tone: 'caution', title: 'That was gone already', text: 'This is how it is now.' }),
};

function disconnected(name: string, revoked: string | undefined): Notice {
  if (revoked === 'revoked') return { tone: 'done', title: `${name} is disconnected`, text: 'We forgot it, and it is revoked there, too.' };
  const text =
    revoked === 'unsupported'
      ? `We forgot it. ${name} has no way for us to end it there: open its security settings and remove our access.`
      : `We forgot it, but could not end it at ${name}. Open its security settings there and remove our access.`;
  return { tone: 'caution', title: `${name} is disconnected here`, text };
}

const purposeOf = ({ sessionUid }: SignedInPerson): string => `account notice|${sessionUid}`;

/** Sends the browser back to the account page, which says what was done. */
export function backToAccount(
  { key }: Pick<Desk, 'key'>,
  c: FlowContext,
  { person, done }: { readonly person: SignedInPerson; readonly done: Done },
): Response {
  const said = writeNote({ ...done }, { key, purpose: purposeOf(person), seconds: 120 });
  c.header('cache-control', 'no-store');
  return c.redirect(`/account?said=${said}`, 303);
}

/** What the address tells the page to say, if this session was told so a moment ago. */
export function noticeOf({ key }: Pick<Desk, 'key'>, said: string | undefined, person: SignedInPerson): Notice | undefined {
  const { kind, name = '', ...more } = readNote(said, { key, purpose: purposeOf(person) }) ?? {};
  return kind === undefined ? undefined : notices[kind as Done['kind']](shown(name), more);
}
