/** Requests that a dialect refuses before the engine sees them, in its own words. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AnswerFacts } from '../dialects/dialect.ts';
import type { RequestRefused } from './spoken.ts';
import type { Voice } from './voice.ts';

export interface Refusing {
  readonly voice: Voice;
  readonly refused: RequestRefused;
}

/** Answers in JSON. Any page may read it: it says nothing about anybody. */
export function refuseInDialect(request: IncomingMessage, response: ServerResponse, { voice, refused }: Refusing): void {
  const { status, error, route, message, parameters, query } = refused;
  const body = { error, error_description: message };
  const facts: AnswerFacts = {
    origin: voice.origin,
    place: voice.place,
    tenant: voice.tenant,
    ...nobody,
    parameters,
    query,
    header: (name) => request.headers[name.toLowerCase()]?.toString(),
    requestId: request.headers['x-request-id']?.toString() ?? randomUUID(),
  };
  const answer = voice.dialect.answer?.({ route, status, body, headers: {} }, facts) ?? { status, body };
  response.writeHead(answer.status, {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    'access-control-allow-origin': '*',
    'x-content-type-options': 'nosniff',
    ...('headers' in answer && answer.headers),
  });
  response.end(JSON.stringify(answer.body));
}

const nobody = {
  account: undefined,
  client: undefined,
  projectClients: [],
  api: undefined,
  roles: [],
  scopes: [],
  asked: '',
  session: undefined,
  grant: undefined,
  signIn: undefined,
  grantType: undefined,
} as const;
