/**
 * Ports for servers of tests that must know their address before they listen. Those above 32768 are no good for that: the system
 * gives them to every connection that any program opens, also between the moment that one was found free and its use. So these
 * come from below, from a row that a process keeps to itself by listening on the row's first port for as long as it lives.
 */
import { randomInt } from 'node:crypto';
import { createServer, type Server } from 'node:net';

const FIRST = 11_000;
const ROW = 50;
const ROWS = 400;

let left: number[] = [];
let turn: Promise<unknown> = Promise.resolve();

/** A port on 127.0.0.1 that nobody listens on, and that nobody else is given. */
export function freePort(): Promise<number> {
  const port = turn.then(next);
  turn = port.catch(() => undefined);
  return port;
}

async function next(): Promise<number> {
  for (;;) {
    if (left.length === 0) left = await newRow();
    const port = left.shift() as number;
    const server = await listening(port);
    if (server === undefined) continue;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
}

async function newRow(): Promise<number[]> {
  const start = randomInt(ROWS);
  for (let tried = 0; tried < ROWS; tried++) {
    const first = FIRST + ((start + tried) % ROWS) * ROW;
    const lock = await listening(first);
    lock?.unref();
    if (lock) return Array.from({ length: ROW - 1 }, (_, index) => first + 1 + index);
  }
  throw new Error(`no free ports for tests from ${FIRST} to ${FIRST + ROW * ROWS - 1}: every row of ${ROW} is taken`);
}

/** Undefined: another program is there. */
function listening(port: number): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error: NodeJS.ErrnoException) => (error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error)));
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}
