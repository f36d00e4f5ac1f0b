import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { z } from 'zod';
import { injectedDescription } from '../data/catalogue.ts';
import { demoPeople } from '../demo-people.ts';
import { testCalendars } from '../testing/calendars.ts';
import { engines, type TestDatabase } from '../testing/databases.ts';
import { startTestIssuer, type TestIssuer, type TokenWish } from '../testing/issuer.ts';
import { allTools } from './all-tools.ts';
import { defineTool, type ShopTool } from './tool.ts';
import { runTool, type ToolRun } from './toolbox.ts';

const [ada, ben, eve] = demoPeople.map(({ id, roles, name }) => ({ subject: id, roles, name }));
if (!ada || !ben || !eve) throw new Error('the demo people are missing');

let issuer: TestIssuer;
before(async () => {
  issuer = await startTestIssuer();
});
after(() => issuer.close());

describe('what a model may say to a tool', () => {
  it('R-130 S0.13 has no field for who asks', () => {
    const fields = allTools.flatMap((tool) => Object.keys((z.toJSONSchema(tool.input) as { properties?: object }).properties ?? {}));
    assert.deepEqual([...new Set(fields)].sort(), ['max_price_euro', 'number', 'status', 'words']);
  });

  it('R-130 takes no unknown field', () => {
    for (const tool of allTools) {
      const schema = z.toJSONSchema(tool.input) as { additionalProperties?: unknown };
      assert.equal(schema.additionalProperties, false, tool.name);
    }
  });
});

for (const engine of engines) {
  describe(`the tools on ${engine.name}`, { skip: engine.skip }, () => {
    let database: TestDatabase;
    before(async () => {
      database = await engine.open();
    });
    after(() => database?.close());

    const run = async (who: TokenWish & { name: string }, name: string, input: unknown): Promise<ToolRun> => {
      const tool = allTools.find((one) => one.name === name) as unknown as ShopTool;
      const identity = await issuer.person(who);
      return runTool(tool, input, {
        identity,
        name: who.name,
        pool: database.pool,
        calendars: testCalendars({ issuer: issuer.url }),
        log: (event, fields) => void database.logged.push({ event, fields }),
        limit: 8,
      });
    };

    it('S0.13 finds products, the own orders, their state and the own profile, as the person of the sign-in', async () => {
      assert.equal((await run(ada, 'find_products', { words: 'mugs', max_price_euro: 15 })).rows, 3);
      const orders = await run(ada, 'my_orders', {});
      assert.deepEqual([orders.ranAs, orders.subject, orders.rows], ['Ada Brandt', 'usr_demo_ada', 6]);
      assert.equal((await run(ada, 'order_status', { number: 1288 })).rows, 1);
      assert.match(JSON.stringify((await run(ben, 'my_profile', {})).answer), /ben@shop\.example/);
    });

    it('S0.13 gives nothing for the order of somebody else, and says the same as for one that does not exist', async () => {
      const foreign = await run(ada, 'order_status', { number: 1002 });
      const missing = await run(ada, 'order_status', { number: 999_999 });
      assert.equal(foreign.rows, 0);
      assert.match(String(foreign.text), /No order 1002 is visible to Ada Brandt/);
      assert.deepEqual(JSON.stringify(foreign.answer).replace('1002', 'N'), JSON.stringify(missing.answer).replace('999999', 'N'));
    });

    it('lets an employee see the order of a customer, but not cancel it', async () => {
      assert.match(JSON.stringify((await run(eve, 'order_status', { number: 1002 })).answer), /Ben Okafor/);
      assert.equal((await run(eve, 'cancel_order', { number: 1299 })).rows, 0);
      assert.match(JSON.stringify((await run(ben, 'order_status', { number: 1299 })).answer), /"placed"/);
    });

    it('cancels an own order that was not sent yet, once', async () => {
      assert.equal((await run(ben, 'cancel_order', { number: 1299 })).rows, 1);
      assert.equal((await run(ben, 'cancel_order', { number: 1299 })).rows, 0);
      assert.equal((await run(ben, 'cancel_order', { number: 1285 })).rows, 0);
    });

    it('R-130 refuses arguments that name another person', async () => {
      for (const extra of [
        { customer_id: 'C-1002' },
        { subject: 'usr_demo_ben' },
        { user: 'ben@shop.example' },
        { identity: { subject: 'usr_demo_ben' } },
      ]) {
        const result = await run(ada, 'my_orders', extra);
        assert.deepEqual([result.rows, (result.answer as { error?: string }).error], [0, 'invalid_arguments']);
      }
    });

    it('refuses a tool whose scope the sign-in does not have', async () => {
      const result = await run({ ...ada, scopes: ['orders:read'] }, 'cancel_order', { number: 1296 });
      assert.deepEqual([result.rows, (result.answer as { error?: string }).error], [0, 'insufficient_scope']);
      assert.match(String(result.text), /orders:write/);
    });

    it('treats words and numbers as values, whatever they look like', async () => {
      assert.equal((await run(ada, 'find_products', { words: "x' or '1'='1" })).rows, 0);
      assert.equal((await run(ada, 'find_products', { words: '%' })).rows, 0);
      for (const number of ['1002 or true', 1002.5, -1, 1e12]) assert.equal((await run(ada, 'order_status', { number })).rows, 0);
    });

    it('gives the supplier’s text as data and nothing more', async () => {
      const result = await run(ada, 'find_products', { words: 'camp mug' });
      assert.ok(JSON.stringify(result.answer).includes(injectedDescription.slice(0, 60)));
      assert.ok(!JSON.stringify(result.table).includes('SYSTEM NOTE'));
    });

    it('R-132 R-116 gives a model a code and a sentence for a database error, and the raw text to the log', async () => {
      const broken = defineTool({
        name: 'broken',
        description: 'For this test.',
        input: z.strictObject({}),
        scopes: [],
        policy: 'none',
        run: async ({ db }) => ({ rows: (await db.own.query('select secret_column from shop.orders')).rows.length, answer: null }),
      });
      const identity = await issuer.person(ada);
      const result = await runTool(
        broken as unknown as ShopTool,
        {},
        {
          identity,
          name: ada.name,
          pool: database.pool,
          calendars: testCalendars({ issuer: issuer.url }),
          log: (event, fields) => void database.logged.push({ event, fields }),
          limit: 8,
        },
      );
      assert.doesNotMatch(JSON.stringify(result), /secret_column|42703/);
      assert.equal((result.answer as { error?: string }).error, 'invalid_statement');
      assert.match(JSON.stringify(database.logged.findLast(({ event }) => event === 'tool_failed')), /secret_column/);
    });

    it('R-132 gives a model no more than 16 kB', async () => {
      const endless = defineTool({
        name: 'endless',
        description: 'For this test.',
        input: z.strictObject({}),
        scopes: [],
        policy: 'none',
        run: async () => ({ rows: 1, answer: { text: 'x'.repeat(20_000) } }),
      });
      const identity = await issuer.person(ada);
      const result = await runTool(
        endless as unknown as ShopTool,
        {},
        { identity, name: ada.name, pool: database.pool, calendars: testCalendars({ issuer: issuer.url }), log: () => undefined, limit: 8 },
      );
      assert.equal((result.answer as { error?: string }).error, 'too_large');
    });

    it('R-131 keeps two people apart who ask at the same time', async () => {
      const results = await Promise.all(Array.from({ length: 40 }, (_, index) => run(index % 2 === 0 ? ada : ben, 'my_orders', {})));
      for (const [index, { table, subject }] of results.entries()) {
        assert.equal(subject, index % 2 === 0 ? 'usr_demo_ada' : 'usr_demo_ben');
        assert.equal(table?.rows.at(-1)?.[0], index % 2 === 0 ? '1001' : '1002');
      }
    });
  });
}
