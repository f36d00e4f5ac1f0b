import { type ChatEvent, type ChatMessage, parseEvent } from './events.ts';
import { plainLine } from './plain-text.ts';

/** Gives an access token; with `refused`, one that is not the token the shop has just refused. */
export type AccessTokenSource = (options: { readonly refused: string | undefined; readonly signal: AbortSignal }) => Promise<string>;

/** The shop's HTTP API, as one signed-in person. */
export interface ChatApi {
  /** Sends the conversation and yields the answer as it comes. Throws `ChatRefused` when there is none. */
  ask(messages: readonly ChatMessage[], signal: AbortSignal): AsyncGenerator<ChatEvent>;
  /** What answers, in the shop's own words, such as the name of a model; undefined when it does not say. */
  model(signal: AbortSignal): Promise<string | undefined>;
}

/** The shop did not answer. The message says what to do. */
export class ChatRefused extends Error {
  override readonly name = 'ChatRefused';
}

const longestLine = 1_000_000;

/** Splits a byte stream into lines. */
async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let rest = '';
  const decoder = new TextDecoder();
  for await (const bytes of body) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > longestLine) throw new ChatRefused('The shop sent a line that is too long. Ask again.');
    yield* lines;
  }
  if (rest) yield rest;
}

async function describeRefusal(response: Response): Promise<string> {
  const text = await response.text().catch(() => '');
  try {
    const { error_description: description } = JSON.parse(text) as { error_description?: unknown }; // checked in the next line
    if (typeof description === 'string') return plainLine(description);
  } catch {
    // not JSON: the status has to do
  }
  return `The shop answered with status ${response.status}.`;
}

const advice: Readonly<Record<number, string>> = {
  401: 'Sign in again: /logout, then start anew.',
  403: 'Your account may not do this.',
  429: 'Wait a moment, then ask again.',
};

/** Creates the client of the API at `api`, such as `http://localhost:3000/api`. */
export function createChatApi({
  api,
  accessToken,
  fetch,
}: {
  api: string;
  accessToken: AccessTokenSource;
  fetch: typeof globalThis.fetch;
}): ChatApi {
  const send = async (token: string, messages: readonly ChatMessage[], signal: AbortSignal): Promise<Response> => {
    try {
      return await fetch(`${api}/chat`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', accept: 'application/x-ndjson' },
        body: JSON.stringify({ messages }),
        redirect: 'error', // the token goes to this address and to no other
        signal,
      });
    } catch (error) {
      if (signal.aborted) throw error;
      throw new ChatRefused(`No answer from ${api}. Is the shop still running?`, { cause: error });
    }
  };
  return {
    async *ask(messages, signal) {
      const first = await accessToken({ refused: undefined, signal });
      let response = await send(first, messages, signal);
      if (response.status === 401) {
        await response.body?.cancel();
        response = await send(await accessToken({ refused: first, signal }), messages, signal);
      }
      if (!response.ok || !response.body) {
        throw new ChatRefused(`${await describeRefusal(response)} ${advice[response.status] ?? 'Ask again in a moment.'}`);
      }
      yield* eventsOf(response.body);
    },
    model: async (signal) => {
      const authorization = `Bearer ${await accessToken({ refused: undefined, signal })}`;
      const response = await fetch(`${api}/me`, { headers: { authorization }, redirect: 'error', signal });
      const body: unknown = response.ok ? await response.json() : undefined;
      const model = typeof body === 'object' && body !== null && 'model' in body ? body.model : undefined;
      return typeof model === 'string' ? plainLine(model, 80) : undefined;
    },
  };
}

async function* eventsOf(body: ReadableStream<Uint8Array>): AsyncGenerator<ChatEvent> {
  for await (const line of linesOf(body)) {
    const event = parseEvent(line);
    if (event) yield event;
    if (event?.type === 'done') return;
  }
  yield { type: 'error', message: 'The answer broke off. Ask again.' };
}
