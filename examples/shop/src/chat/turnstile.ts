/** Lets so many answers run at the same time: for one person, and for all. */
export interface Turnstile {
  /** The function that lets the next one in, or undefined when too many are inside. */
  enter(subject: string): (() => void) | undefined;
}

export function createTurnstile({ each, all }: { each: number; all: number }): Turnstile {
  const inside = new Map<string, number>();
  let total = 0;
  return {
    enter(subject) {
      const own = inside.get(subject) ?? 0;
      if (own >= each || total >= all) return undefined;
      inside.set(subject, own + 1);
      total += 1;
      let left = false;
      return () => {
        if (left) return;
        left = true;
        total -= 1;
        const rest = (inside.get(subject) ?? 1) - 1;
        if (rest > 0) inside.set(subject, rest);
        else inside.delete(subject);
      };
    },
  };
}
