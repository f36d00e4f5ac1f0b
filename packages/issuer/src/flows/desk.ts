/** What the flows share: whom they ask, and how they answer. */
import type { KeyObject } from 'node:crypto';
import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';
import type { Provider } from 'oidc-provider';
import type { Connections } from '../connections/registry.ts';
import type { Upstream } from '../connections/third-party.ts';
import type { Tickets } from '../connections/tickets.ts';
import type { UpstreamRequests } from '../connections/upstream-requests.ts';
import type { Vault } from '../connections/vault.ts';
import { errorPage } from '../pages/error.ts';
import type { Frame } from '../pages/layout.ts';
import type { SignInAttempt, SignInResult } from '../people/sign-in.ts';
import type { Lifetimes } from '../provider/limits.ts';
import type { Voice } from '../provider/voice.ts';
import type { Store } from '../store/database.ts';
import type { Begun } from './begun.ts';
import type { AddressOf } from './client-address.ts';
import { describeProblem, newReference, type Problem } from './problem.ts';
import { type PagePolicy, pageHeaders } from './security-headers.ts';

/** The log that flows write to: fields without secrets, and a sentence. */
export interface FlowLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface Desk {
  readonly provider: Provider;
  readonly store: Store;
  /** Origin of the issuer. */
  readonly issuer: string;
  readonly voice: Voice;
  readonly signIn: (attempt: SignInAttempt) => Promise<SignInResult>;
  /** Signs form tokens. */
  readonly key: KeyObject;
  readonly frame: Frame;
  readonly addressOf: AddressOf;
  readonly lifetimes: Lifetimes;
  readonly begun: Begun;
  readonly log: FlowLog;
  readonly connections: Connections;
  readonly vault: Vault;
  readonly upstream: Upstream;
  /** What is under way at third parties. */
  readonly trips: UpstreamRequests;
  /** What the JSON API began. */
  readonly tickets: Tickets;
}

export interface Bindings {
  Bindings: HttpBindings;
}
export type FlowContext = Context<Bindings>;

type PageStatus = 200 | 400 | 403 | 404 | 413 | 422 | 429 | 500 | 503;

export interface PageOptions extends PagePolicy {
  readonly status?: PageStatus;
  /** Seconds after which it makes sense to try again. */
  readonly retryAfter?: number | undefined;
}

/** Answers with a page and all its headers. */
export function answerPage({ issuer }: Pick<Desk, 'issuer'>, c: FlowContext, page: string, options: PageOptions = {}): Response {
  const { status = 200, retryAfter, ...policy } = options;
  const headers = { ...pageHeaders(issuer, policy), ...(retryAfter !== undefined && { 'retry-after': String(Math.ceil(retryAfter)) }) };
  return c.html(page, status, headers);
}

/** What the audit log keeps about every request. */
export function circumstances({ addressOf }: Desk, c: FlowContext): { ip: string; requestId: string | undefined } {
  return { ip: addressOf(c.env.incoming), requestId: c.req.header('x-request-id') };
}

/** A request that a flow does not take. It becomes an error page. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly problem: Problem;
  readonly status: PageStatus;

  constructor(status: PageStatus, problem: Problem) {
    super(problem.code);
    this.status = status;
    this.problem = problem;
  }
}

interface Drawn {
  /** It is our fault, not the request's. */
  readonly failed?: boolean;
  readonly requestId?: string | undefined;
}

/** Draws an error page; the log gets the same reference. */
export function drawProblem(
  { frame, log }: Pick<Desk, 'frame' | 'log'>,
  problem: Problem,
  { failed = false, requestId }: Drawn = {},
): string {
  const reference = newReference();
  const { code, detail, client } = problem;
  log[failed ? 'error' : 'warn']({ reference, requestId, code, detail, client }, 'an error page was shown');
  return errorPage(frame, describeProblem(problem, { reference, at: new Date() }));
}
