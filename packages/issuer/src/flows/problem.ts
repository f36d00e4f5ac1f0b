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

type Words = Pick<ErrorPage, 'title' | 'what' | 'steps' | 'way'> & { readonly fix?: string };

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
  not_signed_in: {
    title: 'You are not signed in',
    what: 'The sign-in was not finished, or this browser keeps no cookies for this site.',
    steps: ['Allow cookies for this site.', 'Then open the page again and sign in.', quote],
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
  trip_not_found: {
    title: 'This is no longer open',
    what: 'It took too long, was finished in another tab, or began in another browser.',
    steps: [
      'Go back to the app and start again.',
      'If you land here again, allow cookies for this site and give the people who run it this reference.',
    ],
  },
  connect_answered: {
    title: 'This is no longer open',
    what: 'You answered it already, here or in another tab, or it took too long.',
    steps: ['Look at your account here: it shows what is connected.', 'If something is missing, go back to the app and start again.'],
    way: { label: 'Your account', href: '/account' },
  },
  connect_other_person: {
    title: 'This is for somebody else',
    what: 'The app began it for another person than the one who is signed in here. Nothing was connected.',
    steps: [
      'If both are you, sign out here, then go back to the app and start again.',
      'If you did not begin this yourself, close this page: someone may have sent you a link of theirs.',
    ],
    way: { label: 'Your account', href: '/account' },
  },
  connect_signed_out: {
    title: 'You are signed out',
    what: 'This began while you were signed in here, and now nobody is. Nothing was connected.',
    steps: ['Go back to the app and start again.', 'If you land here again, allow cookies for this site.'],
  },
  connect_swapped: {
    title: 'Somebody else is signed in now',
    what: 'This began while another person was signed in here, so we stopped. Nothing was connected.',
    steps: [
      'Go back to the app and start again.',
      'If you did not begin this yourself, close this page: someone may have sent you a link of theirs.',
    ],
  },
  connect_request: {
    title: 'We can’t follow this link',
    what: 'The app asked for a connection in a way that we don’t accept.',
    steps: [againFromApp, quote],
  },
  connect_return: {
    title: 'We stopped before asking you',
    what: 'The app named a return address that it hasn’t registered. Following it could lead you to someone else.',
    steps: [againFromApp, quote],
    fix: 'Register the address as a redirect or post-logout address of the application. A query may be added to it.',
  },
  connect_scopes: {
    title: 'The app asks for too much',
    what: 'It asks for more than it may ever use at this service, so we don’t ask you.',
    steps: [againFromApp, quote],
    fix: 'List these scopes for the application at the connection, or ask for fewer.',
  },
  connection_unknown: {
    title: 'We don’t know this service',
    what: 'The app wants you to connect an account at a service that is not set up here for you.',
    steps: [againFromApp, quote],
    fix: 'Check the name of the connection, that it is for connected accounts, and that it belongs to the person’s organization.',
  },
  connection_off: {
    title: 'This service is switched off',
    what: 'The people who run this site have switched the connection off. Nothing was connected.',
    steps: ['Try again later.', quote],
    fix: 'Enable the connection.',
  },
  application_unknown: {
    title: 'We don’t know this app',
    what: 'The app that sent you here is not registered with us, or was switched off.',
    steps: [againFromApp, quote],
    fix: 'Check the client_id, and that this application is registered with this issuer and enabled.',
  },
  application_not_listed: {
    title: 'This app may not use that service',
    what: 'Nobody who runs this site has let it use what people connect there, so we don’t ask you.',
    steps: [againFromApp, quote],
    fix: 'List the application at the connection.',
  },
  application_public: {
    title: 'This app may not use that service',
    what: 'It cannot prove that it is itself, so another program could take its place.',
    steps: [againFromApp, quote],
    fix: 'Give the application a secret or a key, or let public clients use this connection.',
  },
  vault_closed: {
    title: 'We can’t keep this right now',
    what: 'The place where we keep keys to other services cannot be opened. Nothing was connected.',
    steps: ['Wait a minute, then go back to the app and start again.', quote],
  },
  third_party_away: {
    title: 'The service doesn’t answer',
    what: 'We could not reach it, or its answer was not one that we can trust. Nothing was connected.',
    steps: ['Wait a minute, then go back to the app and start again.', quote],
  },
  third_party_denied: {
    title: 'Nothing was connected',
    what: 'The service says that it was not allowed.',
    steps: ['If you changed your mind, go back to the app and start again.'],
  },
  third_party_refused: {
    title: 'The service said no',
    what: 'It refused the request, so nothing was connected.',
    steps: ['Go back to the app and start again.', quote],
    fix: 'The log has the reason under this reference’s request: check the client id, the secret and the redirect address there.',
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
  const { title, what, steps, way, fix } = words[code] ?? fallback;
  return { title, what, steps, way, reference, at, developer: { code, detail, client, askedFor, fix } };
}

// Without vowels and look-alikes: it is read out on the telephone.
const letters = '23456789BCDFGHJKMNPQRSTVWXZ';

/** A reference to quote, such as `K7QD-29MX`. */
export function newReference(): string {
  const text = Array.from({ length: 8 }, () => letters[randomInt(letters.length)]).join('');
  return `${text.slice(0, 4)}-${text.slice(4)}`;
}
