import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { freePort } from '@safeconduct/test-support/ports';
import { demoPeople } from '../demo-people.ts';
import { type Stack, startStack } from '../stack.ts';
import { adaThere, readCalendar } from '../tour/almanac.ts';
import { type Browser, createBrowser } from '../tour/browser.ts';
import { throughConnecting } from '../tour/connect.ts';

describe('the terminal chat with the real issuer and shop', () => {
  let stack: Stack;
  let directory = '';
  let urls = { issuerUrl: '', shopUrl: '', calendarUrl: '' };
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'newcomer-'));
    const [issuer, shop, calendar] = await Promise.all([freePort(), freePort(), freePort()]);
    urls = { issuerUrl: `http://localhost:${issuer}`, shopUrl: `http://localhost:${shop}`, calendarUrl: `http://localhost:${calendar}` };
    stack = await startStack({ ...urls, dataDirectory: join(directory, 'data') });
  });
  after(async () => {
    await stack?.stop();
    await rm(directory, { recursive: true });
  });

  function chat(): ChildProcess & { readonly printed: () => string } {
    const program = fileURLToPath(new URL('main.ts', import.meta.url));
    const env = {
      PATH: process.env.PATH,
      HOME: directory,
      XDG_STATE_HOME: directory,
      SAFECONDUCT_ISSUER: urls.issuerUrl,
      SHOP_URL: urls.shopUrl,
    };
    const child = spawn(process.execPath, ['--conditions=safeconduct-source', program, '--device', '--no-keyring'], { env });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
    }
    return Object.assign(child, { printed: () => text });
  }

  /** Signs in at the address that the terminal shows, as a person with a browser does. */
  async function approve(address: string): Promise<Browser> {
    const [ada] = demoPeople;
    const browser = createBrowser();
    const code = new URL(address).searchParams.get('user_code') ?? '';
    const device = await browser.open(address);
    const confirmation = await browser.submit(device, { user_code: code });
    const login = await browser.submit(confirmation, { confirm: 'yes' });
    const consent = await browser.submit(login, { email: ada?.email ?? '', password: ada?.password ?? '' });
    const end = await browser.submit(consent, { decision: 'allow' });
    assert.match(end.html, /Your device is connected/);
    return browser;
  }

  it('R-080 S0.13 signs Ada in by the device grant, puts a delivery into her calendar, shows her orders and not Ben’s, and signs her out', async () => {
    const first = chat();
    while (!/user_code=\S+\n/.test(first.printed())) await once(first.stdout ?? first, 'data');
    const browser = await approve(/http\S+user_code=\S+/.exec(first.printed())?.[0] ?? '');
    // Enter alone asks again, once the calendar is connected.
    first.stdin?.write('put my delivery of order 1001 into my calendar\n');
    while (!first.printed().includes('press Enter here')) await once(first.stdout ?? first, 'data');
    const link = /http\S+\/connect\/calendar\?\S+/.exec(first.printed())?.[0] ?? '';
    await throughConnecting(browser, { link, there: adaThere });
    first.stdin?.end('\nshow my orders\nshow order 1002\n/why\n');
    await once(first, 'close');
    assert.match(first.printed(), /Signed in as Ada Brandt {2}ada@shop\.example, customer/);
    assert.match(first.printed(), /add_delivery_to_calendar {2}ran as Ada Brandt {2}1 row,[\s\S]*Order 1001 arrived/);
    assert.match(await readCalendar(browser, urls.calendarUrl), /Order 1001 arrived/);
    assert.match(first.printed(), /my_orders {2}ran as Ada Brandt {2}\d+ rows[\s\S]* 1001 /);
    assert.match(first.printed(), /order_status {2}ran as Ada Brandt {2}0 rows/);
    assert.match(first.printed(), /› \/why\n[\s\S]*policy/);
    assert.equal(first.exitCode, 0);

    const second = chat();
    second.stdin?.end('/logout\n');
    await once(second, 'close');
    assert.match(second.printed(), /Signed in as Ada Brandt[\s\S]*The tokens are revoked and deleted/);
    assert.doesNotMatch(second.printed(), /To sign in/);
  });
});
