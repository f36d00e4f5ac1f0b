/** A whole shop for tests, on a free port of this machine. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@safeconduct/test-support/ports';
import type { ChosenModel } from '../models/model.ts';
import { type Settings, settingsFrom } from '../settings.ts';
import { createShop, type Shop } from '../shop.ts';
import { recorder } from './databases.ts';

export interface TestShop {
  readonly url: string;
  readonly shop: Shop;
  readonly settings: Settings;
  readonly logged: { readonly event: string; readonly fields: unknown }[];
  /** Stops it and starts it again on the same data. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

export interface TestShopOptions {
  readonly issuer: string;
  readonly databaseUrl?: string;
  readonly model?: ChosenModel;
  /** Milliseconds between the words of the stand-in. */
  readonly pause?: number;
  readonly port?: number;
  /** Default: nobody is there. */
  readonly calendarUrl?: string;
}

export async function startTestShop({
  issuer,
  databaseUrl,
  model,
  pause = 0,
  port,
  calendarUrl = 'http://127.0.0.1:9',
}: TestShopOptions): Promise<TestShop> {
  const directory = mkdtempSync(join(tmpdir(), 'shop-test-'));
  const settings = settingsFrom({
    PORT: String(port ?? (await freePort())),
    SAFECONDUCT_ISSUER: issuer,
    SAFECONDUCT_DATA: directory,
    SHOP_SCRIPT_PAUSE: String(pause),
    SHOP_DATABASE_URL: databaseUrl,
    CALENDAR_URL: calendarUrl,
  });
  const { logged, log } = recorder();
  const open = async () => {
    const shop = await createShop(settings, { log, today: new Date('2026-11-22T12:00:00Z'), ...(model === undefined ? {} : { model }) });
    await shop.listen();
    return shop;
  };
  let shop = await open();
  return {
    url: settings.url,
    get shop() {
      return shop;
    },
    settings,
    logged,
    async restart() {
      await shop.close();
      shop = await open();
    },
    async close() {
      await shop.close(500);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
