import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { chromiumSkipped, launchChromium } from '@safeconduct/test-support/chromium';
import type { ToolRun } from '../../tools/toolbox.ts';
import { callCard } from './call.ts';

const stylesheets = ['@safeconduct/issuer/assets/safeconduct.css', '../assets/shop.css'].map((name) =>
  readFileSync(new URL(import.meta.resolve(name)), 'utf8'),
);
const run: ToolRun = {
  tool: 'find_products',
  arguments: { words: 'mug' },
  ranAs: 'Ada Brandt',
  subject: 'usr_demo_ada',
  rows: 2,
  ms: 7,
  policy: 'products_everybody',
  trace: 'ba203e17',
  note: 'For this test.',
  answer: null,
  table: {
    columns: ['Product', 'Price', 'In stock'],
    rows: [
      ['Harbour espresso cup', '€9.50', '118'],
      ['Wool blanket, double', '€1,184.00', '4'],
    ],
  },
};

describe('the card of a tool call', { skip: chromiumSkipped }, () => {
  it('breaks no price and no number on the narrowest phone, and fits it', async () => {
    const browser = await launchChromium();
    try {
      const page = await browser.newPage({ viewport: { width: 320, height: 760 } });
      await page.setContent(
        `<style>${stylesheets.join('\n')}</style><body class="chat"><main class="chat-log"><article class="answer">${await callCard(run)}`,
      );
      const lines = await page.locator('.call td').evaluateAll((cells) =>
        cells.map((cell) => {
          const words = document.createRange();
          words.selectNodeContents(cell);
          return [cell.textContent, words.getClientRects().length] as const;
        }),
      );
      const numbers = lines.filter(([text]) => /^[€\d.,]+$/.test(text));
      assert.deepEqual(numbers, [
        ['€9.50', 1],
        ['118', 1],
        ['€1,184.00', 1],
        ['4', 1],
      ]);
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false);
    } finally {
      await browser.close();
    }
  });
});
