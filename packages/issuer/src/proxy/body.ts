/** The body of a request on its way: a small one is held, so that it can be sent again; a large one streams, and both have an end. */
import type { IncomingMessage } from 'node:http';
import { Transform } from 'node:stream';
import { ProxyRefused } from './refusal.ts';

/** A body that is held in memory may be sent twice. */
const HELD = 65_536;

/** Null when there is none. */
export type Body = Buffer | Transform | null;

/** Takes the body of a request. Throws a `ProxyRefused` when it is longer than `most`. */
export async function takeBody(request: IncomingMessage, most: number): Promise<Body> {
  const { 'content-length': length, 'transfer-encoding': chunked } = request.headers;
  if (Number(length ?? 0) > most) throw tooLarge(most);
  if (length === undefined && chunked === undefined) return null;
  if (length !== undefined && Number(length) <= HELD) return held(request);
  const counting = counted(most);
  // Whoever sends it on hears of a failure; nobody may be there to hear of it.
  counting.on('error', () => {});
  return request.pipe(counting);
}

async function held(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  try {
    // Node's parser gives no more than content-length.
    for await (const chunk of request) chunks.push(chunk as Buffer);
  } catch {
    throw new ProxyRefused('request_timeout', 'the body did not come');
  }
  return Buffer.concat(chunks);
}

/** Lets so many bytes through and then fails. */
export function counted(most: number, failure: (most: number) => Error = tooLarge): Transform {
  let size = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      size += chunk.byteLength;
      if (size > most) done(failure(most));
      else done(null, chunk);
    },
  });
}

const tooLarge = (most: number) => new ProxyRefused('request_too_large', `the body is larger than ${most} bytes`);
