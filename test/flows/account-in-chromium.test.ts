/** The account page and what leads to it, in a real browser, with a third party that is not ours. SAFECONDUCT_TEST_PICTURES keeps pictures. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type CalendarApi, createCalendarApi } from '@safeconduct/example-calendar-api';
import { calendarPeople } from '@safeconduct/example-calendar-api/people';
import { createIssuer, defineConfig, type Issuer } from '@safeconduct/issuer';
import { accessibilityFindings, chromiumSkipped, launchChromium, type Watch, watch } from '@safeconduct/test-support/chromium';
import { freePort } from '@safeconduct/test-support/ports';
import { quickStorage } from '@safeconduct/test-support/postgres';
import type { Browser, Page } from 'playwright-core';

const pictures = process.env.SAFECONDUCT_TEST_PICTURES;
const ADA = { id: 'usr_ada', email: 'ada@shop.example', password: 'plain tea on the quay' };
const BEN = { id: 'usr_ben', email: 'ben@shop.example', password: 'salted nuts at midnight' };
const SECRET = 'a-secret-of-the-tests-and-nothing-else';
const [almanacAda] = calendarPeople;

interface World {
  readonly url: string;
  readonly calendar: CalendarApi;
  readonly issuer: Issuer;
  stop(): Promise<void>;
}

async function start(): Promise<World> {
  const [dataDirectory, port] = [mkdtempSync(join(tmpdir(), 'safeconduct-account-')), await freePort()];
  const url = `http://127.0.0.1:${port}`;
  const redirectUris = [`${url}/connections/almanac/callback`];
  const calendar = await createCalendarApi({ clients: [{ id: 'safeconduct', name: 'Quay Shop sign-in', secret: SECRET, redirectUris }] });
  const storage = await quickStorage();
  const issuer = await createIssuer({
    ...storage.settings,
    dataDirectory,
    issuer: url,
    host: '127.0.0.1',
    port,
    logLevel: 'error',
    configuration: defineConfig({
      organizations: [{ id: 'shop-org', name: 'Quay Shop' }],
      projects: [
        {
          id: 'shop',
          organization: 'shop-org',
          name: 'Shop',
          applications: [
            {
              id: 'shop-web',
              name: 'Shop assistant',
              kind: 'web',
              firstParty: true,
              secret: SECRET,
              redirectUris: ['http://localhost:3999/callback'],
            },
          ],
        },
      ],
      users: [
        { ...ADA, organization: 'shop-org', name: 'Ada Brandt' },
        { ...BEN, organization: 'shop-org', name: 'Ben Okafor' },
      ],
      connections: [
        {
          id: 'almanac',
          organization: 'shop-org',
          name: 'Almanac Calendar',
          preset: 'oidc',
          issuer: calendar.issuerUrl,
          clientId: 'safeconduct',
          secret: SECRET,
          signIn: true,
          accounts: true,
          scopes: ['openid', 'email', 'profile'],
          applications: { 'shop-web': { scopes: ['calendar.read', 'calendar.write', 'offline_access'] } },
        },
      ],
    }),
  });
  await issuer.listen();
  return {
    url,
    calendar,
    issuer,
    async stop() {
      await issuer.close(0);
      await storage.drop();
      await calendar.close();
      rmSync(dataDirectory, { recursive: true, force: true });
    },
  };
}

describe('the account page in Chromium', { skip: chromiumSkipped }, () => {
  let world: World;
  let browser: Browser;
  before(async () => {
    [world, browser] = await Promise.all([start(), launchChromium()]);
  });
  after(async () => {
    await browser.close();
    await world.stop();
  });

  for (const colorScheme of ['light', 'dark'] as const) {
    for (const width of [390, 1280]) {
      it(`R-148 R-125 shows what is connected and linked, and takes it back, at ${width} px in ${colorScheme}`, async () => {
        const context = await browser.newContext({ colorScheme, viewport: { width, height: 820 } });
        const page = await context.newPage();
        const seen = watch(page, [world.url, world.calendar.url]);
        const look = (name: string) => inspect(page, seen, `${name}-${colorScheme}-${width}`);
        await page.goto(`${world.url}/account`);
        await look('login-ways');
        await signIn(page, ADA);
        await look('account-empty');
        await connect(page);
        await page.goto(`${world.url}/account`);
        await page.getByText('Shop assistant may use').waitFor();
        await look('account-connected');
        await linkCalendar(page, look);
        await signInThroughCalendar(page, world.url);
        await look('account-full');
        await takeBack(page, look);
        await context.close();
      });
    }
  }

  it('says what happened when somebody cancels at the third party, and leads back', async () => {
    for (const [colorScheme, width] of [
      ['dark', 390],
      ['light', 1280],
    ] as const) {
      const context = await browser.newContext({ colorScheme, viewport: { width, height: 820 } });
      const page = await context.newPage();
      const seen = watch(page, [world.url, world.calendar.url]);
      await page.goto(`${world.url}/account`);
      await page.getByRole('button', { name: 'Continue with Almanac Calendar' }).click();
      await page.locator('input[name="email"]').fill(almanacAda?.email ?? '');
      await page.locator('input[name="password"]').fill(almanacAda?.password ?? '');
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.getByRole('button', { name: 'Do not allow' }).click();
      await page.getByRole('heading', { name: 'You stopped at Almanac Calendar' }).waitFor();
      await inspect(page, seen, `stopped-${colorScheme}-${width}`);
      await page.getByRole('link', { name: 'Back to sign-in' }).click();
      await page.getByRole('heading', { name: 'Sign in' }).waitFor();
      await context.close();
    }
  });

  it('works without JavaScript, from the third party’s button to the account page', async () => {
    const context = await browser.newContext({ javaScriptEnabled: false });
    const page = await context.newPage();
    await page.goto(`${world.url}/account`);
    await signIn(page, BEN);
    await page.getByRole('link', { name: 'Link Almanac Calendar' }).click();
    await page.getByRole('button', { name: 'Continue' }).click();
    await answerCalendar(page);
    await page.getByRole('button', { name: 'Link them' }).click();
    await page.getByText('Almanac Calendar is linked').waitFor();
    await page.getByRole('button', { name: /^Unlink/ }).click();
    await page.getByText('Almanac Calendar is unlinked').waitFor();
    await context.close();
  });

  it('can be used by keyboard alone: the third party’s button comes after the password form', async () => {
    const page = await browser.newPage();
    await page.goto(`${world.url}/account`);
    const texts: string[] = [];
    for (let stop = 0; stop < 4; stop++) {
      await page.keyboard.press('Tab');
      texts.push(
        await page.evaluate(() => (document.activeElement as HTMLInputElement).name || (document.activeElement?.textContent ?? '')),
      );
    }
    assert.deepEqual(texts, ['email', 'password', 'Sign in', 'Continue with Almanac Calendar']);
    await page.keyboard.press('Enter');
    await page.waitForURL(`${world.calendar.url}/**`);
    await page.close();
  });

  it('prints who it is about, and no buttons', async () => {
    const page = await browser.newPage();
    await page.goto(`${world.url}/account`);
    await signIn(page, BEN);
    await page.emulateMedia({ media: 'print' });
    assert.match(await page.locator('.print-only').innerText(), /^Ben Okafor, ben@shop\.example\. Printed from 127\.0\.0\.1:\d+ on /);
    assert.equal(await page.locator('button:visible, a.button:visible').count(), 0);
    await page.close();
  });
});

type Look = (name: string) => Promise<void>;

async function inspect(page: Page, seen: Watch, name: string): Promise<void> {
  assert.deepEqual(await accessibilityFindings(page), [], name);
  assert.deepEqual(seen.problems, [], name);
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth), false, `${name} scrolls sideways`);
  if (pictures) await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
}

async function signIn(page: Page, { email, password }: { email: string; password: string }): Promise<void> {
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByRole('heading', { name: 'Your account' }).waitFor();
}

/** Whatever the calendar asks: who, and whether. */
async function answerCalendar(page: Page): Promise<void> {
  await page.locator('button[name="do"]').first().waitFor();
  const { origin } = new URL(page.url());
  for (let step = 0; step < 4 && page.url().startsWith(origin); step++) {
    const password = page.locator('input[name="password"]');
    if ((await password.count()) > 0) {
      await page.locator('input[name="email"]').fill(almanacAda?.email ?? '');
      await password.fill(almanacAda?.password ?? '');
      await page.getByRole('button', { name: 'Sign in' }).click();
    } else await page.getByRole('button', { name: 'Allow', exact: true }).click();
    await page.waitForLoadState('load');
  }
}

async function connect(page: Page): Promise<void> {
  await page.getByRole('link', { name: 'Connect Almanac Calendar for Shop assistant' }).click();
  await page.locator('button.primary').click();
  await answerCalendar(page);
  await page.getByRole('button', { name: 'Connect', exact: true }).click();
  await page.waitForLoadState('load');
}

async function linkCalendar(page: Page, look: Look): Promise<void> {
  await page.getByRole('link', { name: 'Link Almanac Calendar' }).click();
  await page.getByRole('heading', { name: 'Link Almanac Calendar' }).waitFor();
  await look('link');
  await page.getByRole('button', { name: 'Continue' }).click();
  await answerCalendar(page);
  await page.getByRole('heading', { name: 'Are both of these you?' }).waitFor();
  await look('link-both');
  await page.getByRole('button', { name: 'Link them' }).click();
  await page.getByText('Almanac Calendar is linked').waitFor();
  await look('account-linked');
}

async function signInThroughCalendar(page: Page, url: string): Promise<void> {
  await page.getByRole('link', { name: 'Sign out' }).click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.goto(`${url}/account`);
  await page.getByRole('button', { name: 'Continue with Almanac Calendar' }).click();
  await answerCalendar(page);
  await page.getByRole('heading', { name: 'Your account' }).waitFor();
}

async function takeBack(page: Page, look: Look): Promise<void> {
  await page.getByRole('button', { name: /^Unlink/ }).click();
  await page.getByText('Almanac Calendar is unlinked').waitFor();
  await page.getByRole('button', { name: /^Take away/ }).click();
  await page.getByText('Shop assistant can no longer use Almanac Calendar').waitFor();
  await look('account-taken-away');
  await page.getByRole('button', { name: /^Disconnect/ }).click();
  await page.getByText('Almanac Calendar is disconnected').waitFor();
  await look('account-disconnected');
}
