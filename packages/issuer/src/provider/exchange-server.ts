/** Stands before the engine's token endpoint: answers plain exchanges itself, and hands everything else on as it came. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Place } from '../dialects/facts.ts';
import { StoreUnavailable } from '../store/unavailable.ts';
import type { Form } from './client-proof.ts';
import type { ExchangeAnswer } from './exchange-answer.ts';
import { FEDERATED_EXCHANGE } from './exchange-names.ts';
import { endableToken, type TokenSource } from './find-token.ts';
import { type TokenRequest, tokenRequest } from './front.ts';
import { createShortExchange, type ShortExchange, type ShortExchangeOptions } from './short-exchange.ts';
import { rememberWire, wireOf } from './wire.ts';

export interface ExchangeServerOptions extends ShortExchangeOptions, TokenSource {
  readonly place: Place;
  /** Told of what went wrong on the short way, which the long way then answers. */
  readonly warn: (fields: { readonly error: unknown }, message: string) => void;
}

/** Answers a request, or gives the one that the engine is to answer. */
export type ExchangeServer = (request: IncomingMessage, response: ServerResponse) => Promise<IncomingMessage | undefined>;

export function createExchangeServer(options: ExchangeServerOptions): ExchangeServer {
  const short = createShortExchange(options);
  return async (request, response) => {
    const asked = await tokenRequest(request, options.place);
    const form = asked && formOf(asked.body);
    if (!asked || !form) return asked ? handedOn(request, asked) : request;
    const client = isUnnamed(request, form) ? await clientOfSubject(form, options) : undefined;
    const answer = await answered(short, { request, form: client === undefined ? form : { ...form, client_id: client }, options });
    if (!answer) return handedOn(request, { ...asked, client });
    send(response, answer);
    return undefined;
  };
}

/** The form of what may be an exchange; undefined for other grants, and when something is there twice. */
function formOf(body: Buffer): Form | undefined {
  if (!body.includes('token-exchange')) return undefined;
  const pairs = new URLSearchParams(body.toString());
  const form: Record<string, string> = {};
  // Half of what its iterator costs.
  pairs.forEach((value, name) => {
    form[name] = value;
  });
  return Object.keys(form).length === pairs.size ? form : undefined;
}

/** The request for the engine, with what was said on the wire. */
function handedOn(request: IncomingMessage, { again, client }: TokenRequest & { readonly client?: string | undefined }): IncomingMessage {
  const copy = again(client === undefined ? '' : `&${new URLSearchParams({ client_id: client })}`);
  const wire = wireOf(request);
  if (wire) rememberWire(copy, wire);
  return copy;
}

interface Asked {
  readonly request: IncomingMessage;
  readonly form: Form;
  readonly options: ExchangeServerOptions;
}

async function answered(short: ShortExchange, { request, form, options }: Asked): Promise<ExchangeAnswer | undefined> {
  // What a page in a browser may read, the engine decides.
  if (request.headers.origin !== undefined) return undefined;
  try {
    return await short(request, form);
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) options.warn({ error }, 'an exchange takes the long way');
    return undefined;
  }
}

/**
 * Auth0's SDK for Node sends its secret and no client_id with this grant. The subject token says whose it is; the secret is
 * then verified as always, so that nobody gains by it.
 */
function isUnnamed({ headers }: IncomingMessage, { grant_type, client_id, client_secret }: Form): boolean {
  return grant_type === FEDERATED_EXCHANGE && client_id === undefined && headers.authorization === undefined && client_secret !== undefined;
}

async function clientOfSubject(form: Form, options: ExchangeServerOptions): Promise<string | undefined> {
  const token = await endableToken(options, form.subject_token ?? '').catch(() => undefined);
  return token?.client;
}

const HEADERS = {
  'content-type': 'application/json; charset=utf-8',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  vary: 'Origin',
} as const;

function send(response: ServerResponse, answer: ExchangeAnswer): void {
  // A text goes out together with the headers, in one write.
  const body = JSON.stringify(answer);
  response.writeHead(200, { ...HEADERS, 'content-length': Buffer.byteLength(body) }).end(body);
}
