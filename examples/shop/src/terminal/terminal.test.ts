import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Desk, startDesk } from './desk.fixtures.test.ts';

let desk: Desk;
let home = '';
beforeEach(async () => {
  desk = await startDesk();
  home = await mkdtemp(join(tmpdir(), 'chat-'));
});
afterEach(async () => {
  await desk.close();
  await rm(home, { recursive: true });
});

interface Session {
  readonly child: ChildProcess;
  /** Everything that was printed so far, both streams. */
  readonly printed: () => string;
  /** Waits until this was printed. */
  shows(pattern: RegExp): Promise<void>;
  type(...lines: string[]): void;
  /** Ends the input and gives the exit code. */
  end(): Promise<number | null>;
  /** Waits for the program to leave by itself, and gives the exit code. */
  left(): Promise<number | null>;
}

function chat(...parameters: string[]): Session {
  const program = fileURLToPath(new URL('main.ts', import.meta.url));
  const env = { PATH: process.env.PATH, HOME: home, XDG_STATE_HOME: home, SAFECONDUCT_ISSUER: desk.url, SHOP_URL: desk.url };
  const child = spawn(process.execPath, ['--conditions=safeconduct-source', program, '--device', '--no-keyring', ...parameters], { env });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      child.emit('printed');
    });
  }
  const closed = once(child, 'close');
  const left = async () => {
    await closed;
    return child.exitCode;
  };
  return {
    child,
    printed: () => text,
    shows: async (pattern) => {
      while (!pattern.test(text)) {
        const more = await Promise.race([once(child, 'printed').then(() => true), closed.then(() => false)]);
        if (!more && !pattern.test(text)) assert.fail(`ended without ${pattern}:\n${text}`);
      }
    },
    type: (...lines) => void child.stdin.write(`${lines.join('\n')}\n`),
    end: () => {
      child.stdin.end();
      return left();
    },
    left,
  };
}

/** A whole conversation: these lines, then the end of input. */
async function transcript(...lines: string[]): Promise<{ readonly text: string; readonly code: number | null }> {
  const session = chat();
  if (lines.length > 0) session.type(...lines);
  const code = await session.end();
  return { text: session.printed(), code };
}

const orders = {
  type: 'tool-result',
  id: 't1',
  tool: 'my_orders',
  ranAs: 'Ada Brandt',
  rows: 2,
  ms: 12.4,
  table: {
    columns: ['order', 'status', 'total'],
    rows: [
      ['1042', 'On its way', '€84.00'],
      ['1021', 'Delivered', '€212.40'],
    ],
  },
};
const done = { type: 'done' };

describe('the terminal chat', () => {
  it('signs in, says as whom, and shows what the tools did', async () => {
    desk.script = () => [
      { type: 'tool-start', id: 't1', tool: 'my_orders', arguments: {} },
      orders,
      { type: 'text', text: 'You have ' },
      { type: 'text', text: 'two orders.' },
      done,
    ];
    const { text, code } = await transcript('show my orders');
    assert.match(text, /To sign in, open\n {2}http:\/\/127\.0\.0\.1:\d+\/device\?user_code=BDWP-HQPK\n/);
    assert.match(
      text,
      /Signed in as Ada Brandt {2}usr_ada@shop\.example, customer\nAnswers come from: Scripted stand-in, no language model\n/,
    );
    assert.match(text, /› show my orders\n\n {2}my_orders {2}ran as Ada Brandt {2}2 rows, 12 ms\n/);
    assert.match(text, / {4}order {3}status {9}total\n {4}1042 {4}On its way {4}€84\.00\n {4}1021 {4}Delivered {4}€212\.40\n/);
    assert.match(text, /\n {2}You have two orders\.\n/);
    assert.equal(code, 0);
  });

  it('sends the whole conversation, in order', async () => {
    await transcript('first', 'second');
    assert.deepEqual(desk.chats[1], [
      { role: 'user', text: 'first' },
      { role: 'assistant', text: 'Hello.' },
      { role: 'user', text: 'second' },
    ]);
  });

  it('R-132 S0.11 prints no token, no escape sequence and no control character, whatever the server sends', async () => {
    const evil = 'a\u001b[2J\u001b]52;c;ZXZpbA==\u0007b\u009b31mc\u202ed\r\u0008';
    const result = { ...orders, tool: evil, ranAs: evil, text: evil, note: evil, rows: 0, table: { columns: [evil], rows: [[evil]] } };
    desk.script = () => [
      { type: 'tool-start', id: 't1', tool: evil, arguments: { [evil]: evil } },
      result,
      { type: 'text', text: evil },
      { type: 'error', message: evil },
      done,
    ];
    const { text, code } = await transcript('go', '/why');
    assert.equal(code, 0);
    assert.match(text, /ran as abcd {2}0 rows/);
    assert.doesNotMatch(text, /(?!\n)[\p{Cc}\u202e]/u);
    for (const token of desk.tokens) assert.ok(!text.includes(token));
  });

  it('does not ask again the second time', async () => {
    await transcript('hello');
    const { text } = await transcript('hello');
    assert.doesNotMatch(text, /To sign in/);
    assert.match(text, /Signed in as Ada Brandt/);
    assert.deepEqual(desk.grants, ['device_code']);
  });

  it('R-075 renews the token by itself when its time is over', async () => {
    await transcript('hello');
    const directory = join(home, 'safeconduct', 'credentials');
    const path = join(directory, (await readdir(directory)).find((name) => name.endsWith('.json')) ?? '');
    await writeFile(path, (await readFile(path, 'utf8')).replace(/"expiresAt": \d+/, '"expiresAt": 1'));
    const { text, code } = await transcript('hello');
    assert.equal(code, 0);
    assert.doesNotMatch(text, /To sign in/);
    assert.deepEqual(desk.grants, ['device_code', 'refresh_token']);
  });

  it('renews the token and asks again when the shop refuses it', async () => {
    const session = chat();
    await session.shows(/Type a question/);
    desk.endTokens();
    session.type('hello');
    await session.shows(/Hello\./);
    assert.equal(await session.end(), 0);
    assert.deepEqual(desk.grants, ['device_code', 'refresh_token']);
  });

  it('does not go on as somebody else who signed in meanwhile', async () => {
    const session = chat();
    await session.shows(/Type a question/);
    desk.endTokens();
    desk.subject = 'usr_ben';
    session.type('hello');
    await session.shows(/No answer\./);
    assert.equal(await session.end(), 0);
    assert.deepEqual(desk.chats, []);
  });

  it('ends the sign-in with /logout: here, at the issuer, and for the next time', async () => {
    const { text, code } = await transcript('/logout');
    assert.match(text, /Ada Brandt is signed out\. The tokens are revoked and deleted\./);
    assert.equal(code, 0);
    assert.equal(desk.revoked.length, 2);
    assert.match((await transcript()).text, /To sign in, open/);
  });

  it('answers /whoami, /why, /help and a command that is none', async () => {
    desk.script = () => [
      { type: 'tool-start', id: 't1', tool: 'order_status', arguments: { order: 1002 } },
      { ...orders, tool: 'order_status', rows: 0, note: 'The database shows a customer their own orders.' },
      done,
    ];
    const { text } = await transcript('show order 1002', '/why', '/whoami', '/help', '/nonsense');
    assert.match(text, /order_status {2}ran as Ada Brandt {2}0 rows, 12 ms\n[\s\S]*\/why shows what decided/);
    assert.match(text, /› \/why\n\n {2}order_status[\s\S]*order {3}1002\n {4}The database shows a customer their own orders\./);
    assert.match(text, /subject +usr_ada\n[\s\S]*roles +customer\n[\s\S]*may +openid, orders:read\n/);
    assert.match(text, /\/logout +sign out here/);
    assert.match(text, /There is no \/nonsense\./);
  });

  it('stops an answer at the first Ctrl-C, and goes on', async () => {
    desk.script = async function* (_, closed) {
      yield { type: 'text', text: 'A long story. Once upon ' };
      await once(closed, 'abort');
    };
    const session = chat();
    session.type('tell me');
    await session.shows(/Once/);
    session.child.kill('SIGINT');
    await session.shows(/Stopped\./);
    desk.script = () => [{ type: 'text', text: 'Still here.' }, done];
    session.type('are you there?');
    await session.shows(/Still here\./);
    assert.equal(await session.end(), 0);
  });

  it('leaves at Ctrl-C while nothing is under way', async () => {
    const session = chat();
    await session.shows(/Type a question/);
    session.child.kill('SIGINT');
    assert.equal(await session.left(), 130);
  });

  it('says that nobody was signed in at Ctrl-C while it waits for the sign-in, and does not call it a failure', async () => {
    desk.pending = true;
    const session = chat();
    await session.shows(/Waiting for you/);
    session.child.kill('SIGINT');
    assert.equal(await session.left(), 130);
    assert.match(session.printed(), /\nStopped\. Nobody was signed in\.\n$/);
    assert.doesNotMatch(session.printed(), /Authentication failed/);
  });

  it('goes on when the conversation has become longer than the shop takes', async () => {
    desk.script = () => [{ type: 'text', text: 'ä'.repeat(7_900) }, done];
    const { text } = await transcript('one', 'two', 'three', 'four', 'five', 'six');
    assert.doesNotMatch(text, /No answer/);
    assert.equal(desk.chats.length, 6);
    for (const messages of desk.chats) assert.ok(Buffer.byteLength(JSON.stringify({ messages })) <= 65_536);
    assert.deepEqual(desk.chats.at(-1)?.at(-1), { role: 'user', text: 'six' });
  });

  it('says so when an answer breaks off, and goes on', async () => {
    desk.script = () => [{ type: 'text', text: 'So' }, 'this is no JSON\n', { type: 'unheard-of' }];
    const { text, code } = await transcript('hello');
    assert.match(text, /The answer broke off\. Ask again\./);
    assert.equal(code, 0);
  });

  it('S0.11 S0.6 reports a failed sign-in in one line, without a stack, and ends with 1', async () => {
    desk.refusal = 'access_denied';
    const { text, code } = await transcript('hello');
    assert.match(text, /^Authentication failed code=login_denied reason="[^"]*access_denied"$/m);
    assert.doesNotMatch(text, /\n\s+at /);
    assert.equal(code, 1);
    assert.deepEqual(desk.chats, []);
  });

  it('says what to start when the shop or the issuer does not answer', async () => {
    const session = chat('--api', 'http://127.0.0.1:9/api', '--issuer', 'http://127.0.0.1:9');
    assert.equal(await session.end(), 1);
    assert.match(
      session.printed(),
      /issuer does not answer at http:\/\/127\.0\.0\.1:9\.\n.*shop does not answer.*\nRun `npm start` in another terminal/,
    );
  });

  it('says what is wrong with an option', async () => {
    const session = chat('--api', 'nowhere');
    assert.equal(await session.end(), 1);
    assert.match(session.printed(), /^--api is "nowhere": write an http\(s\) address/);
  });
});
