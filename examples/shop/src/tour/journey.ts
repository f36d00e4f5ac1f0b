/** Runs steps one after the other, prints a line with the evidence of each, and counts them. */

/** What a step saw, in a few words: the proof that it is true. */
type Evidence = string;

export interface Journey {
  /** Runs one step. A thrown error ends the journey; its message says what was seen instead. */
  step: Step;
  /** How many steps were ticked. */
  readonly done: number;
}

interface Step {
  (name: string, work: () => Promise<Evidence>): Promise<void>;
  <Value>(name: string, work: () => Promise<{ evidence: Evidence; value: Value }>): Promise<Value>;
}

/** Goes on only if `held`; otherwise the step failed, and `seen` says how. */
export function expect(held: boolean, seen: string): asserts held {
  if (!held) throw new Error(`not as promised: ${seen}`);
}

export interface JourneyOptions {
  readonly print: (line: string) => void;
  readonly colour: boolean;
}

export function createJourney({ print, colour }: JourneyOptions): Journey {
  const paint = (code: number, text: string) => (colour ? `\u001b[${code}m${text}\u001b[0m` : text);
  let done = 0;
  const step = async <Value>(name: string, work: () => Promise<Evidence | { evidence: Evidence; value: Value }>) => {
    const begun = performance.now();
    const label = `${String(done + 1).padStart(2)}  ${name.padEnd(34)}`;
    try {
      const seen = await work();
      done += 1;
      const evidence = typeof seen === 'string' ? seen : seen.evidence;
      print(`${paint(32, '✓')} ${label} ${evidence}${paint(2, `  ${Math.round(performance.now() - begun)} ms`)}`);
      return typeof seen === 'string' ? undefined : seen.value;
    } catch (error) {
      print(`${paint(31, '✗')} ${label} ${error instanceof Error ? error.message : String(error)}`);
      throw error;
    }
  };
  return {
    get done() {
      return done;
    },
    step: step as Step,
  };
}
