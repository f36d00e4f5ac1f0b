/** Calls the API, and puts what it refuses into sentences for people. */
import { apiUrl } from './settings.ts';

export interface Notice {
  readonly title: string;
  readonly from: string;
}

export interface Problem {
  readonly tone: 'danger' | 'caution';
  readonly title: string;
  readonly sentence: string;
  /** What to quote to whoever runs the API. */
  readonly reference?: string;
}

export type Answer = { readonly as: string; readonly notices: readonly Notice[] } | { readonly problem: Problem };

/** Calls one address of the API with the access token, if there is one. Never throws. */
export async function callApi(path: string, token: string | undefined): Promise<Answer> {
  try {
    const response = await fetch(`${apiUrl}${path}`, {
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      credentials: 'omit',
      cache: 'no-store',
    });
    if (!response.ok) return { problem: problemOf(response) };
    return read(await response.json()) ?? { problem: unexpected(response.status) };
  } catch {
    return { problem: { tone: 'caution', title: 'No answer', sentence: 'The API cannot be reached. Check that it runs, then try again.' } };
  }
}

function read(body: unknown): Answer | undefined {
  const { as, notices } = body as Readonly<Record<string, unknown>>;
  return typeof as === 'string' && Array.isArray(notices) && notices.every(isNotice) ? { as, notices } : undefined;
}

function isNotice(value: unknown): value is Notice {
  const { title, from } = value as Readonly<Record<string, unknown>>;
  return typeof title === 'string' && typeof from === 'string';
}

/** What happened, what to do next, and a reference. */
export function problemOf({ status, headers }: Pick<Response, 'status' | 'headers'>): Problem {
  const id = headers.get('x-request-id');
  const reference = id === null ? {} : { reference: `Reference ${id}` };
  return { ...(byStatus(status, headers) ?? unexpected(status)), ...reference };
}

function byStatus(status: number, headers: Headers): Problem | undefined {
  if (status === 401 && !/\berror=/.test(headers.get('www-authenticate') ?? ''))
    return { tone: 'danger', title: 'Not signed in', sentence: 'The API was not told who asks. Sign in, then try again.' };
  if (status === 401)
    return { tone: 'danger', title: 'Your sign-in has ended', sentence: 'The API no longer accepts it. Sign out, then sign in again.' };
  if (status === 403)
    return {
      tone: 'danger',
      title: 'Not yours to read',
      sentence: 'You are signed in, but you lack a right. Ask an editor to give it to you.',
    };
  if (status !== 503) return undefined;
  const seconds = Number(headers.get('retry-after') ?? 0);
  const again = seconds > 0 ? `in ${seconds} seconds` : 'in a moment';
  return { tone: 'caution', title: 'Who you are cannot be checked', sentence: `The API does not reach the provider. Try again ${again}.` };
}

function unexpected(status: number): Problem {
  return { tone: 'caution', title: 'Something went wrong', sentence: `The API answered ${status}. Try again later.` };
}
