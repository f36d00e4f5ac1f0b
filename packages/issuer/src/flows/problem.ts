/** Errors in the words of the person who meets them, and in a fold, in those of the app's developer. */
import { randomInt } from 'node:crypto';
import type { ErrorPage } from '../pages/error.ts';

/** What went wrong. */
export interface Problem {
  /** OAuth error, or a code of ours. */
  readonly code: string;
  /** For developers. It goes to the page: no secret, no internals. */
  readonly detail?: string | undefined;
  readonly client?: string | undefined;
  /** The address that the app named. */
  readonly askedFor?: string | undefined;
}

type Words = Pick<ErrorPage, 'title' | 'what' | 'steps'> & { readonly fix?: string };

const againFromApp = 'Go back to the app and start again from its own page, not from a link you were sent.';
const quote = 'If you land here again, give the people who run it this reference.';

const words: Readonly<Record<string, Words>> = {
  invalid_redirect_uri: {
    title: 'We stopped before sending you back',
    what: 'The app named a return address that it hasn’t registered. Following it could hand your sign-in to someone else.',
    steps: [againFromApp, quote],
    fix: 'Register the exact address as a redirect address of the application. No wildcards.',
  },
  invalid_client: {
    title: 'We don’t know this app',
    what: 'The app that sent you here is not registered with us, so we can’t tell who would get your sign-in.',
    steps: [againFromApp, quote],
    fix: 'Check the client_id, and that this application is registered with this issuer.',
  },
  session_not_found: {
    title: 'This sign-in is no longer open',
    what: 'It has expired, was finished in another tab, or began in another browser.',
    steps: [
      'Go back to the app and sign in again.',
      'If you land here again, allow cookies for this site and give the people who run it this reference.',
    ],
  },
  form_refused: {
    title: 'We didn’t take that form',
    what: 'It didn’t come from our own page in this browser, or it is too old.',
    steps: ['Go back to the app and sign in again.', quote],
  },
  device_form_lost: {
    title: 'We lost the thread',
    what: 'The page that you sent is too old, or this browser keeps no cookies for this site.',
    steps: [
      'Open the address that your device shows, and type the code again.',
      'If you land here again, allow cookies for this site and give the people who run it this reference.',
    ],
  },
  not_found: {
    title: 'There is no page here',
    what: 'The address is wrong, or the page is gone.',
    steps: ['Check the address.', 'Or go back to the app that sent you here and start again.'],
  },
  too_large: {
    title: 'That was too much',
    what: 'The form was larger than anything we ask for.',
    steps: ['Go back and try again with less.', quote],
  },
  temporarily_unavailable: {
    title: 'We can’t sign you in right now',
    what: 'Our database doesn’t answer. Nothing was changed.',
    steps: ['Wait a minute and try again.', quote],
  },
  server_error: {
    title: 'Something broke on our side',
    what: 'You did nothing wrong, and nothing was handed to anybody.',
    steps: ['Go back to the app and try again.', 'If it happens again, give the people who run this service this reference.'],
  },
};

const fallback: Words = {
  title: 'We can’t follow this request',
  what: 'The app asked for a sign-in in a way that we don’t accept.',
  steps: [againFromApp, quote],
};

/** Turns a problem into a page, with a reference that the log has, too. */
export function describeProblem(
  { code, detail, client, askedFor }: Problem,
  { reference, at }: { reference: string; at: Date },
): ErrorPage {
  const { title, what, steps, fix } = words[code] ?? fallback;
  return { title, what, steps, reference, at, developer: { code, detail, client, askedFor, fix } };
}

// Without vowels and look-alikes: it is read out on the telephone.
const letters = '23456789BCDFGHJKMNPQRSTVWXZ';

/** A reference to quote, such as `K7QD-29MX`. */
export function newReference(): string {
  const text = Array.from({ length: 8 }, () => letters[randomInt(letters.length)]).join('');
  return `${text.slice(0, 4)}-${text.slice(4)}`;
}
