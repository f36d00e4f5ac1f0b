/** Answers of the database that are used again for a while. */

/** An answer, and for how long it is good: milliseconds. */
export interface Remembered<T> {
  readonly value: T;
  readonly maxAge: number;
}

const CAPACITY = 10_000;

/** Reads once per key while an answer is fresh, and once for all who ask at the same time. `maxAge` bounds it while it is read. */
export function remembered<T>(read: (key: string) => Promise<Remembered<T>>, maxAge: number): (key: string) => Promise<T> {
  const seen = new Map<string, { until: number; readonly value: Promise<T> }>();
  return (key) => {
    const hit = seen.get(key);
    if (hit && hit.until > performance.now()) return hit.value;
    const asked = performance.now();
    const answer = read(key);
    const entry = { until: asked + maxAge, value: answer.then(({ value }) => value) };
    if (seen.size >= CAPACITY) seen.clear();
    seen.set(key, entry);
    answer.then(
      (known) => {
        entry.until = asked + known.maxAge;
      },
      () => seen.delete(key),
    );
    return entry.value;
  };
}
