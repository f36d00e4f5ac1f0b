import { z } from 'zod';

const cell = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const table = z.object({ columns: z.array(z.string()), rows: z.array(z.array(cell)) });

const connect = z.object({ name: z.string(), why: z.string(), link: z.url({ protocol: /^https?$/ }), ended: z.boolean().optional() });

const toolResult = z.object({
  type: z.literal('tool-result'),
  id: z.string(),
  tool: z.string(),
  ranAs: z.string(),
  rows: z.number(),
  ms: z.number(),
  table: table.optional(),
  text: z.string().optional(),
  note: z.string().optional(),
  connect: connect.optional(),
});

const chatEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text'), text: z.string() }),
  z.object({ type: z.literal('tool-start'), id: z.string(), tool: z.string(), arguments: z.record(z.string(), z.unknown()).catch({}) }),
  toolResult,
  z.object({ type: z.literal('error'), message: z.string() }),
  z.object({ type: z.literal('done') }),
]);

/** One line of the assistant's answer, as the shop sends it. */
export type ChatEvent = z.infer<typeof chatEvent>;

/** What a tool gave back, and as whom it ran. */
export type ToolResult = z.infer<typeof toolResult>;

/** An account that the person connects before a tool can go on. */
export type Connect = z.infer<typeof connect>;

/** A small table of a tool's result. */
export type ResultTable = z.infer<typeof table>;

/** One turn of the conversation, as the shop takes it. */
export interface ChatMessage {
  readonly role: 'user' | 'assistant';
  readonly text: string;
}

/** Reads one line. Undefined when it is no event that this program knows. */
export function parseEvent(line: string): ChatEvent | undefined {
  try {
    return chatEvent.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
