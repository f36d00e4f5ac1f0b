/** What a person does, for the tests beside this file. */
import { calendarPeople } from '@safeconduct/example-calendar-api/people';
import type { Page } from 'playwright-core';
import { demoPeople } from './demo.ts';
import type { Planner } from './planner.fixtures.test.ts';

type Person = { readonly email: string; readonly password: string };

const [ada] = demoPeople;
const [adaThere] = calendarPeople;

/** Signs in at the planner, from whatever page shows the link to it. */
export async function signIn(page: Page, { settings }: Pick<Planner, 'settings'>, { email, password }: Person = ada): Promise<void> {
  await page.goto(`${settings.app}/login`);
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'Other services' }).waitFor();
}

/** Connects the calendar, from the page that asks for it until the events are there. */
export async function connect(page: Page, { settings }: Pick<Planner, 'settings'>, there: Person | undefined = adaThere): Promise<void> {
  await page.goto(`${settings.app}/federated/calendar`);
  await page.getByRole('button', { name: 'Connect Almanac' }).click();
  await page.getByRole('button', { name: 'Connect', exact: true }).click();
  await page.getByLabel('E-mail address').fill(there?.email ?? '');
  await page.getByLabel('Password').fill(there?.password ?? '');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('button', { name: 'Allow', exact: true }).click();
  // The issuer shows both accounts before it connects them.
  await page.getByRole('heading', { name: 'Are both of these you?' }).waitFor();
  await page.getByRole('button', { name: /^Connect/ }).click();
  await page.getByRole('heading', { name: 'Your events' }).waitFor();
}

/** Allows more than before, from the page that asks for it; the calendar still knows the person. */
export async function allowMore(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Connect Almanac' }).click();
  await page.getByRole('button', { name: 'Connect', exact: true }).click();
  await page.getByRole('button', { name: 'Allow', exact: true }).click();
  await page.getByRole('heading', { name: 'Are both of these you?' }).waitFor();
  await page.getByRole('button', { name: /^Connect/ }).click();
  await page.getByRole('heading', { name: 'Your events' }).waitFor();
}
