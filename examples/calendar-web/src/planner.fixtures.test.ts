/** A whole planner for tests: the issuer, the calendar and the application, each on a free port of this machine. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CalendarApi, createCalendarApi } from '@safeconduct/example-calendar-api';
import { createIssuer } from '@safeconduct/issuer';
import { freePort } from '@safeconduct/test-support/ports';
import { quickStorage } from '@safeconduct/test-support/postgres';
import { calendarClient, issuerConfiguration } from './demo.ts';
import { serveApp } from './serve.ts';
import { type Settings, settingsFrom } from './settings.ts';

export interface Planner {
  readonly settings: Settings;
  readonly calendar: CalendarApi;
  /** What the application logged. */
  readonly logged: Readonly<Record<string, unknown>>[];
  close(): Promise<void>;
}

export async function startPlanner(): Promise<Planner> {
  const directory = mkdtempSync(join(tmpdir(), 'planner-'));
  const [issuerPort, appPort, calendarPort] = [await freePort(), await freePort(), await freePort()];
  const settings = settingsFrom({
    ISSUER_PORT: String(issuerPort),
    APP_URL: `http://localhost:${appPort}`,
    CALENDAR_PORT: String(calendarPort),
    DATA: directory,
  });
  const { issuer: url, calendar: calendarUrl } = settings;
  const logged: Planner['logged'] = [];
  const storage = await quickStorage();
  const [calendar, app, issuer] = await Promise.all([
    createCalendarApi({
      url: calendarUrl,
      port: calendarPort,
      clients: [{ ...calendarClient, name: 'Planner’s sign-in service', redirectUris: [`${url}/connections/calendar/callback`] }],
    }),
    serveApp(settings, (event, fields) => logged.push({ event, ...fields })),
    createIssuer({
      ...storage.settings,
      issuer: url,
      dataDirectory: join(directory, 'issuer'),
      configuration: issuerConfiguration(settings),
      logLevel: 'silent',
    }),
  ]);
  await issuer.listen();
  return {
    settings,
    calendar,
    logged,
    async close() {
      await Promise.all([app.close(), issuer.close(100), calendar.close()]);
      await storage.drop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
