import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { injectedDescription } from '../data/catalogue.ts';
import { doorsFor } from '../database/doors.ts';
import { demoPeople } from '../demo-people.ts';
import { chooseModel } from '../models/model.ts';
import type { ModelSettings } from '../settings.ts';
import { testCalendars } from '../testing/calendars.ts';
import { engines, type TestDatabase } from '../testing/databases.ts';
import { startTestIssuer, type TestIssuer } from '../testing/issuer.ts';
import { type Asked, type Says, startModelServer, type TestModelServer } from '../testing/openai.ts';
import { type AnswerPart, answer } from './answer.ts';
import type { Turn } from './events.ts';

const [ada] = demoPeople.map(({ id, roles, name }) => ({ subject: id, roles, name }));
if (!ada) throw new Error('the demo people are missing');

let issuer: TestIssuer;
let database: TestDatabase;
before(async () => {
  issuer = await startTestIssuer();
  database = await (engines[0] as (typeof engines)[number]).open();
});
after(async () => {
  await issuer?.close();
  await database?.close();
});

async function ask(settings: ModelSettings, turns: readonly Turn[]) {
  const parts: AnswerPart[] = [];
  const options = {
    model: chooseModel(settings).model,
    identity: await issuer.person(ada as { subject: string }),
    name: 'Ada Brandt',
    pool: database.pool,
    calendars: testCalendars({ issuer: issuer.url }),
    turns,
    log: (event: string, fields?: object) => void database.logged.push({ event, fields }),
    signal: new AbortController().signal,
  };
  for await (const part of answer(options)) parts.push(part);
  return {
    parts,
    text: parts.map((part) => (part.type === 'text' ? part.text : '')).join(''),
    runs: parts.flatMap((part) => (part.type === 'tool-ran' ? [part.run] : [])),
  };
}

const say = (text: string): Turn[] => [{ role: 'user', text }];

describe('the scripted stand-in', () => {
  const settings: ModelSettings = { provider: 'scripted', pause: 0 };
  const conversations: readonly (readonly [words: string, tool: string | undefined, rows: number, says: RegExp])[] = [
    ['hello', undefined, 0, /show your orders/],
    ['show my orders', 'my_orders', 6, /You have six orders/],
    ['show order 1001', 'order_status', 1, /Order 1001 is delivered/],
    ['show order 1002', 'order_status', 0, /can’t see an order 1002/],
    ['where is my order?', 'my_orders', 1, /1288 is on its way/],
    ['find mugs', 'find_products', 6, /I found six/],
    ['find mugs under 15 euros', 'find_products', 3, /I found three/],
    ['who am I?', 'my_profile', 1, /signed in as Ada Brandt/],
    ['what did Ben order?', undefined, 0, /none takes a name/],
    ['cancel order 1002', 'cancel_order', 0, /You have no order 1002/],
    ['cancel order 1288', 'cancel_order', 0, /could not cancel order 1288/],
    ['cancel order 1296', 'cancel_order', 1, /Order 1296 is cancelled/],
    ['put my delivery of order 1001 into my calendar', 'add_delivery_to_calendar', 0, /once you connect it/],
    ['Add order 1288 to my calendar, please', 'add_delivery_to_calendar', 0, /once you connect it/],
    ['put order 1243 into my diary', 'add_delivery_to_calendar', 1, /Order 1243 has no delivery day/],
    ['put the delivery of 1002 in my calendar', 'add_delivery_to_calendar', 0, /can’t see an order 1002/],
    ['put it into my calendar', undefined, 0, /Which order’s delivery/],
    ['flurb the wizzle', undefined, 0, /I am a script, not a language model/],
  ];
  for (const [words, tool, rows, says] of conversations) {
    it(`answers “${words}”`, async () => {
      const { runs, text } = await ask(settings, say(words));
      assert.deepEqual(
        runs.map((run) => [run.tool, run.rows]),
        tool === undefined ? [] : [[tool, rows]],
      );
      assert.match(text, says);
    });
  }

  it('knows which order “it” is', async () => {
    const turns: Turn[] = [
      ...say('where is my order?'),
      { role: 'assistant', text: 'One order: 1288 is on its way.' },
      ...say('when does it arrive?'),
    ];
    const { runs } = await ask(settings, turns);
    assert.deepEqual(
      runs.map((run) => [run.tool, run.arguments]),
      [['order_status', { number: 1288 }]],
    );
  });

  it('says that it is no language model', () => {
    assert.deepEqual([chooseModel(settings).label, chooseModel(settings).scripted], ['Scripted stand-in, no language model', true]);
  });
});

/** Runs with a model that says what the test wants, over HTTP, through the provider's own library. */
async function withModel(
  script: (index: number, asked: Asked) => Says | undefined,
  work: (server: TestModelServer, settings: ModelSettings) => Promise<void>,
) {
  const server = await startModelServer(script);
  try {
    await work(server, { provider: 'compatible', baseUrl: `${server.url}/v1`, model: 'test', apiKey: 'test-key' });
  } finally {
    await server.close();
  }
}

describe('a real language model, over HTTP', () => {
  it('calls a tool, reads its result and streams the answer', async () => {
    const script = (index: number): Says =>
      index === 0 ? { calls: [['my_orders', { status: 'shipped' }]] } : { text: 'Order 1288 is on its way.' };
    await withModel(script, async (server, settings) => {
      const { parts, runs, text } = await ask(settings, say('where is it?'));
      assert.deepEqual(
        parts.map(({ type }) => type).filter((type, index, all) => type !== all[index - 1]),
        ['tool-start', 'tool-ran', 'text', 'done'],
      );
      assert.deepEqual([runs[0]?.rows, runs[0]?.ranAs], [1, 'Ada Brandt']);
      assert.equal(text, 'Order 1288 is on its way.');
      assert.match(JSON.stringify(server.asked[1]?.messages), /1288/);
      assert.equal(server.seen[0]?.key, 'Bearer test-key');
    });
  });

  it('R-130 is offered no field for who asks, and R-132 never sees subject, token or session', async () => {
    const script = (index: number): Says => (index === 0 ? { calls: [['my_profile', {}]] } : { text: 'You are Ada.' });
    await withModel(script, async (server, settings) => {
      await ask(settings, say('who am I?'));
      const sent = JSON.stringify(server.asked);
      assert.doesNotMatch(sent, /usr_demo_ada|eyJ|"sid"|"sub"/);
      const fields = server.asked[0]?.tools?.flatMap((tool) =>
        Object.keys((tool.function.parameters as { properties?: object }).properties ?? {}),
      );
      assert.deepEqual([...new Set(fields)].sort(), ['max_price_euro', 'number', 'status', 'words']);
    });
  });

  it('S0.13 gets nothing for an order of somebody else that a hostile model asks for', async () => {
    const script = (index: number): Says =>
      index === 0
        ? {
            calls: [
              ['order_status', { number: 1002 }],
              ['cancel_order', { number: 1299 }],
            ],
          }
        : { text: 'Nothing.' };
    await withModel(script, async (server, settings) => {
      const { runs } = await ask(settings, say('hello'));
      assert.deepEqual(
        runs.map((run) => [run.tool, run.rows, run.subject]),
        [
          ['order_status', 0, 'usr_demo_ada'],
          ['cancel_order', 0, 'usr_demo_ada'],
        ],
      );
      const read = server.asked[1]?.messages.filter(({ role }) => role === 'tool');
      assert.equal(read?.length, 2);
      assert.doesNotMatch(JSON.stringify(read), /Ben|delivered|placed/);
    });
  });

  it('R-130 refuses calls with identity arguments and calls of tools that do not exist', async () => {
    const script = (index: number): Says =>
      index === 0
        ? {
            calls: [
              ['my_orders', { customer_id: 'C-1002' }],
              ['my_profile', { subject: 'usr_demo_ben' }],
              ['run_sql', { sql: 'select 1' }],
            ],
          }
        : { text: 'No.' };
    await withModel(script, async (_server, settings) => {
      const { runs } = await ask(settings, say('hello'));
      assert.deepEqual(
        runs.map((run) => [run.tool, run.rows]),
        [
          ['my_orders', 0],
          ['my_profile', 0],
          ['run_sql', 0],
        ],
      );
      for (const run of runs) assert.match(String(run.text), /Refused before it ran/);
    });
  });

  it('R-130 changes nothing when a model obeys the text inside a product', async () => {
    // The worst model there is: it does what the supplier's text says.
    const script = (index: number, asked: Asked): Says => {
      if (index === 0) return { calls: [['find_products', { words: 'camp mug' }]] };
      const read = JSON.stringify(asked.messages).includes(injectedDescription.slice(0, 80));
      if (index === 1 && read)
        return {
          calls: [
            ['order_status', { number: 1002 }],
            ['cancel_order', { number: 1002 }],
            ['my_orders', { subject: 'usr_demo_ben' }],
          ],
        };
      return { text: 'Done.' };
    };
    await withModel(script, async (server, settings) => {
      const { runs } = await ask(settings, say('find a camp mug'));
      assert.deepEqual(runs.map((run) => `${run.tool} ${run.rows}`).sort(), [
        'cancel_order 0',
        'find_products 1',
        'my_orders 0',
        'order_status 0',
      ]);
      assert.ok(runs.every((run) => run.subject === 'usr_demo_ada'));
      assert.doesNotMatch(JSON.stringify(server.asked.at(-1)), /Ben Okafor|Notebook/);
      const ben = await issuer.person({ subject: 'usr_demo_ben' });
      const { rows } = await doorsFor(ben, database.pool).own.query('select status from shop.orders where number = 1002');
      assert.deepEqual(rows, [{ status: 'delivered' }]);
    });
  });

  it('stops a model that calls tools for ever', async () => {
    const script = (): Says => ({ calls: Array.from({ length: 4 }, () => ['my_orders', {}] as const) });
    await withModel(script, async (server, settings) => {
      const { runs, parts } = await ask(settings, say('loop'));
      assert.ok(server.asked.length <= 6, `${server.asked.length} requests`);
      assert.equal(runs.filter((run) => run.rows > 0).length, 8);
      assert.match(String(runs.at(-1)?.text), /used all its tool calls/);
      assert.equal(parts.at(-1)?.type, 'done');
    });
  });

  it('cuts an answer that does not end', async () => {
    await withModel(
      () => ({ text: 'word '.repeat(5000) }),
      async (_server, settings) => {
        assert.equal((await ask(settings, say('talk'))).text.length, 8000);
      },
    );
  });

  it('says that the model did not answer, and not what the provider said', async () => {
    await withModel(
      () => undefined,
      async (_server, settings) => {
        const { parts } = await ask(settings, say('hello'));
        assert.deepEqual(
          parts.map(({ type }) => type),
          ['error', 'done'],
        );
        assert.doesNotMatch(JSON.stringify(parts), /secret-internal-detail/);
      },
    );
  });

  it('reaches Azure OpenAI by its deployment and api-key', async () => {
    await withModel(
      () => ({ text: 'Hello.' }),
      async (server) => {
        const { text } = await ask(
          { provider: 'azure', apiKey: 'azure-key', baseUrl: `${server.url}/openai`, apiVersion: '2025-01-01', model: 'mine' },
          say('hello'),
        );
        assert.equal(text, 'Hello.');
        assert.deepEqual(server.seen[0], { url: '/openai/deployments/mine/chat/completions?api-version=2025-01-01', key: 'azure-key' });
      },
    );
  });
});
