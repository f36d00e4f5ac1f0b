import type { JSONValue } from 'ai';
import type { Identity } from 'safeconduct/identity';
import type { z } from 'zod';
import type { Added, CalendarEvent } from '../calendar/calendar.ts';
import type { Connect, Table } from '../chat/events.ts';
import type { Doors } from '../database/doors.ts';

/** What a tool gives back: `answer` for the model, the rest for the person. */
export interface Outcome {
  /** How many rows the database let through. */
  readonly rows: number;
  /** What the model reads. Small, typed, without identity, token or database text. */
  readonly answer: JSONValue;
  readonly table?: Table;
  readonly text?: string;
  /** What decided, where it was not the database policy alone. */
  readonly note?: string;
  /** What the person has to connect first. The model never reads it. */
  readonly connect?: Connect;
}

/** What a tool runs with. `input` is the model's; everything else comes from the verified person. */
export interface ToolContext<Input> {
  readonly input: Input;
  readonly identity: Identity;
  /** Name of the person, for sentences. */
  readonly name: string;
  readonly db: Doors;
  /** The calendar that the person connected, if any. */
  readonly calendar: { add(event: CalendarEvent): Promise<Added> };
}

/** One thing that the assistant can do. Its input has no identity field: who asks is never an argument. */
export interface ShopTool<Schema extends z.ZodType = z.ZodType> {
  readonly name: string;
  readonly description: string;
  readonly input: Schema;
  /** Scopes that the person's token needs. */
  readonly scopes: readonly string[];
  /** The database policy that decides which rows come back. */
  readonly policy: string;
  /** The one that decides for employees, where a tool uses their door. */
  readonly supportPolicy?: string;
  run(context: ToolContext<z.output<Schema>>): Promise<Outcome>;
}

/** Keeps the types of one tool together. */
export function defineTool<Schema extends z.ZodType>(tool: ShopTool<Schema>): ShopTool<Schema> {
  return tool;
}
