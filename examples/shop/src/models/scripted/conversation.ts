import type { LanguageModel } from 'ai';

/** The AI SDK's interface for language models, fourth version. */
export type Model = Extract<LanguageModel, { specificationVersion: 'v4' }>;
export type CallOptions = Parameters<Model['doStream']>[0];
type Prompt = CallOptions['prompt'];

/** A tool's answer, as the AI SDK put it into the prompt. */
export interface Result {
  readonly tool: string;
  readonly answer: Readonly<Record<string, unknown>>;
}

/** What the stand-in knows of a conversation. */
export interface Conversation {
  /** The person's last words. */
  readonly said: string;
  /** What tools gave back since then. */
  readonly results: readonly Result[];
  /** Order numbers in what the assistant said last, in order. */
  readonly listed: readonly number[];
  /** The order that was spoken of last. */
  readonly order: number | undefined;
}

/** Reads the prompt of one call. */
export function readPrompt(prompt: Prompt): Conversation {
  const turns = prompt.flatMap((message) =>
    message.role === 'user' || message.role === 'assistant' ? [{ role: message.role, text: textOf(message) }] : [],
  );
  const last = turns.findLastIndex(({ role }) => role === 'user');
  const before = turns.slice(0, Math.max(last, 0));
  const answered = before.findLast(({ role, text }) => role === 'assistant' && text !== '');
  const numbers = before.flatMap(({ text }) => numbersIn(text));
  const listed = numbersIn(answered?.text ?? '');
  return {
    said: turns[last]?.text ?? '',
    results: resultsOf(prompt.slice(prompt.findLastIndex(({ role }) => role === 'user') + 1)),
    listed,
    order:
      listed.length === 1 ? listed[0] : (numbersIn(before.findLast(({ role }) => role === 'user')?.text ?? '').at(-1) ?? numbers.at(-1)),
  };
}

/** Order numbers as people write them: four to nine digits on their own. */
export function numbersIn(text: string): number[] {
  return [...text.matchAll(/(?<![\d.,€])\d{4,9}(?![\d]|[.,]\d)/g)].map(([digits]) => Number(digits));
}

function textOf(message: Extract<Prompt[number], { role: 'user' | 'assistant' }>): string {
  return message.content.map((part) => (part.type === 'text' ? part.text : '')).join('');
}

function resultsOf(messages: Prompt): Result[] {
  return messages.flatMap((message) => {
    if (message.role !== 'tool') return [];
    return message.content.flatMap((part) => (part.type === 'tool-result' ? [{ tool: part.toolName, answer: answerOf(part.output) }] : []));
  });
}

function answerOf(output: { readonly type: string; readonly value?: unknown }): Readonly<Record<string, unknown>> {
  const { value } = output;
  if (output.type === 'json' && typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  return { error: 'refused', message: 'That call was refused.' };
}
