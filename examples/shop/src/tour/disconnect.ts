/** A person takes it back: at the issuer, at the third party, and in the assistant. */
import { adaThere, readCalendar } from './almanac.ts';
import { askForDelivery } from './connect.ts';
import { expect, type Journey } from './journey.ts';
import { type Bearer, headline, statusOf } from './traveller.ts';

export async function disconnect({ step }: Journey, traveller: Bearer, token: string): Promise<void> {
  await step('disconnecting', () => pressDisconnect(traveller));
  await step('the calendar after that', () => tryToken(traveller, token));
  await step('the assistant, asked again', async () => (await askForDelivery(traveller)).result);
}

async function pressDisconnect({ browser, issuerUrl }: Bearer): Promise<string> {
  const account = await browser.open(`${issuerUrl}/account`);
  expect(account.html.includes(adaThere.email), `"${headline(account)}" does not list ${adaThere.email}`);
  const after = await browser.press(account, 'Disconnect');
  expect(after.status === 200 && !after.html.includes('/disconnect"'), `status ${after.status}, still there`);
  return `on the account page; "${noticeOf(after.html)}"`;
}

function noticeOf(html: string): string {
  const text = /class="notice"[^>]*>([\s\S]*?)<\/div>/.exec(html)?.[1] ?? '';
  return text
    .replace(/<[^>]+>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}

async function tryToken({ browser, calendarUrl }: Bearer, token: string): Promise<string> {
  const status = await statusOf(`${calendarUrl}/userinfo`, { authorization: `Bearer ${token}` });
  expect(status === 401, `the token that the shop still had: ${status}`);
  const page = await readCalendar(browser, calendarUrl);
  expect(page.includes('None.'), 'the calendar still lists the application');
  return `${status} for the token that the shop still had; the calendar lists no application any more`;
}
