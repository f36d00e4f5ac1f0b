import type { PgConnection } from './pg-shapes.ts';

// What an answer holds besides its rows: names and types of up to 1,664 columns.
const besides = 256 * 1024;

/**
 * Calls `hangUp` once more than `most` bytes have come in, in the middle of a row if need be: pg hands a row out only
 * when all of it is in memory, and one row can be a gigabyte. Gives back what ends the watch.
 */
export function hangUpBeyond(most: number, { stream }: PgConnection, hangUp: () => void): () => void {
  let size = 0;
  const stop = (): void => void stream.removeListener?.('data', weigh);
  const weigh = ({ length }: Uint8Array): void => {
    size += length;
    if (size <= most + besides) return;
    size = Number.NEGATIVE_INFINITY; // once
    stop();
    hangUp();
  };
  stream.on?.('data', weigh);
  return stop;
}
