import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { accessibilityFindings, chromiumSkipped, launchChromium, watch } from '@safeconduct/test-support/chromium';
import { type CallbackPage, failurePage, successPage } from './callback-page.ts';
import { openLoopback } from './loopback.ts';

const pages: Readonly<Record<string, CallbackPage>> = {
  success: successPage,
  failure: failurePage('access_denied: "<img src=x onerror=alert(1)>"'),
};

describe('the page that ends a sign-in', { skip: chromiumSkipped }, () => {
  let browser: Awaited<ReturnType<typeof launchChromium>>;
  before(async () => {
    browser = await launchChromium();
  });
  after(() => browser?.close());

  for (const [name, outcome] of Object.entries(pages)) {
    for (const colorScheme of ['light', 'dark'] as const) {
      for (const width of [390, 1280]) {
        it(`R-080 shows ${name} readably at ${width} px in ${colorScheme}, and loads nothing`, async () => {
          const listener = await openLoopback('http://127.0.0.1/callback');
          const page = await browser.newPage({ colorScheme, viewport: { width, height: 700 } });
          const { problems } = watch(page, [new URL(listener.redirectUri).origin]);
          const arrival = listener.arrival('s1', new AbortController().signal).then(({ answer }) => answer(outcome));
          await page.goto(`${listener.redirectUri}?code=c1&state=s1`);
          await arrival;
          assert.equal(await page.locator('.lead').innerText(), outcome.outcome);
          assert.deepEqual(await accessibilityFindings(page), []);
          assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false);
          assert.deepEqual(problems, []);
          await page.close();
          await listener.close();
        });
      }
    }
  }
});
