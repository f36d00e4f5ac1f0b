/** Asks the admin API over HTTP, and turns everything that is no answer into a sentence with what to do next. */
import { ADMIN_PATH } from '../admin/routes/table.ts';
import { CommandProblem } from './problem.ts';
import type { Session } from './session.ts';
import { plainLine } from './terminal.ts';

const TIMEOUT = 30_000;
const LARGEST = 16 * 1024 * 1024;

export interface Question {
  readonly method: string;
  /** Below `/admin/v1`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly body?: Readonly<Record<string, unknown>> | undefined;
  /** Milliseconds. Default 30,000. */
  readonly timeout?: number;
}

/** Asks one question as the bearer of the session's token. Gives what was answered; undefined for an empty answer. */
export async function ask(issuer: string, session: Session, question: Question): Promise<unknown> {
  const url = new URL(`${issuer}${ADMIN_PATH}${question.path}`);
  for (const [name, value] of Object.entries(question.query ?? {})) url.searchParams.set(name, String(value));
  const first = await send(url, session.accessToken, question);
  if (first.status !== 401) return read(first, session);
  const renewed = await session.renew();
  return renewed ? read(await send(url, renewed.accessToken, question), renewed) : read(first, session);
}

/** Posts to an address on this machine that asks for no token. */
export async function post(url: string, body: object): Promise<unknown> {
  return read(await request(new URL(url), { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }));
}

function send(url: URL, token: string, { method, body, timeout }: Question): Promise<Answered> {
  return request(url, {
    ...(timeout !== undefined && { signal: AbortSignal.timeout(timeout) }),
    method,
    headers: { accept: 'application/json', authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  });
}

interface Answered {
  readonly status: number;
  readonly retryAfter: string | null;
  /** Names the line of the issuer's log. */
  readonly requestId: string | null;
  readonly issuer: string;
  readonly text: string;
}

async function request(url: URL, init: RequestInit): Promise<Answered> {
  try {
    // A redirect could take the token elsewhere.
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT), ...init, redirect: 'error' });
    const { status, headers } = response;
    const [retryAfter, requestId] = [headers.get('retry-after'), headers.get('x-request-id')];
    return { status, retryAfter, requestId, issuer: url.origin, text: await bounded(response) };
  } catch (cause) {
    if (cause instanceof CommandProblem) throw cause;
    throw new CommandProblem(
      `${url.origin} does not answer (${reasonOf(cause)}). Start the issuer, or name another one with --issuer or SAFECONDUCT_ISSUER.`,
      { error: 'unreachable', cause },
    );
  }
}

async function bounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > LARGEST) throw new CommandProblem('The answer is larger than this command takes.', { error: 'answer_invalid' });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function reasonOf(error: unknown): string {
  const causes = [error, error instanceof Error ? error.cause : undefined];
  const code = causes.map((one) => (one instanceof Error && 'code' in one ? one.code : undefined)).find((one) => typeof one === 'string');
  return code ?? (error instanceof Error && error.name === 'TimeoutError' ? 'no answer in time' : 'no connection');
}

function read(answered: Answered, session?: Session): unknown {
  const { status, text } = answered;
  const body = text === '' ? undefined : parsed(text);
  if (status >= 200 && status < 300) {
    if (text !== '' && body === undefined) throw notAdmin(answered);
    return body;
  }
  throw refusal(answered, refusalOf(body), session);
}

interface Refusal {
  readonly error?: string;
  readonly description?: string;
  readonly problems: readonly string[];
}

function refusal(answered: Answered, { error, description, problems }: Refusal, session: Session | undefined): CommandProblem {
  const { status, retryAfter, issuer } = answered;
  if (status === 401 && session)
    return new CommandProblem(
      `${issuer} does not accept ${session.named}: it has expired, was ended, or is for another issuer. ${session.remedy}`,
      {
        error: error ?? 'invalid_token',
      },
    );
  if (status === 503) {
    const wait = retryAfter === null ? 'in a moment' : `in ${plainLine(retryAfter)} seconds`;
    return new CommandProblem(`${issuer} cannot answer now: ${description ?? 'it is not ready'} Try again ${wait}.`, {
      error: error ?? 'unavailable',
    });
  }
  if (status >= 500) return broken(answered);
  if (description === undefined || (status === 404 && description === NO_SUCH_PATH)) return notAdmin(answered);
  const next = error === 'insufficient_scope' ? ' Ask an administrator of this issuer, or act as somebody who may.' : '';
  // The findings stand below, one a line.
  const first = problems[0] === undefined ? -1 : description.indexOf(problems[0]);
  const said = first > 0 ? description.slice(0, first).trim() : description;
  return new CommandProblem(`${said}${next}`, { error: error ?? 'refused', problems });
}

/** What an origin that has no pages says of a path that it does not know. */
const NO_SUCH_PATH = 'There is nothing here.';

const broken = ({ issuer, status, requestId }: Answered) =>
  new CommandProblem(
    `Something went wrong at ${issuer} (${status}), not with your command. ` +
      `Its log says what${requestId === null ? '' : `, under the request id ${plainLine(requestId)}`}.`,
    { error: 'server_error' },
  );

// An origin that speaks as a vendor does is the likeliest: it has the port that the issuer has by default.
const notAdmin = ({ issuer, status }: Answered) =>
  new CommandProblem(
    `${issuer} has no admin API (${status}). Where \`safeconduct dev\` speaks as a vendor does, that is at another address, which it prints: ` +
      'name that one with --issuer or SAFECONDUCT_ISSUER. If this is the issuer itself, check whether its version fits.',
    {
      error: 'answer_invalid',
    },
  );

function refusalOf(body: unknown): Refusal {
  if (typeof body !== 'object' || body === null) return { problems: [] };
  const { error, error_description: description, problems } = body as Readonly<Record<string, unknown>>;
  return {
    ...(typeof error === 'string' && { error: plainLine(error) }),
    ...(typeof description === 'string' && description !== '' && { description: sentence(plainLine(description)) }),
    problems: Array.isArray(problems) ? problems.map((one) => plainLine(typeof one === 'string' ? one : JSON.stringify(one))) : [],
  };
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
