/** The calendar as the tour sees it from outside: its people, its pages, and what reached it. */
import { readFileSync } from 'node:fs';
import { calendarPeople } from '@safeconduct/example-calendar-api/people';
import type { Browser } from './browser.ts';

/** Somebody's account there. */
export type Almanac = (typeof calendarPeople)[number];

/** Ada's and Ben's accounts there: other ones than at the issuer. */
export const [adaThere, benThere] = calendarPeople as readonly [Almanac, Almanac];

/** How many requests reached the calendar's token endpoint, by its own log. */
export function tokenRequests(log: string): number {
  return readFileSync(log, 'utf8').split('"request":"POST /token ').length - 1;
}

/** What a person reads in the own calendar, in the browser in which that person is signed in there. */
export async function readCalendar(browser: Browser, calendarUrl: string): Promise<string> {
  const { html } = await browser.open(`${calendarUrl}/`);
  return html.replace(/<[^>]+>/g, ' ').replace(/\s+/g, ' ');
}
