/** The planner in a real browser. SAFECONDUCT_TEST_PICTURES names a directory to keep a picture of each page in. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { accessibilityFindings, chromiumSkipped, launchChromium, type Watch, watch } from '@safeconduct/test-support/chromium';
import type { Browser, Page } from 'playwright-core';
import { demoPeople } from './demo.ts';
import { type Planner, startPlanner } from './planner.fixtures.test.ts';
import { allowMore, connect, signIn } from './steps.fixtures.test.ts';

const pictures = process.env.SAFECONDUCT_TEST_PICTURES;
const [, ben] = demoPeople;

describe('the planner in Chromium', { skip: chromiumSkipped, timeout: 180_000 }, () => {
  let planner: Planner;
  let browser: Browser;
  before(async () => {
    [planner, browser] = await Promise.all([startPlanner(), launchChromium()]);
  });
  after(async () => {
    await browser?.close();
    await planner?.close();
  });

  async function open(): Promise<{ page: Page; seen: Watch; requested: string[] }> {
    const context = await browser.newContext();
    const page = await context.newPage();
    page.setDefaultTimeout(15_000);
    const requested: string[] = [];
    page.on('request', (request) => requested.push(request.url()));
    const { app, issuer, calendar } = planner.settings;
    return { page, seen: watch(page, [app, issuer, calendar]), requested };
  }

  it('S2.6 S2.7 connects the calendar once, shows its events, and disconnects it so that the calendar knows', async () => {
    const { page, seen, requested } = await open();
    await signIn(page, planner);
    await page.getByText('Not connected').waitFor();
    await connect(page, planner);
    assert.equal(page.url(), `${planner.settings.app}/federated/calendar`);
    await page.getByText('ran as Ada Brandt').waitFor();
    await page.getByLabel('What').fill('Parcel of order 1001');
    await page.getByLabel('Day').fill('2026-11-26');
    await page.getByRole('button', { name: 'Add it' }).click();
    await allowMore(page);
    await page.getByLabel('What').fill('Parcel of order 1001');
    await page.getByLabel('Day').fill('2026-11-26');
    await page.getByRole('button', { name: 'Add it' }).click();
    await page.getByText('Parcel of order 1001').first().waitFor();
    const { events } = JSON.parse((await page.locator('pre').textContent()) ?? '');
    assert.deepEqual(events, planner.calendar.eventsOf('alm-3107'));
    await page.reload();
    await page.getByRole('heading', { name: 'Your events' }).waitFor();
    const before = planner.calendar.figures.revocations;
    await page.getByRole('button', { name: 'Disconnect Almanac' }).click();
    await page.getByText('Not connected').waitFor();
    assert.ok(planner.calendar.figures.revocations > before, 'the calendar was not told');
    await page.goto(`${planner.settings.app}/federated/calendar`);
    await page.getByRole('heading', { name: 'Connect Almanac first' }).waitFor();
    assert.deepEqual(
      requested.filter((url) => /secret|access_token|refresh_token|id_token=|eyJ/.test(url)),
      [],
    );
    assert.deepEqual(
      seen.problems.filter((problem) => !problem.includes('409')),
      [],
    );
    await page.context().close();
  });

  it('B2.7 lends each person their own account, and nobody another one', async () => {
    const first = await open();
    await signIn(first.page, planner);
    await connect(first.page, planner);
    const second = await open();
    await signIn(second.page, planner, ben);
    await second.page.goto(`${planner.settings.app}/federated/calendar`);
    await second.page.getByRole('heading', { name: 'Connect Almanac first' }).waitFor();
    await first.page.reload();
    await first.page.getByRole('heading', { name: 'Your events' }).waitFor();
    await Promise.all([first, second].map(({ page }) => page.context().close()));
  });

  it('comes back with a page for people when the person says no at the calendar', async () => {
    const { page } = await open();
    await signIn(page, planner, ben);
    await page.getByRole('button', { name: 'Connect Almanac' }).click();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('heading', { name: 'Connecting the account was refused or cancelled' }).waitFor();
    assert.equal(new URL(page.url()).origin, planner.settings.app);
    await page.getByRole('link', { name: 'Back to your day' }).click();
    await page.getByText('Not connected').waitFor();
    await page.context().close();
  });

  it('S2.10 signs out at the provider, too, and then knows nobody', async () => {
    const { page } = await open();
    await signIn(page, planner);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByText('You are not signed in').waitFor();
    assert.equal(page.url(), `${planner.settings.app}/`);
    await page.goto(`${planner.settings.app}/federated/calendar`);
    await page.getByLabel('Password').waitFor();
    assert.equal(new URL(page.url()).origin, planner.settings.issuer);
    await page.context().close();
  });

  it('can be used by everybody and fits: light and dark, narrow and wide', async () => {
    const { page } = await open();
    await page.goto(planner.settings.app);
    await inspect(page, 'signed-out');
    await signIn(page, planner, ben);
    await inspect(page, 'home');
    await page.goto(`${planner.settings.app}/federated/calendar`);
    await inspect(page, 'connect');
    await page.goto(`${planner.settings.app}/nowhere`);
    await inspect(page, 'problem');
    await connect(page, planner);
    await page.locator('summary').click();
    await inspect(page, 'events');
    await page.goto(planner.settings.app);
    await inspect(page, 'home-connected');
    await page.context().close();
  });
});

/** Looks at one state of the page in light and dark, on a phone and on a desk. */
async function inspect(page: Page, state: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    // Without motion, so that no colour is looked at on its way.
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    for (const width of [390, 1280]) {
      await page.setViewportSize({ width, height: 900 });
      const where = `${state}, ${colorScheme}, ${width}`;
      assert.deepEqual(await accessibilityFindings(page), [], where);
      const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(wider <= 0, `${where}: ${wider} px wider than the window`);
      if (pictures !== undefined) await page.screenshot({ path: join(pictures, `${state}-${colorScheme}-${width}.png`), fullPage: true });
    }
  }
}
