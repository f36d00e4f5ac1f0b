/** What every command that speaks to an issuer has in common: two flags, and how it ends when it cannot do what was asked. */
import type { Command } from 'commander';
import { defaultIssuer } from './issuer-address.ts';
import { CommandProblem } from './problem.ts';
import { note, type Terminal } from './terminal.ts';

export interface ActingFlags {
  readonly issuer?: string;
  readonly json: boolean;
}

export function withActingFlags(command: Command): Command {
  return command
    .option('--issuer <url>', `the issuer to speak to (SAFECONDUCT_ISSUER, else ${defaultIssuer})`)
    .option('--json', 'answer in JSON', false);
}

/** Does the work. A problem is told on standard error, in a sentence or as JSON, and becomes the exit code. */
export async function acting(terminal: Terminal, { json }: Pick<ActingFlags, 'json'>, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const problem = error instanceof CommandProblem ? error : undefined;
    note(terminal, json ? inJson(error, problem) : inWords(error, problem));
    process.exitCode = problem?.exitCode ?? 1;
  }
}

function inWords(error: unknown, problem: CommandProblem | undefined): string {
  if (!problem) return `safeconduct: ${unexpected(error)}`;
  return [`safeconduct: ${problem.message}`, ...problem.problems.map((one) => `  - ${one}`)].join('\n');
}

function inJson(error: unknown, problem: CommandProblem | undefined): string {
  const { error: code, message, problems } = problem ?? { error: 'unexpected', message: unexpected(error), problems: [] };
  return JSON.stringify({ error: code, error_description: message, ...(problems.length > 0 && { problems }) });
}

// A programmer's mistake shows where it happened.
function unexpected(error: unknown): string {
  if (error instanceof TypeError && error.stack !== undefined) return error.stack;
  return error instanceof Error ? error.message : String(error);
}
