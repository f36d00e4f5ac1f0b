/** The calendar that a person connected, as one tool sees it. The token stays in here. */
import { type Identity, SafeconductError } from 'safeconduct/identity';
import type { PersonFetch, Reach } from 'safeconduct/reach';
import { z } from 'zod';
import { errorFields, type Log } from '../log.ts';

/** A whole-day entry. The same id again is the same event. */
export interface CalendarEvent {
  readonly id: string;
  readonly title: string;
  /** `YYYY-MM-DD`. */
  readonly day: string;
  readonly note: string;
}

/** What became of an event. */
export type Added =
  | { readonly kind: 'added' | 'known' }
  /** An account has to be connected first; `link` is where the person does it, and holds no secret. */
  | { readonly kind: 'needs-connection'; readonly link: string }
  /** The calendar takes its own token no more: the person ended it over there. `link` leads to the account page. */
  | { readonly kind: 'ended'; readonly link: string }
  /** Nothing was added; the sentence says why, for people and for a model. */
  | { readonly kind: 'failed'; readonly message: string };

/** The calendars of everybody; whose it is comes with each call, from the verified sign-in. */
export interface Calendars {
  add(identity: Identity, event: CalendarEvent): Promise<Added>;
}

export interface CalendarsOptions {
  readonly reach: Reach;
  /** Where the third party is. Its tokens go to this origin alone. */
  readonly url: string;
  /** The person's page at the issuer, where accounts are disconnected. */
  readonly accountPage: string;
  /** Where a person comes back to after connecting; undefined: to a page that says that it is done. */
  readonly returnTo?: string;
  readonly log: Log;
}

/** The name of the connection at the issuer, and how people read it. */
export const connection = 'calendar';
export const calendarName = 'Almanac calendar';
export const writeScope = 'calendar.write';

const scopes = [writeScope];

export function createCalendars(options: CalendarsOptions): Calendars {
  return {
    async add(identity, event) {
      try {
        return await addAs(identity, event, options);
      } catch (error) {
        options.log('calendar_failed', errorFields(error));
        return { kind: 'failed', message: sentenceFor(error) };
      }
    },
  };
}

async function addAs(
  identity: Identity,
  event: CalendarEvent,
  { reach, url, accountPage, returnTo, log }: CalendarsOptions,
): Promise<Added> {
  const ask = () => reach.tokenFor(identity, connection, { scopes, ...(returnTo === undefined ? {} : { returnTo }) });
  const outcome = await ask();
  if (outcome.kind === 'needs-connection') return { kind: 'needs-connection', link: outcome.link };
  try {
    const answer = await post(reach.fetchAs(identity, connection, { scopes, origins: [url] }), event);
    return answer.status === 401 ? { kind: 'ended', link: accountPage } : await addedBy(answer, log);
  } catch (error) {
    if (!(error instanceof SafeconductError) || error.code !== 'connection_needed') throw error;
    // The token was remembered, and the person has disconnected since.
    const now = await ask();
    if (now.kind === 'needs-connection') return { kind: 'needs-connection', link: now.link };
    throw error;
  }
}

function post(asPerson: PersonFetch, event: CalendarEvent): Promise<Response> {
  return asPerson('/calendar/events', {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify(event),
    signal: AbortSignal.timeout(8_000),
  });
}

const kept = z.object({ id: z.string() });

/** 201 for a new event, 200 for one that was there; whatever else it says is for the log alone. */
async function addedBy(answer: Response, log: Log): Promise<Added> {
  const body: unknown = await answer.json().catch(() => undefined);
  if (answer.ok && kept.safeParse(body).success) return { kind: answer.status === 201 ? 'added' : 'known' };
  log('calendar_refused', { status: answer.status });
  return { kind: 'failed', message: 'The calendar did not take it. Nothing was added.' };
}

function sentenceFor(error: unknown): string {
  const code = error instanceof SafeconductError ? error.code : undefined;
  if (code === 'identity_ended') return 'The sign-in has ended. Sign in again, then ask once more.';
  if (code === 'connection_refused') return 'The shop may not use this calendar. Nothing was added.';
  return 'The calendar cannot be reached right now. Nothing was added; try again in a moment.';
}
