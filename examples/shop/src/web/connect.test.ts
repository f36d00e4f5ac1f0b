import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { accessibilityFindings, chromiumSkipped, launchChromium, type Watch, watch } from '@safeconduct/test-support/chromium';
import type { Browser, Page } from 'playwright-core';
import { demoPeople } from '../demo-people.ts';
import { startWhole, type Whole } from '../testing/whole.ts';

const wish = 'put my delivery of order 1001 into my calendar';
const there = { id: 'alm-3107', email: 'ada@almanac.example', password: 'demo-paper-calendar' };

describe('connecting a calendar from the web chat', { skip: chromiumSkipped }, () => {
  let whole: Whole;
  let browser: Browser;
  let page: Page;
  let watched: Watch;
  before(async () => {
    whole = await startWhole();
    browser = await launchChromium();
    page = await (await browser.newContext()).newPage();
    page.setDefaultTimeout(15_000);
    watched = watch(page, [whole.shop.url, whole.issuer.url, whole.calendar.url]);
    const [ada] = demoPeople;
    await page.goto(`${whole.shop.url}/auth/login`);
    await page.fill('input[autocomplete^="username"]', ada?.email ?? '');
    await page.fill('input[type="password"]', ada?.password ?? '');
    await page.click('button.primary');
    await page.click('button[value="allow"]');
    await page.waitForURL(`${whole.shop.url}/`);
  });
  after(async () => {
    await browser?.close();
    await whole?.close();
  });

  const ask = async (words: string) => {
    await page.fill('#say', words);
    await page.keyboard.press('Enter');
    await page.waitForSelector('footer.composer');
  };
  const card = () => page.locator('.ask');
  const lastCall = () => page.locator('.call').last().innerText();
  const looksRight = async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      assert.deepEqual(await accessibilityFindings(page), []);
    }
  };
  const signInThere = async () => {
    await page.fill('#email', there.email);
    await page.fill('#password', there.password);
    await page.click('button[value="sign-in"]');
  };

  for (const colorScheme of ['light', 'dark'] as const) {
    for (const width of [390, 1280]) {
      it(`asks for it on a card that axe finds nothing on, ${colorScheme}, ${width} px`, async () => {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize({ width, height: 844 });
        await ask(wish);
        assert.match(await card().innerText(), /Connect your Almanac calendar[\s\S]*add events to it/);
        assert.deepEqual(await accessibilityFindings(page), []);
        assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false);
      });
    }
  }

  it('comes back with nothing connected when the person says no at the issuer', async () => {
    await card().getByRole('link', { name: 'Connect' }).click();
    await page.waitForURL(`${whole.issuer.url}/connect/**`);
    await page.click('button[value="deny"]');
    await page.waitForURL(`${whole.shop.url}/**`);
    assert.match(await page.innerText('[role="alert"]'), /Not connected/);
    assert.equal(await card().count(), 1, 'and can be asked again');
  });

  it('leads to the issuer and the calendar, and comes back to a chat that carries on', async () => {
    await card().getByRole('link', { name: 'Connect' }).click();
    await page.click('button[value="allow"]');
    await page.waitForURL(`${whole.calendar.url}/interaction/**`);
    await looksRight();
    await signInThere();
    assert.match(await page.innerText('main'), /Ada Brandt[\s\S]*add events to your calendar/);
    await looksRight();
    await page.click('button[value="allow"]');
    await page.waitForURL(`${whole.issuer.url}/connect/calendar/confirm**`);
    assert.match(await page.innerText('main'), /ada@shop\.example[\s\S]*ada@almanac\.example/);
    await page.click('button[value="allow"]');
    await page.waitForURL(`${whole.shop.url}/?connected=calendar`);
    assert.match(await card().innerText(), /Your Almanac calendar is connected/);
    assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'Carry on');
    assert.deepEqual(await accessibilityFindings(page), []);
    await page.keyboard.press('Enter');
    await page.waitForSelector('footer.composer');
    await page.waitForSelector('text=is in your calendar');
    assert.match(await lastCall(), /ran as Ada Brandt[\s\S]*1 row[\s\S]*Order 1001 arrived/);
    assert.deepEqual(
      whole.calendar.eventsOf(there.id).map(({ id }) => id),
      ['shop-order-1001'],
    );
  });

  it('adds the same delivery once', async () => {
    await ask(wish);
    await page.waitForSelector('text=is already in your calendar');
    assert.equal(whole.calendar.eventsOf(there.id).length, 1);
  });

  it('asks to connect it again when the person sent the shop away at the calendar itself', async () => {
    await page.goto(whole.calendar.url);
    await page.click('text=Remove access');
    await page.goto(whole.shop.url);
    await ask(wish);
    assert.match(await card().innerText(), /Connect your Almanac calendar/);
    await page.goto(`${whole.issuer.url}/account`);
    assert.match(await page.innerText('main'), /ada@almanac\.example/);
  });

  it('asks to connect again after the person disconnected, which ended it at the calendar, too', async () => {
    await page.getByRole('button', { name: /^Disconnect/ }).click();
    await page.waitForSelector('text=is disconnected');
    await page.goto(whole.shop.url);
    await ask(wish);
    assert.match(await card().innerText(), /Connect your Almanac calendar/);
  });

  it('says nothing about connecting that an address makes up', async () => {
    await page.goto(`${whole.shop.url}/?connected=calendar<b>`);
    assert.doesNotMatch(await page.innerText('main'), /is connected/);
  });

  it('R-146 put no token into an address or a page, and asked nobody else', () => {
    assert.deepEqual(watched.problems, []);
    assert.doesNotMatch(JSON.stringify(whole.shop.logged), /eyJ|connect\/calendar/);
  });
});
