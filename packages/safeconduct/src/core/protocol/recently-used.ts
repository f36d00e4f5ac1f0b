/** A bounded map that forgets what nobody asked for, in two halves: without a walk through all, and without a timer. */
export interface RecentlyUsed<Value, Key = string> {
  get(key: Key): Value | undefined;
  put(key: Key, value: Value): void;
  drop(key: Key): void;
  clear(): void;
}

/** Keeps at most `size` values: the half that was asked for last stays when the other half has to go. */
export function recentlyUsed<Value, Key = string>(size: number): RecentlyUsed<Value, Key> {
  let young = new Map<Key, Value>();
  let old = new Map<Key, Value>();

  const put = (key: Key, value: Value): void => {
    if (young.size >= size / 2 && !young.has(key)) {
      old = young;
      young = new Map();
    }
    young.set(key, value);
  };
  return {
    get(key) {
      const value = young.get(key);
      if (value !== undefined) return value;
      const older = old.get(key);
      if (older !== undefined) put(key, older);
      return older;
    },
    put,
    drop(key) {
      young.delete(key);
      old.delete(key);
    },
    clear() {
      young = new Map();
      old = new Map();
    },
  };
}
