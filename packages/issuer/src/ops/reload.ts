/** A value that is built anew while others use it. */
export interface Reloading<T> {
  /** The newest one. Take it once per request, so that a request ends on the one it began with. */
  current(): T;
  reload(): Promise<void>;
}

/**
 * Wires such a value. The engine takes its signing keys once, when it is created, so a new set of keys means a new engine;
 * all state is in the database, and nobody notices.
 */
export async function createReloading<T>(build: () => Promise<T>): Promise<Reloading<T>> {
  let newest = await build();
  return Object.freeze({
    current: () => newest,
    async reload() {
      newest = await build();
    },
  });
}
