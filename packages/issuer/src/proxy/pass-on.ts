/** Sends a request to the third party with the person's token, and its answer back: both as streams, within limits. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { type Dispatcher, errors } from 'undici';
import { type OutboundAgent, OutboundRefused } from '../connections/outbound-agent.ts';
import { type Body, counted } from './body.ts';
import { headersBack, headersThere } from './headers.ts';
import { ProxyRefused } from './refusal.ts';

export interface ProxyLimits {
  /** Bytes of a request's body. */
  readonly request: number;
  /** Bytes of an answer's body, as it comes over the wire. */
  readonly response: number;
  /** Milliseconds until the answer begins, and between two parts of it. */
  readonly headersTimeout: number;
  /** Milliseconds for all of it. */
  readonly overall: number;
}

export interface Passing {
  readonly outbound: OutboundAgent;
  readonly limits: ProxyLimits;
  readonly request: IncomingMessage;
  readonly destination: { readonly origin: string; readonly path: string; readonly url: URL };
  readonly body: Body;
  /** Ends it. */
  readonly signal: AbortSignal;
}

export type Answer = Dispatcher.ResponseData;

/** Asks the third party. Throws a `ProxyRefused` when there is no answer that may be passed back. */
export async function askThere(passing: Passing, accessToken: string): Promise<Answer> {
  const { outbound, limits, request, destination, body, signal } = passing;
  try {
    outbound.check(destination.url);
    const answer = await outbound.agent.request({
      origin: destination.origin,
      path: destination.path,
      method: request.method ?? 'GET',
      headers: headersThere(request.headers, accessToken),
      body,
      signal,
      headersTimeout: limits.headersTimeout,
      bodyTimeout: limits.headersTimeout,
    });
    return await acceptable(answer, passing);
  } catch (error) {
    throw refusalOf(error, signal);
  }
}

async function acceptable(answer: Answer, { limits, request }: Passing): Promise<Answer> {
  const { statusCode: status, headers } = answer;
  if (status >= 300 && status < 400 && status !== 304)
    throw await dropped(answer, new ProxyRefused('upstream_redirect', 'the third party answered with a redirect, which is not followed'));
  // To HEAD and with 304 the length is that of a body which does not come.
  const bodiless = request.method === 'HEAD' || status === 304;
  if (!bodiless && Number(headers['content-length'] ?? 0) > limits.response) throw await dropped(answer, tooLarge(limits.response));
  return answer;
}

async function dropped(answer: Answer, refusal: ProxyRefused): Promise<ProxyRefused> {
  await drop(answer);
  return refusal;
}

/** Lets go of an answer that nobody gets. */
export async function drop({ body }: Answer): Promise<void> {
  body.on('error', () => {});
  await body.dump({ limit: 16_384 }).catch(() => {});
}

/** Passes the answer back. When it breaks off or grows too long the connection breaks, so that nobody takes a part for the whole. */
export async function passBack(
  answer: Answer,
  response: ServerResponse,
  { limits, signal }: Pick<Passing, 'limits' | 'signal'>,
): Promise<void> {
  response.writeHead(answer.statusCode, headersBack(answer.headers, answer.statusCode));
  await pipeline(answer.body, counted(limits.response, tooLarge), response, { signal });
}

const tooLarge = (most: number) => new ProxyRefused('upstream_too_large', `the third party's answer is larger than ${most} bytes`);

function refusalOf(error: unknown, signal: AbortSignal): Error {
  if (error instanceof ProxyRefused) return error;
  if (error instanceof OutboundRefused)
    return new ProxyRefused('upstream_unreachable', 'the host of this connection is not one that the issuer may reach');
  if (signal.reason instanceof ProxyRefused) return signal.reason;
  if (signal.aborted || error instanceof errors.HeadersTimeoutError || error instanceof errors.ConnectTimeoutError)
    return new ProxyRefused('upstream_timeout', 'the third party did not answer in time');
  return new ProxyRefused('upstream_unreachable', 'the third party gave no answer');
}
