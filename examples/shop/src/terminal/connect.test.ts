import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ChatApi } from './chat-api.ts';
import { createConversation } from './conversation.ts';
import { type ChatEvent, type ChatMessage, parseEvent } from './events.ts';
import { createLook } from './look.ts';
import { createSpinner } from './spinner.ts';

const issuer = 'http://localhost:8080';
const link = `${issuer}/connect/calendar?client_id=shop-api&scope=calendar.write`;

const needed = (connect: object): ChatEvent | undefined =>
  parseEvent(
    JSON.stringify({ type: 'tool-result', id: 't1', tool: 'add_delivery_to_calendar', ranAs: 'Ada Brandt', rows: 0, ms: 3, connect }),
  );

/** Asks, with what the shop answers, and gives what the terminal shows. */
async function talk(answers: readonly (readonly (ChatEvent | undefined)[])[], { colour = false } = {}) {
  const asked: string[] = [];
  const printed: string[] = [];
  const api: ChatApi = {
    async *ask(messages: readonly ChatMessage[]) {
      asked.push(messages.at(-1)?.text ?? '');
      for (const event of answers[asked.length - 1] ?? []) if (event) yield event;
    },
    model: async () => undefined,
  };
  const look = createLook(process.stdout, { colour });
  const write = (text: string) => void printed.push(text);
  const conversation = createConversation({ api, issuer, look, spinner: createSpinner(process.stdout, look), write });
  const ask = (question: string) => conversation.ask(question, new AbortController().signal);
  return { conversation, ask, asked, printed: () => printed.join('') };
}

const connect = { name: 'Almanac calendar', why: 'add events to it', link };

describe('an answer in the terminal that waits for an account to be connected', () => {
  it('shows where, and goes on when it is done', async () => {
    const { ask, conversation, printed, asked } = await talk([[needed(connect)], [{ type: 'text', text: 'Done.' }]]);
    await ask('put 1001 into my calendar');
    assert.match(
      printed(),
      /Connect your Almanac calendar, so that the assistant can add events to it:\n {4}http:\/\/localhost:8080\/connect\S+\n/,
    );
    assert.match(printed(), /press Enter here and I ask again/);
    const again = conversation.waiting();
    assert.equal(again, 'put 1001 into my calendar');
    await ask(again ?? '');
    assert.deepEqual(asked, ['put 1001 into my calendar', 'put 1001 into my calendar']);
    assert.equal(conversation.waiting(), undefined);
  });

  it('makes a link of the address where the terminal can', async () => {
    const { ask, printed } = await talk([[needed(connect)]], { colour: true });
    await ask('put 1001 into my calendar');
    assert.ok(printed().includes(`\u001b]8;;${link}\u001b\\${link}\u001b]8;;\u001b\\`));
  });

  it('leads to the issuer and nowhere else, whatever the shop sends', async () => {
    for (const elsewhere of ['http://evil.example/connect/calendar', 'http://localhost:8080@evil.example/', 'http://localhost:80801/']) {
      const { ask, printed } = await talk([[needed({ ...connect, link: elsewhere })]]);
      await ask('put 1001 into my calendar');
      assert.doesNotMatch(printed(), /evil|80801/);
    }
  });

  it('takes no address that is none of the web, and obeys nothing in one', async () => {
    for (const odd of ['javascript:alert(1)', 'file:///etc/passwd', 'not an address']) {
      assert.equal(needed({ ...connect, link: odd }), undefined);
    }
    const { ask, printed } = await talk([[needed({ ...connect, link: `${link}\u001b]0;title\u0007` })]]);
    await ask('put 1001 into my calendar');
    assert.equal(printed().includes('\u001b'), false);
  });

  it('says that access was ended over there', async () => {
    const { ask, printed } = await talk([[needed({ ...connect, link: `${issuer}/account`, ended: true })]]);
    await ask('put 1001 into my calendar');
    assert.match(printed(), /no longer lets the shop in[\s\S]*http:\/\/localhost:8080\/account/);
  });
});
