/** One at a time per name, in order of arrival, within this process. */

export interface Turn {
  /** Somebody else was first: what was read before may be old. */
  readonly waited: boolean;
  leave(): void;
}

export interface Turns {
  /** Waits for a turn; undefined when `limit` others wait for the same name already. */
  take(name: string): Promise<Turn | undefined>;
}

export function createTurns(limit: number): Turns {
  const lines = new Map<string, (() => void)[]>();
  const leave = (name: string) => {
    const next = lines.get(name)?.shift();
    if (next) next();
    else lines.delete(name);
  };
  return {
    async take(name) {
      const line = lines.get(name);
      if (line === undefined) {
        lines.set(name, []);
        return { waited: false, leave: () => leave(name) };
      }
      if (line.length >= limit) return undefined;
      await new Promise<void>((resolve) => line.push(resolve));
      return { waited: true, leave: () => leave(name) };
    },
  };
}
