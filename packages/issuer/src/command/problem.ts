/** Why a command does not do what it was asked: a sentence for people, and for `--json` what programs read. */
export class CommandProblem extends Error {
  override readonly name = 'CommandProblem';
  /** A short code: the server's own, or `usage`, `unreachable`, `not_signed_in`. */
  readonly error: string;
  /** Single findings, one a line. */
  readonly problems: readonly string[];
  /** 2: the command was written wrongly. 1: it was refused or failed. */
  readonly exitCode: 1 | 2;

  constructor(message: string, { error, problems = [], exitCode = 1, cause }: ProblemFacts) {
    super(message, { cause });
    this.error = error;
    this.problems = problems;
    this.exitCode = exitCode;
  }
}

interface ProblemFacts {
  readonly error: string;
  readonly problems?: readonly string[];
  readonly exitCode?: 1 | 2;
  readonly cause?: unknown;
}

/** The command itself is wrong: a flag is missing, or its value can't be. */
export function usageProblem(message: string, problems: readonly string[] = []): CommandProblem {
  return new CommandProblem(message, { error: 'usage', problems, exitCode: 2 });
}
