/** Answers that need no engine: a dialect's fixed documents, and what is nowhere. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { StaticDocument } from '../dialects/dialect.ts';
import type { Voice } from '../provider/voice.ts';
import { publishedKeys } from '../secrets/published-keys.ts';
import type { Store } from '../store/database.ts';

export interface DocumentOptions {
  readonly voice: Voice;
  readonly store: Pick<Store, 'run'>;
}

/** Answers with a document of the dialect's own, if the path is one. */
export async function answerDocument(
  request: IncomingMessage,
  response: ServerResponse,
  { voice, store }: DocumentOptions,
): Promise<boolean> {
  const { method = '', url = '' } = request;
  const { dialect, place } = voice;
  if (!dialect.document) return false;
  const [path = '', query = ''] = url.split('?', 2);
  const keys = async () => {
    const found = (await publishedKeys(store, [place.issuer])).get(place.issuer) ?? [];
    return found.map((jwk) => dialect.shapes.key?.(jwk, place) ?? jwk);
  };
  const document = await dialect.document(path, place, new URLSearchParams(query), { method, keys });
  if (document) answerWith(request, response, document);
  return document !== undefined;
}

export function answerWith(request: IncomingMessage, response: ServerResponse, { status, headers, body }: StaticDocument): void {
  request.resume();
  response.writeHead(status, { 'x-content-type-options': 'nosniff', ...headers });
  response.end(request.method === 'HEAD' ? undefined : body);
}

/** Answers with JSON that anybody may read. */
export function answerJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': status === 200 ? 'public, max-age=300' : 'no-store',
    'access-control-allow-origin': '*',
    'x-content-type-options': 'nosniff',
  });
  response.end(JSON.stringify(body));
}
