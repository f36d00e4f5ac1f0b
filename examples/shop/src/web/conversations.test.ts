import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createTurnstile } from '../chat/turnstile.ts';
import { createConversations, turnsOf } from './conversations.ts';
import { answerWriter } from './pages/answer.ts';

describe('what was said in a web session', () => {
  it('stays with its session, and is forgotten with it', () => {
    const conversations = createConversations();
    conversations.add('one', { said: 'hello', parts: [{ type: 'text', text: 'Hi ' }, { type: 'text', text: 'there.' }, { type: 'done' }] });
    assert.deepEqual(conversations.of('one'), [{ said: 'hello', parts: [{ type: 'text', text: 'Hi there.' }] }]);
    assert.deepEqual(conversations.of('two'), []);
    conversations.forget('one');
    assert.deepEqual(conversations.of('one'), []);
  });

  it('does not grow without end', () => {
    const conversations = createConversations({ sessions: 2, exchanges: 3 });
    for (const session of ['a', 'b', 'c'])
      for (let index = 0; index < 5; index++) conversations.add(session, { said: `${session}${index}`, parts: [] });
    assert.deepEqual(conversations.of('a'), []);
    assert.deepEqual(
      conversations.of('c').map(({ said }) => said),
      ['c2', 'c3', 'c4'],
    );
  });

  it('reaches the model as words alone', () => {
    const past = [{ said: 'hello', parts: [{ type: 'text' as const, text: 'Hi.' }] }];
    assert.deepEqual(turnsOf(past, 'and now?'), [
      { role: 'user', text: 'hello' },
      { role: 'assistant', text: 'Hi.' },
      { role: 'user', text: 'and now?' },
    ]);
  });
});

describe('an answer on the page', () => {
  it('is paragraphs and lines of escaped text, however its words are cut', async () => {
    const writer = answerWriter();
    let html = '';
    for (const text of ['One <b', '>\ntwo\n', '\nthr', 'ee']) html += await writer.write({ type: 'text', text });
    assert.equal(html + writer.close(), '<p>One &lt;b&gt;<br>two<br><br>three</p>\n</article>\n');
  });

  it('begins a paragraph after an empty line', async () => {
    const writer = answerWriter();
    const html = (await writer.write({ type: 'text', text: 'One.\n\nTwo.' })) + writer.close();
    assert.equal(html, '<p>One.</p>\n<p>Two.</p>\n</article>\n');
  });
});

describe('the turnstile', () => {
  it('lets so many of one person in, and as many as fit', () => {
    const { enter } = createTurnstile({ each: 2, all: 3 });
    const first = enter('ada');
    assert.ok(first && enter('ada'));
    assert.equal(enter('ada'), undefined);
    assert.ok(enter('ben'));
    assert.equal(enter('eve'), undefined);
    first();
    first();
    assert.ok(enter('eve'));
    assert.equal(enter('eve'), undefined);
  });
});
