/** Asks a server over a few kept-alive connections, one request at a time on each, and counts the answers by status. */
import { connect, type Socket } from 'node:net';

export type Load = Asked & {
  readonly port: number;
  /** How many requests in all. */
  readonly requests: number;
  /** Default 8. */
  readonly connections?: number;
};

/** What is asked: a path, with the bearer token of the n-th request or none; or each request as it is sent. */
type Asked =
  | { readonly path: string; readonly token: (index: number) => string | undefined }
  | { readonly message: (index: number) => string };

/** Sends the requests and gives how often each status was answered. */
export async function drive({ port, requests, connections = 8, ...asked }: Load): Promise<ReadonlyMap<number, number>> {
  const statuses = new Map<number, number>();
  let next = 0;
  const lane = async (): Promise<void> => {
    let line: Line | undefined;
    try {
      while (next < requests) {
        line ??= dial(port);
        line.socket.write('message' in asked ? asked.message(next++) : get(asked.path, { port, bearer: asked.token(next++) }));
        const { value: answer } = await line.answers.next();
        if (answer === undefined) throw new Error('the server hung up');
        statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
        if (answer.last) line.socket.destroy();
        if (answer.last) line = undefined;
      }
    } finally {
      line?.socket.destroy();
    }
  };
  await Promise.all(Array.from({ length: connections }, lane));
  return statuses;
}

function get(path: string, { port, bearer }: { readonly port: number; readonly bearer: string | undefined }): string {
  const authorization = bearer === undefined ? '' : `authorization: Bearer ${bearer}\r\n`;
  return `GET ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\naccept: */*\r\n${authorization}\r\n`;
}

interface Line {
  readonly socket: Socket;
  readonly answers: AsyncGenerator<Answer, undefined>;
}

interface Answer {
  readonly status: number;
  /** The server hangs up after it. */
  readonly last: boolean;
}

function dial(port: number): Line {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  return { socket, answers: answersOf(socket) };
}

/** The answers that come in, each when its body is complete. */
async function* answersOf(socket: Socket): AsyncGenerator<Answer, undefined> {
  let text = '';
  for await (const chunk of socket) {
    text += (chunk as Buffer).toString('latin1');
    for (let length = lengthOf(text); length !== undefined && text.length >= length; length = lengthOf(text)) {
      const answer = text.slice(0, length);
      text = text.slice(length);
      yield { status: Number(answer.slice(9, 12)), last: /\r\nconnection: close\r\n/i.test(answer) };
    }
  }
  return undefined;
}

/** Bytes of the first answer in `text`, or undefined when its head is not complete. The servers here always say how long a body is. */
function lengthOf(text: string): number | undefined {
  const end = text.indexOf('\r\n\r\n');
  if (end === -1) return undefined;
  const length = /\r\ncontent-length: (\d+)/i.exec(text.slice(0, end));
  return end + 4 + Number(length?.[1] ?? 0);
}
