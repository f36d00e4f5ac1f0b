import type { ChatApi } from './chat-api.ts';
import { ChatRefused } from './chat-api.ts';
import type { ChatEvent, ChatMessage, ToolResult } from './events.ts';
import { createFlow } from './flow.ts';
import { invitation } from './invitation.ts';
import { type Look, paragraph, resultTable, toolLine } from './look.ts';
import { plainLine } from './plain-text.ts';
import type { Spinner } from './spinner.ts';

/** A tool that ran for the last answer, and what it was asked. */
export interface ToolRun {
  readonly result: ToolResult;
  readonly arguments: Readonly<Record<string, unknown>>;
}

/** A conversation with the assistant. */
export interface Conversation {
  /** Asks and shows the answer as it comes. An aborted answer is kept as far as it came. */
  ask(question: string, signal: AbortSignal): Promise<void>;
  /** The tools behind the last answer. */
  readonly runs: () => readonly ToolRun[];
  /** The last question, when its answer waits for the person to connect an account. */
  readonly waiting: () => string | undefined;
}

/** What a conversation needs to be shown. */
export interface ConversationOptions {
  readonly api: ChatApi;
  /** The only place that the person is sent to. */
  readonly issuer: string;
  readonly look: Look;
  readonly spinner: Spinner;
  readonly write: (text: string) => void;
}

// The shop takes 60 messages of 8,000 characters, and 64 kB in all.
const mostTurns = 40;
const longestText = 8_000;
const mostBytes = 60_000;

/** Creates an empty conversation. */
export function createConversation({ api, issuer, look, spinner, write }: ConversationOptions): Conversation {
  const messages: ChatMessage[] = [];
  let runs: ToolRun[] = [];
  let waiting: string | undefined;

  const ask = async (question: string, signal: AbortSignal) => {
    messages.push({ role: 'user', text: question });
    const answer = createAnswer({ look, spinner, write });
    runs = answer.runs;
    waiting = undefined;
    write('\n');
    spinner.start('thinking');
    try {
      for await (const event of api.ask(latest(messages), signal)) answer.show(event);
    } catch (error) {
      answer.end();
      if (signal.aborted) write(`${look.quiet('  Stopped.')}\n`);
      else if (error instanceof ChatRefused) write(`${look.alarm('  No answer.')} ${plainLine(error.message, 400)}\n`);
      else throw error;
    } finally {
      answer.end();
      const connect = runs.findLast(({ result }) => result.connect !== undefined)?.result.connect;
      if (connect !== undefined) {
        write(`\n${invitation(connect, { issuer, look })}\n`);
        waiting = question;
      }
      if (answer.text() === '') messages.pop();
      else messages.push({ role: 'assistant', text: answer.text().slice(0, longestText) });
      write('\n');
    }
  };
  return { ask, runs: () => runs, waiting: () => waiting };
}

/** The end of the conversation, as much of it as the shop takes; the question itself is always in it. */
function latest(messages: readonly ChatMessage[]): readonly ChatMessage[] {
  let bytes = 0;
  const tooMuch = messages.findLastIndex((message, index) => {
    bytes += Buffer.byteLength(JSON.stringify(message)) + 1;
    return bytes > mostBytes && index < messages.length - 1;
  });
  return messages.slice(Math.max(tooMuch + 1, messages.length - mostTurns));
}

interface Answer {
  readonly runs: ToolRun[];
  readonly text: () => string;
  show(event: ChatEvent): void;
  end(): void;
}

function createAnswer({ look, spinner, write }: Pick<ConversationOptions, 'look' | 'spinner' | 'write'>): Answer {
  const flow = createFlow(write, look.width);
  const runs: ToolRun[] = [];
  const started = new Map<string, Readonly<Record<string, unknown>>>();
  let text = '';

  const showResult = (result: ToolResult) => {
    runs.push({ result, arguments: started.get(result.id) ?? {} });
    write(`${toolLine(result, look)}\n`);
    if (result.table && result.table.rows.length > 0) write(`${resultTable(result.table, look)}\n`);
    if (result.text) write(`${look.quiet(paragraph(result.text, look, '    '))}\n`);
    if (result.rows === 0 && result.note) write(`${look.quiet('    /why shows what decided.')}\n`);
    write('\n');
  };

  const end = () => {
    spinner.stop();
    flow.end();
  };

  const show = (event: ChatEvent) => {
    if (event.type === 'text') {
      spinner.stop();
      text += event.text;
      return flow.push(event.text);
    }
    end();
    if (event.type === 'error') return write(`${look.alarm('  No answer.')} ${plainLine(event.message, 400)}\n`);
    if (event.type === 'tool-start') {
      started.set(event.id, event.arguments);
      return spinner.start(`${plainLine(event.tool, 60)} is running`);
    }
    if (event.type !== 'tool-result') return;
    showResult(event);
    spinner.start('thinking');
  };
  return { runs, text: () => text, show, end };
}
