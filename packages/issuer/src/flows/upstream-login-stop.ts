/** The pages of a sign-in through a third party, or of a linking, that went no further. */
import type { Connection } from '../connections/connection.ts';
import type { NotAdmitted } from '../connections/links-sign-in.ts';
import { shown } from '../pages/html.ts';
import { stoppedPage } from '../pages/login-stopped.ts';
import { answerPage, type Desk, type FlowContext, type PageOptions } from './desk.ts';
import { newReference } from './problem.ts';

/** Why it went no further. `account` is what the third party calls it; `detail` is for the log. */
export interface Stop {
  readonly kind: StopKind;
  readonly account?: string | undefined;
  readonly detail?: string | undefined;
}

type StopKind = 'cancelled' | 'refused' | 'untrusted' | 'away' | 'not-offered' | 'not-proved' | NotAdmitted | 'taken' | 'lapsed';

interface Words {
  readonly title: string;
  readonly what: string;
  readonly steps: readonly string[];
  readonly status: PageOptions['status'];
}

const admins = 'If it should work, give the people who run this service the reference.';

// `name` is the third party, `who` the account there.
const words: Record<StopKind, (name: string, who: string) => Words> = {
  cancelled: (name) => ({
    title: `You stopped at ${name}`,
    what: `${name} says that you did not allow it. Nothing happened here.`,
    steps: ['Go back and choose another way, or try again.'],
    status: 403,
  }),
  refused: (name) => ({
    title: `${name} did not sign you in`,
    what: 'It said no, for a reason of its own. Nothing happened here.',
    steps: ['Go back and try again.', admins],
    status: 403,
  }),
  untrusted: (name) => ({
    title: `We can’t trust that answer`,
    what: `What came back from ${name} did not fit what we asked for, so we did not use it. Nothing happened here.`,
    steps: ['Go back and try again from there, not from a link that you were sent.', admins],
    status: 403,
  }),
  away: (name) => ({
    title: `${name} does not answer`,
    what: 'We asked, and got no answer in time. Nothing happened here.',
    steps: ['Go back and try again in a minute, or choose another way.', admins],
    status: 503,
  }),
  'not-offered': (name) => ({
    title: `${name} is not offered any more`,
    what: 'The people who run this service have closed this way.',
    steps: ['Go back and choose another way.', admins],
    status: 403,
  }),
  'not-proved': (name) => ({
    title: `${name} did not ask you again`,
    what: 'The app wants to be sure that it is you, and this sign-in there was too long ago.',
    steps: [`Sign out at ${name} and try again.`, 'Or go back and choose another way.'],
    status: 403,
  }),
  unknown: (name, who) => ({
    title: 'Nobody here is linked to that account',
    what: `${who} signed in at ${name}, but no user here has it as a way to sign in. An e-mail address alone links nothing.`,
    steps: [
      'If you have an account here, go back, sign in another way, then link this one on your account page.',
      'If you have none, ask the people who run this service for one.',
    ],
    status: 403,
  }),
  closed: (name) => ({
    title: 'That account may not sign in',
    what: `You proved who you are at ${name}, but the user here is closed.`,
    steps: ['Ask the people who run this service.', 'Or go back and choose another way.'],
    status: 403,
  }),
  'email-taken': (name) => ({
    title: 'You have an account here already',
    what: `Somebody here has the e-mail address that ${name} gave us. We don’t take that for a proof that it is you.`,
    steps: ['Go back and sign in as you usually do.', `Then open your account page and link ${name} there.`],
    status: 403,
  }),
  lapsed: () => ({
    title: 'This is no longer open',
    what: 'It was answered already, took too long, or began in another browser or by somebody else.',
    steps: ['Go back: your account shows what is linked.', 'If it is not, begin again there, not from a link that you were sent.'],
    status: 400,
  }),
  taken: (name, who) => ({
    title: 'That account is linked to somebody else',
    what: `${who} at ${name} is a way to sign in of another user here. It stays with them.`,
    steps: ['Sign in with it to see whose it is, and unlink it there first.', 'Or link another account.'],
    status: 403,
  }),
};

export interface Stopped {
  readonly connection: Connection;
  readonly back: { readonly label: string; readonly href: string };
  readonly stop: Stop;
}

/** Answers with the page; the log gets the same reference. */
export function answerStopped(desk: Pick<Desk, 'issuer' | 'frame' | 'log'>, c: FlowContext, { connection, back, stop }: Stopped): Response {
  const reference = newReference();
  const { kind, detail, account } = stop;
  const fields = { reference, requestId: c.req.header('x-request-id'), connection: connection.id, reason: kind, detail };
  desk.log[kind === 'away' ? 'error' : 'warn'](fields, 'a third party signed nobody in');
  const { status, ...page } = words[kind](shown(connection.name), shown(account ?? 'That account'));
  return answerPage(desk, c, stoppedPage(desk.frame, { ...page, back, reference }), {
    ...(status && { status }),
    retryAfter: kind === 'away' ? 60 : undefined,
  });
}
