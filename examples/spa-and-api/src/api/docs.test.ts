/** The API's docs page in a real browser. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { chromiumSkipped, launchChromium, type Watch, watch } from '@safeconduct/test-support/chromium';
import type { Browser } from 'playwright-core';
import { type Board, startBoard } from '../board.fixtures.test.ts';
import { demoPeople } from '../demo.ts';

describe('the docs of the noticeboard in Chromium', { skip: chromiumSkipped }, () => {
  let board: Board;
  let browser: Browser;
  before(async () => {
    [board, browser] = await Promise.all([startBoard({ page: false }), launchChromium()]);
  });
  after(async () => {
    await browser?.close();
    await board?.close();
  });

  it('S3.6 Authorize, sign in, allow, Execute, 200, and 403 for what needs a role', async () => {
    const [{ email, password }] = demoPeople;
    const context = await browser.newContext();
    const watched: Watch[] = [];
    context.on('page', (page) => watched.push(watch(page, [board.api, board.issuer])));
    const page = await context.newPage();
    await page.goto(`${board.api}/docs`);
    const [popup] = await Promise.all([context.waitForEvent('page'), page.getByRole('button', { name: 'Authorize', exact: true }).click()]);
    await popup.getByLabel('E-mail').fill(email);
    await popup.getByLabel('Password').fill(password);
    await popup.getByRole('button', { name: 'Sign in' }).click();
    const closed = popup.waitForEvent('close');
    await popup.getByRole('button', { name: 'Allow' }).click();
    await closed;
    await page.getByText('Calls run as').waitFor();
    const execute = async (path: string) => {
      const operation = page.locator('.opblock', { has: page.locator(`[data-path="${path}"]`) });
      await operation.locator(`[data-path="${path}"]`).click();
      await operation.getByRole('button', { name: 'Execute' }).click();
      const status = operation.locator('.live-responses-table tbody .response-col_status');
      await status.waitFor();
      return status.innerText();
    };
    assert.match(await execute('/api/notices'), /^200/);
    assert.match(await execute('/api/drafts'), /^403/);
    assert.deepEqual(
      watched.flatMap(({ problems }) => problems),
      [],
    );
    await context.close();
  });
});
