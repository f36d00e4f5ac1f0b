import type { AnswerPart } from '../chat/answer.ts';
import type { Turn } from '../chat/events.ts';

/** One question and its answer. */
export interface Exchange {
  readonly said: string;
  readonly parts: readonly AnswerPart[];
}

/** What was said in each web session. In memory: it ends with the process, the sign-in does not. */
export interface Conversations {
  of(session: string): readonly Exchange[];
  add(session: string, exchange: Exchange): void;
  forget(session: string): void;
}

export interface ConversationLimits {
  readonly sessions: number;
  readonly exchanges: number;
}

/** Keeps the last exchanges of the sessions that spoke last. */
export function createConversations({ sessions, exchanges }: ConversationLimits = { sessions: 200, exchanges: 30 }): Conversations {
  const kept = new Map<string, readonly Exchange[]>();
  return {
    of: (session) => kept.get(session) ?? [],
    add(session, exchange) {
      const past = kept.get(session) ?? [];
      kept.delete(session);
      kept.set(session, [...past, { said: exchange.said, parts: merged(exchange.parts) }].slice(-exchanges));
      const [oldest] = kept.keys();
      if (kept.size > sessions && oldest !== undefined) kept.delete(oldest);
    },
    forget: (session) => void kept.delete(session),
  };
}

/** The turns that a model gets: words alone, no tool result of an earlier answer. */
export function turnsOf(past: readonly Exchange[], said: string): Turn[] {
  const turns = past.slice(-12).flatMap<Turn>((exchange) => {
    const text = exchange.parts
      .map((part) => (part.type === 'text' ? part.text : ''))
      .join('')
      .trim();
    return [{ role: 'user', text: exchange.said }, ...(text === '' ? [] : [{ role: 'assistant' as const, text }])];
  });
  return [...turns, { role: 'user', text: said }];
}

// Words come one by one; the page is drawn again from pieces, and what only the model read is let go.
function merged(parts: readonly AnswerPart[]): AnswerPart[] {
  const pieces: AnswerPart[] = [];
  for (const part of parts) {
    const last = pieces.at(-1);
    if (part.type === 'text' && last?.type === 'text') pieces[pieces.length - 1] = { type: 'text', text: last.text + part.text };
    else if (part.type === 'tool-ran') pieces.push({ ...part, run: { ...part.run, answer: null } });
    else if (part.type !== 'done' && part.type !== 'tool-start') pieces.push(part);
  }
  return pieces;
}
