import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type CalendarApi, createCalendarApi } from '@safeconduct/example-calendar-api';
import { type AnswerPart, answer } from '../chat/answer.ts';
import { chooseModel } from '../models/model.ts';
import { testCalendars } from '../testing/calendars.ts';
import { engines, type TestDatabase } from '../testing/databases.ts';
import { startTestIssuer, type TestIssuer } from '../testing/issuer.ts';
import { startModelServer } from '../testing/openai.ts';
import { addDeliveryToCalendar } from './add-delivery-to-calendar.ts';
import type { ShopTool } from './tool.ts';
import { runTool } from './toolbox.ts';

const tool = addDeliveryToCalendar as unknown as ShopTool;

for (const engine of engines) {
  describe(`add_delivery_to_calendar on ${engine.name}`, { skip: engine.skip }, () => {
    let database: TestDatabase;
    let issuer: TestIssuer;
    let calendar: CalendarApi;
    before(async () => {
      issuer = await startTestIssuer();
      database = await engine.open();
      calendar = await createCalendarApi({ clients: [] });
    });
    after(async () => {
      await issuer?.close();
      await database?.close();
      await calendar?.close();
    });
    const log = (event: string, fields?: object) => void database.logged.push({ event, fields });
    const run = async (number: number, scopes?: readonly string[]) => {
      const calendars = testCalendars({ issuer: issuer.url, url: calendar.url, log });
      const identity = await issuer.person({ subject: 'usr_demo_ada', ...(scopes === undefined ? {} : { scopes }) });
      return runTool(tool, { number }, { identity, name: 'Ada Brandt', pool: database.pool, calendars, log, limit: 8 });
    };

    it('R-132 shows the person where to connect, and the model that it is not connected, and nothing more', async () => {
      const { answer: read, connect, rows, text } = await run(1001);
      assert.equal(rows, 0);
      assert.match(text ?? '', /not connected yet/);
      assert.equal(new URL(connect?.link ?? '').origin, issuer.url);
      assert.doesNotMatch(JSON.stringify(read), /http|link|token/);
    });

    it('R-130 adds nothing for an order of somebody else, and asks nobody for access', async () => {
      issuer.exchanges.length = 0;
      const foreign = await run(1002);
      const missing = await run(999_999);
      assert.deepEqual([foreign.rows, foreign.connect, issuer.exchanges.length], [0, undefined, 0]);
      assert.equal(JSON.stringify(foreign.answer).replace('1002', 'N'), JSON.stringify(missing.answer).replace('999999', 'N'));
      assert.match(foreign.text ?? '', /Ada Brandt has no order 1002.*The database decided this/);
    });

    it('adds nothing for an order that was cancelled, and says why', async () => {
      assert.match((await run(1243)).text ?? '', /cancelled: it has no delivery day/);
    });

    it('needs a sign-in that may read orders', async () => {
      assert.match((await run(1001, ['profile:read'])).text ?? '', /orders:read is missing/);
    });

    it('says that access was ended at the calendar, and where to put it right', async () => {
      issuer.connected = 'a-token-that-the-calendar-never-gave';
      const { rows, connect, text } = await run(1001);
      issuer.connected = undefined;
      assert.deepEqual([rows, connect?.ended, connect?.link], [0, true, `${issuer.url}/account`]);
      assert.match(text ?? '', /no longer accepts/);
    });

    it('R-132 sends a language model no link and no token', async () => {
      const server = await startModelServer((index) =>
        index === 0 ? { calls: [['add_delivery_to_calendar', { number: 1001 }]] } : { text: 'Please connect your calendar.' },
      );
      try {
        const parts: AnswerPart[] = [];
        const options = {
          model: chooseModel({ provider: 'compatible', baseUrl: `${server.url}/v1`, model: 'test', apiKey: 'test-key' }).model,
          identity: await issuer.person({ subject: 'usr_demo_ada' }),
          name: 'Ada Brandt',
          pool: database.pool,
          calendars: testCalendars({ issuer: issuer.url, log }),
          turns: [{ role: 'user' as const, text: 'put 1001 into my calendar' }],
          log,
          signal: new AbortController().signal,
        };
        for await (const part of answer(options)) parts.push(part);
        assert.match(JSON.stringify(parts), /\/connect\/calendar\?/);
        assert.doesNotMatch(JSON.stringify(server.asked), /\/connect\/|usr_demo_ada|eyJ/);
        assert.match(JSON.stringify(server.asked[1]), /not_connected/);
      } finally {
        await server.close();
      }
    });
  });
}
