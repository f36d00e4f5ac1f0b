/** Which tokens of ours an exchange accepts: a person's own, alive, shown by the application it belongs to. */
import type { Client } from 'oidc-provider';
import type { AccountRow } from './account-row.ts';
import { traitsOf } from './applications.ts';
import { isForProxy } from './exchange-names.ts';
import { ExchangeRefused } from './exchange-refusal.ts';
import type { ExchangeRequest } from './exchange-request.ts';
import { endableToken, type TokenSource } from './find-token.ts';
import type { LiveToken } from './live-token.ts';

export interface SubjectOptions extends TokenSource {
  /** Seconds in which a refresh token that has a successor is taken all the same, as when it is refreshed. */
  readonly grace: number;
}

/** A subject token that passed, with the person behind it and the sign-in that it belongs to. */
export interface Subject {
  readonly token: LiveToken;
  readonly person: AccountRow;
  readonly grantId: string;
}

// One sentence for all, so that nobody can try out whose token it is.
const REFUSED = 'the subject token has ended, is of another type, or was not issued to this application';

/** Finds and checks the subject token. It is only looked at: a refresh token stays as it was, and nothing ends. */
export async function readSubject(source: SubjectOptions, request: ExchangeRequest, caller: Client): Promise<Subject> {
  const token = await endableToken(source, request.subjectToken);
  if (!token || token.suspended) throw refused('subject_ended');
  checkType(token, request);
  checkAge(token, source);
  checkBearer(token);
  checkCaller(token, caller);
  checkAudience(token, source);
  const { bearer, grantId } = token;
  if (bearer === undefined || grantId === undefined) throw refused('subject_ended');
  return { token, person: bearer, grantId };
}

function checkType({ kind }: LiveToken, { subjectType }: ExchangeRequest): void {
  if ((kind === 'refresh') !== (subjectType === 'refresh')) throw refused('subject_type');
}

/** Who lost a race for a refresh token knows only the parent: it counts as long as a refresh would take it. */
function checkAge({ usedFor }: LiveToken, { grace }: SubjectOptions): void {
  if (usedFor !== undefined && usedFor > grace) throw refused('subject_used');
}

function checkBearer({ bearer, subject, client }: LiveToken): void {
  if (bearer?.kind === 'person') return;
  const message = 'only people connect accounts: the subject token is that of a program';
  throw subject === client || bearer
    ? new ExchangeRefused('subject', message, { reason: 'subject_is_a_program' })
    : refused('subject_ended');
}

/** The application it was issued to; or, for an access token, the API that it is for. */
function checkCaller({ kind, client, audience, subject }: LiveToken, caller: Client): void {
  if (client === caller.clientId) return;
  const own = traitsOf(caller).audience;
  if (kind !== 'refresh' && own !== undefined && audience.includes(own)) return;
  throw refused('subject_of_another_application', subject);
}

/** A token for the proxy gets nobody another one, or it would have no end. */
function checkAudience({ audience, subject }: LiveToken, { keys: { home } }: SubjectOptions): void {
  if (audience.some((one) => isForProxy(home, one))) throw refused('subject_is_for_the_proxy', subject);
}

const refused = (reason: string, subject?: string) =>
  new ExchangeRefused('subject', REFUSED, { reason, ...(subject !== undefined && { subject }) });
