/** Everything that `npm start` starts, in this process and on free ports: the real issuer, the shop, and the calendar. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CalendarApi, createCalendarApi } from '@safeconduct/example-calendar-api';
import { createIssuer, type Issuer } from '@safeconduct/issuer';
import { freePort } from '@safeconduct/test-support/ports';
import { quickStorage } from '@safeconduct/test-support/postgres';
import { calendarClient } from '../demo-client.ts';
import { issuerConfiguration } from '../issuer-configuration.ts';
import { startTestShop, type TestShop } from './shops.ts';

export interface Whole {
  readonly issuer: Issuer;
  readonly shop: TestShop;
  readonly calendar: CalendarApi;
  close(): Promise<void>;
}

export async function startWhole(): Promise<Whole> {
  const opened = new AsyncDisposableStack();
  const [issuerPort, port] = [await freePort(), await freePort()];
  const issuerUrl = `http://localhost:${issuerPort}`;
  const calendar = await createCalendarApi({
    clients: [{ ...calendarClient, name: 'Shop sign-in (demo)', redirectUris: [`${issuerUrl}/connections/calendar/callback`] }],
  });
  opened.defer(() => calendar.close());
  const directory = mkdtempSync(join(tmpdir(), 'shop-whole-'));
  opened.defer(() => rmSync(directory, { recursive: true, force: true }));
  const storage = await quickStorage();
  opened.defer(() => storage.drop());
  const issuer = await createIssuer({
    ...storage.settings,
    issuer: issuerUrl,
    port: issuerPort,
    dataDirectory: directory,
    configuration: issuerConfiguration({ url: `http://localhost:${port}`, clientId: 'shop-web', calendarUrl: calendar.url }),
    logLevel: 'silent',
  });
  opened.defer(() => issuer.close(500));
  await issuer.listen();
  const shop = await startTestShop({ issuer: issuerUrl, port, calendarUrl: calendar.url });
  opened.defer(() => shop.close());
  return { issuer, shop, calendar, close: () => opened.disposeAsync() };
}
