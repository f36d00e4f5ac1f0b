/** A person connects a calendar, and the assistant puts a delivery into it. */
import { type Almanac, adaThere, readCalendar } from './almanac.ts';
import type { Browser, Page } from './browser.ts';
import { expect, type Journey } from './journey.ts';
import { type Bearer, headline } from './traveller.ts';

const wish = 'put my delivery of order 1001 into my calendar';

export async function connectCalendar({ step }: Journey, traveller: Bearer): Promise<void> {
  const link = await step('the calendar, not connected yet', async () => {
    const { connect, result } = await askForDelivery(traveller);
    return { evidence: `${result}; the model reads no link, the person gets ${new URL(connect).pathname}`, value: connect };
  });
  await step('connecting it', () => connect(traveller, link));
  await step('delivery in the calendar', () => deliver(traveller));
}

/** Asks the assistant, and gives the link that it answers with. */
export async function askForDelivery(traveller: Bearer): Promise<{ readonly connect: string; readonly result: string }> {
  const { result, said } = await ask(traveller);
  const { connect: { link = '' } = {} } = result as { connect?: { link?: string } };
  expect(link.startsWith(`${traveller.issuerUrl}/connect/calendar?`), `no link: ${String(result.text)}`);
  expect(!/eyJ|token|secret/i.test(link) && !said.includes('http'), 'the link holds a secret, or the model wrote it');
  return { connect: link, result: `0 rows, "${String(result.text)}"` };
}

async function ask({ shopUrl, bearer }: Bearer) {
  const body = JSON.stringify({ messages: [{ role: 'user', text: wish }] });
  const answer = await fetch(`${shopUrl}/api/chat`, { method: 'POST', headers: { ...bearer, 'content-type': 'application/json' }, body });
  const events = (await answer.text())
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const said = events.map(({ type, text }) => (type === 'text' ? String(text) : '')).join('');
  return { result: events.find(({ type }) => type === 'tool-result') ?? {}, said };
}

async function connect({ browser, issuerUrl, calendarUrl }: Bearer, link: string): Promise<string> {
  const pages = await throughConnecting(browser, { link, there: adaThere });
  const both = pages.find(({ html }) => html.includes(adaThere.email) && html.includes('ada@shop.example'));
  expect(both?.url.origin === issuerUrl, 'no page showed both accounts');
  const [, login] = pages;
  expect(login?.url.origin === calendarUrl, `the second page was at ${login?.url.origin}`);
  return `${pages.map((page) => `"${headline(page)}"`).join(', ')}`;
}

/** Says yes at the issuer, signs in at the calendar, says yes there, and looks at both accounts at the issuer. */
export async function throughConnecting(browser: Browser, { link, there }: { link: string; there: Almanac }): Promise<Page[]> {
  const asked = await browser.open(link);
  const login = await browser.follow(await browser.submit(asked, { decision: 'allow' }));
  const consent = await browser.submit(login, { email: there.email, password: there.password, do: 'sign-in' });
  const both = await browser.submit(consent, { do: 'allow' });
  const done = await browser.submit(both, { decision: 'allow' });
  expect(done.status === 200, `ended with ${done.status}, "${headline(done)}"`);
  return [asked, login, consent, both, done];
}

async function deliver(traveller: Bearer): Promise<string> {
  const { result } = await ask(traveller);
  expect(result.rows === 1, `rows ${String(result.rows)}: ${String(result.text)}`);
  const calendar = await readCalendar(traveller.browser, traveller.calendarUrl);
  const entry = /\d{4}-\d\d-\d\d Order 1001 arrived/.exec(calendar)?.[0];
  expect(entry !== undefined, `the calendar says: ${calendar.slice(0, 200)}`);
  return `1 row; Ada reads in her own calendar: "${entry}"`;
}
