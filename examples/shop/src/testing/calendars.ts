/** The calendars as the shop wires them, before an issuer and a third party of a test. */
import { safeconduct } from 'safeconduct/providers';
import { createReach } from 'safeconduct/reach';
import { type Calendars, createCalendars } from '../calendar/calendar.ts';
import type { Log } from '../log.ts';

export interface TestCalendarsOptions {
  readonly issuer: string;
  /** Default: nobody is there. */
  readonly url?: string;
  readonly returnTo?: string;
  readonly log?: Log;
}

export function testCalendars({ issuer, url = 'http://127.0.0.1:9', returnTo, log = () => {} }: TestCalendarsOptions): Calendars {
  const reach = createReach({ provider: safeconduct({ issuer }), clientId: 'shop-api', clientSecret: 'for tests, at least 32 characters' });
  return createCalendars({ reach, url, accountPage: `${issuer}/account`, log, ...(returnTo === undefined ? {} : { returnTo }) });
}
