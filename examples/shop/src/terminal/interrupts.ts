/** What Ctrl-C does while something is under way. */
export interface Interrupts {
  /** Runs work that Ctrl-C ends. Gives true when it did. */
  during(work: (signal: AbortSignal) => Promise<void>): Promise<boolean>;
}

/** The exit code of a program that SIGINT ended, as shells count. */
export const interruptedExit = 130;

/** The first Ctrl-C ends the work, a second one the program. */
export function watchInterrupts(exit: (code: number) => void): Interrupts {
  let current: AbortController | undefined;
  process.on('SIGINT', () => {
    if (current === undefined || current.signal.aborted) return exit(interruptedExit);
    current.abort(new Error('interrupted'));
  });
  return {
    during: async (work) => {
      const controller = new AbortController();
      current = controller;
      try {
        await work(controller.signal);
      } finally {
        current = undefined;
      }
      return controller.signal.aborted;
    },
  };
}
