/** A small server that speaks OpenAI's chat completions, streaming, with whatever a test wants the model to say. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Asked {
  readonly messages: readonly { readonly role: string; readonly content?: unknown }[];
  readonly tools?: readonly { readonly function: { readonly name: string; readonly parameters: object } }[];
}

/** What the model says to one request: words, or calls of tools. */
export type Says = { readonly text: string } | { readonly calls: readonly (readonly [tool: string, input: object])[] };

export interface TestModelServer {
  readonly url: string;
  /** Everything that the model was sent. */
  readonly asked: Asked[];
  /** What the Authorization and api-key headers and the address were. */
  readonly seen: { readonly url: string; readonly key: string }[];
  close(): Promise<void>;
}

/** `script` gives the answer to the n-th request; undefined answers with status 500. */
export async function startModelServer(script: (index: number, asked: Asked) => Says | undefined): Promise<TestModelServer> {
  const asked: Asked[] = [];
  const seen: { url: string; key: string }[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Asked;
    asked.push(body);
    seen.push({ url: request.url ?? '', key: String(request.headers.authorization ?? request.headers['api-key'] ?? '') });
    const says = script(asked.length - 1, body);
    if (says === undefined)
      return response.writeHead(500, { 'content-type': 'application/json' }).end('{"error":{"message":"secret-internal-detail"}}');
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const delta of deltasOf(says)) response.write(`data: ${JSON.stringify(chunk(delta))}\n\n`);
    response.write(`data: ${JSON.stringify(chunk({}, 'text' in says ? 'stop' : 'tool_calls'))}\n\n`);
    response.end('data: [DONE]\n\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    seen,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function deltasOf(says: Says): object[] {
  if ('text' in says) return (says.text.match(/\S+\s*/g) ?? []).map((content) => ({ role: 'assistant', content }));
  return says.calls.map(([name, input], index) => ({
    role: 'assistant',
    tool_calls: [{ index, id: `call_${index}_${name}`, type: 'function', function: { name, arguments: JSON.stringify(input) } }],
  }));
}

function chunk(delta: object, finish: string | null = null): object {
  return { id: 'c1', object: 'chat.completion.chunk', created: 1, model: 'test', choices: [{ index: 0, delta, finish_reason: finish }] };
}
