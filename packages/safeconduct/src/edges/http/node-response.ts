import type { Refusal } from '../../steps/protect/refusal.ts';

/** The part of Node's `IncomingMessage` that is used. Express, Connect and Fastify's `raw` have it too. */
export interface NodeRequest {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly rawHeaders?: readonly string[] | undefined;
}

/** The part of Node's `ServerResponse` that is used. */
export interface NodeResponse {
  statusCode: number;
  readonly headersSent: boolean;
  getHeader(name: string): unknown;
  setHeader(name: string, value: string): unknown;
  end(body: string): unknown;
}

/** Answers a request of Node. Does nothing when something else answered it meanwhile. */
export function answerNode(response: NodeResponse, { status, headers, body }: Refusal): void {
  if (response.headersSent) return;
  response.statusCode = status;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, together(name, value, response.getHeader(name)));
  response.end(body);
}

/** A header's value; of the list that CORS exposes, together with what is exposed already. */
export function together(name: string, value: string, before: unknown): string {
  return name === 'access-control-expose-headers' && typeof before === 'string' ? `${before}, ${value}` : value;
}
