import type { Pool } from 'pg';
import type { Identity } from 'safeconduct/identity';
import type { Calendars } from '../calendar/calendar.ts';
import { type AnswerPart, answer } from '../chat/answer.ts';
import { errorFields, type Log } from '../log.ts';
import type { ChosenModel } from '../models/model.ts';
import { type Conversations, turnsOf } from './conversations.ts';
import { answerWriter, openAnswer } from './pages/answer.ts';
import { beginning, ending } from './pages/chat.ts';
import type { Bearer } from './pages/layout.ts';

export interface Question {
  readonly identity: Identity;
  readonly bearer: Bearer;
  /** Names the web session. */
  readonly session: string;
  readonly said: string;
  readonly pool: Pool;
  readonly calendars: Calendars;
  readonly model: ChosenModel;
  readonly conversations: Conversations;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Called once when the answer is over, however it ends. */
  readonly onEnd: () => void;
}

const encoder = new TextEncoder();

/** The page as one answer: the conversation at once, the new answer as it comes, the composer at the end. */
export async function* answeringPage(question: Question): AsyncGenerator<Uint8Array> {
  const { bearer, session, said, model, conversations, log, onEnd } = question;
  const past = conversations.of(session);
  const parts: AnswerPart[] = [];
  const writer = answerWriter({ csrf: bearer.csrf, said, connected: false });
  // Whoever closes the page stops the model and the tools, too.
  const left = new AbortController();
  try {
    yield encoder.encode(`${await beginning({ bearer, past, now: said })}${openAnswer({ live: true })}`);
    const signal = AbortSignal.any([question.signal, left.signal]);
    for await (const part of answer({ ...question, name: bearer.name, model: model.model, turns: turnsOf(past, said), signal })) {
      parts.push(part);
      const written = await writer.write(part);
      if (written !== '') yield encoder.encode(written);
    }
  } catch (error) {
    log('chat_failed', errorFields(error));
    const broken: AnswerPart = { type: 'error', message: 'The answer broke off. Ask again in a moment.' };
    parts.push(broken);
    yield encoder.encode(await writer.write(broken));
  } finally {
    left.abort();
    conversations.add(session, { said, parts });
    onEnd();
  }
  yield encoder.encode(`${writer.close()}${await ending({ bearer, model })}`);
}
