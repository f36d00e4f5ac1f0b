import { randomUUID } from 'node:crypto';
import { type JSONValue, type ToolSet, tool } from 'ai';
import type { Pool } from 'pg';
import type { Identity } from 'safeconduct/identity';
import { describeDatabaseError } from 'safeconduct/query';
import type { CalendarEvent, Calendars } from '../calendar/calendar.ts';
import type { Table } from '../chat/events.ts';
import { doorsFor } from '../database/doors.ts';
import { errorFields, type Log } from '../log.ts';
import { allTools } from './all-tools.ts';
import type { Outcome, ShopTool } from './tool.ts';

/** What is kept of one tool call: for the person, the proof of who ran it; for the model, `answer` alone. */
export interface ToolRun extends Outcome {
  readonly tool: string;
  readonly arguments: unknown;
  /** The person's name, and the subject that the database compared. */
  readonly ranAs: string;
  readonly subject: string;
  readonly ms: number;
  /** The database policy that decided. */
  readonly policy: string;
  /** The same word stands in the log. */
  readonly trace: string;
  readonly table?: Table;
  readonly text?: string;
  readonly note: string;
}

export interface ToolboxOptions {
  readonly identity: Identity;
  /** Name of the person, for people. */
  readonly name: string;
  readonly pool: Pool;
  readonly calendars: Calendars;
  readonly log: Log;
  /** How many calls one answer may make. */
  readonly limit: number;
}

/** The tools of one request, bound to one person. Nothing in it is shared with another request. */
export function toolboxFor(options: ToolboxOptions): ToolSet {
  let calls = 0;
  const run = (one: ShopTool, input: unknown) => {
    calls += 1;
    return runTool(one, input, { ...options, spent: calls > options.limit });
  };
  return Object.fromEntries(
    allTools.map((one) => [
      one.name,
      tool({
        description: one.description,
        inputSchema: one.input,
        execute: (input: unknown) => run(one as unknown as ShopTool, input),
        // The model reads the answer and nothing else: no subject, no trace, no timing.
        toModelOutput: ({ output }) => ({ type: 'json' as const, value: (output as ToolRun).answer }),
      }),
    ]),
  );
}

interface RunOptions extends ToolboxOptions {
  readonly spent?: boolean;
}

/** Runs one tool as the person. It never throws: what goes wrong becomes a sentence, and the raw error goes to the log. */
export async function runTool(one: ShopTool, input: unknown, options: RunOptions): Promise<ToolRun> {
  const { identity, name, log } = options;
  const trace = randomUUID().slice(0, 8);
  const start = performance.now();
  const outcome = await outcomeOf(one, input, { ...options, trace });
  const ms = Math.round(performance.now() - start);
  const policy = identity.roles.includes('support') ? (one.supportPolicy ?? one.policy) : one.policy;
  log('tool', { tool: one.name, trace, ms, rows: outcome.rows, client: identity.client });
  return {
    tool: one.name,
    arguments: input,
    ranAs: name,
    subject: identity.subject,
    ms,
    policy,
    trace,
    note: `Ran in PostgreSQL as ${name}; policy ${policy} chose the rows.`,
    ...outcome,
  };
}

async function outcomeOf(one: ShopTool, input: unknown, options: RunOptions & { trace: string }): Promise<Outcome> {
  const { identity, name, pool, calendars, log, trace, spent } = options;
  if (spent) return refusal('limit', 'This answer has used all its tool calls. Answer with what is known.');
  const missing = one.scopes.filter((scope) => !identity.scopes.includes(scope));
  if (missing.length > 0)
    return refusal('insufficient_scope', `This sign-in does not allow it: the scope ${missing.join(', ')} is missing.`);
  const parsed = one.input.safeParse(input);
  if (!parsed.success) return refusal('invalid_arguments', 'These arguments do not fit the tool.');
  try {
    const calendar = { add: (event: CalendarEvent) => calendars.add(identity, event) };
    return bounded(await one.run({ input: parsed.data, identity, name, db: doorsFor(identity, pool), calendar }));
  } catch (error) {
    log('tool_failed', { tool: one.name, trace, ...errorFields(error) });
    const { code, message } = describeDatabaseError(error);
    return refusal(code, message);
  }
}

function refusal(code: string, message: string): Outcome {
  return { rows: 0, answer: { error: code, message }, text: message };
}

const mostBytes = 16_000;

// Every query has a LIMIT; this is the last fence before a model's context.
function bounded(outcome: Outcome): Outcome {
  if (Buffer.byteLength(JSON.stringify(outcome.answer satisfies JSONValue)) <= mostBytes) return outcome;
  return refusal('too_large', 'The result is too large to show. Ask for less.');
}
