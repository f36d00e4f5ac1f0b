import type { Pool } from 'pg';
import type { Identity } from 'safeconduct/identity';
import { z } from 'zod';
import type { Calendars } from '../calendar/calendar.ts';
import { answer, toChatEvent } from '../chat/answer.ts';
import type { ChatEvent, Turn } from '../chat/events.ts';
import { nameOf } from '../database/name.ts';
import { errorFields, type Log } from '../log.ts';
import type { ChosenModel } from '../models/model.ts';
import { streamOf } from '../streams.ts';

/** What `POST /api/chat` takes: the conversation so far, ending with the person's own words. */
export const chatRequest = z.strictObject({
  messages: z
    .array(z.strictObject({ role: z.enum(['user', 'assistant']), text: z.string().max(8000) }))
    .min(1)
    .max(60)
    .refine((messages) => messages.at(-1)?.role === 'user' && messages.at(-1)?.text.trim() !== '', 'the last message must be the user’s'),
});

export interface ChatLines {
  readonly identity: Identity;
  readonly pool: Pool;
  readonly calendars: Calendars;
  readonly model: ChosenModel;
  readonly turns: readonly Turn[];
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Called once when the answer is over, however it ends. */
  readonly onEnd: () => void;
}

/** Answers as lines of JSON, one event each, while the answer is being made. */
export function chatResponse(options: ChatLines): Response {
  return new Response(streamOf(linesOf(options)), {
    headers: { 'content-type': 'application/x-ndjson; charset=utf-8', 'cache-control': 'no-store', 'x-accel-buffering': 'no' },
  });
}

async function* linesOf({ onEnd, signal, ...options }: ChatLines): AsyncGenerator<Uint8Array> {
  // Whoever stops reading stops the model and the tools, too.
  const left = new AbortController();
  try {
    const name = await nameOf(options.identity, options.pool);
    const parts = answer({ ...options, name, model: options.model.model, signal: AbortSignal.any([signal, left.signal]) });
    for await (const part of parts) yield line(toChatEvent(part));
  } catch (error) {
    options.log('chat_failed', errorFields(error));
    yield line({ type: 'error', message: 'The answer broke off. Ask again in a moment.' });
    yield line({ type: 'done' });
  } finally {
    left.abort();
    onEnd();
  }
}

const encoder = new TextEncoder();

function line(event: ChatEvent): Uint8Array {
  return encoder.encode(`${JSON.stringify(event)}\n`);
}
