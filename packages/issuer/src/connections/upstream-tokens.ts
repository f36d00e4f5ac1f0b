/** Reads answers of token endpoints, also of those that do not keep to RFC 6749: forms, errors with status 200, nested tokens. */
import type { Connection } from './connection.ts';
import { type Preset, presets } from './presets.ts';
import { UpstreamFailed, UpstreamRefused, type UpstreamTokens } from './third-party.ts';
import { isRecord } from './upstream-metadata.ts';

/** An answer with tokens in it, its members as RFC 6749 section 5.1 spells them. */
export interface TokenAnswer {
  readonly members: Readonly<Record<string, unknown>>;
  /** The part of it that tells of the tokens: all of it, unless the preset says where. */
  readonly tokens: Readonly<Record<string, unknown>>;
  readonly accessToken: string;
  readonly refreshToken: string | undefined;
  readonly idToken: string | undefined;
}

const MAX_TOKEN = 16_384;

/** Reads an answer. Throws an `UpstreamRefused` when it is an error of OAuth, and an `UpstreamFailed` when it is neither. */
export async function readTokenAnswer(response: Response, connection: Connection): Promise<TokenAnswer> {
  const preset = presets[connection.preset];
  const members = await membersOf(response);
  const code = errorOf(members);
  if (code !== undefined) throw refusal(connection, { code: preset.errors[code] ?? code, status: response.status, members });
  if (response.status !== 200 || members === undefined) throw unreadable(connection, response.status);
  const tokens = tokensIn(members, connection);
  const accessToken = token(tokens.access_token);
  if (accessToken === undefined) throw untrusted(`the token endpoint of ${connection.id} gave no access token`);
  return { members, tokens, accessToken, refreshToken: token(tokens.refresh_token), idToken: token(members.id_token) };
}

/** Refuses tokens of any other type: they are not a person's, or need a proof with each request that nobody could make. */
function tokensIn(members: Readonly<Record<string, unknown>>, { id, preset }: Connection): Readonly<Record<string, unknown>> {
  const { member, type } = presets[preset].tokens;
  const nested = member === undefined ? undefined : members[member];
  const tokens = isRecord(nested) && nested.access_token !== undefined ? nested : members;
  const given = typeof tokens.token_type === 'string' ? tokens.token_type.toLowerCase() : 'bearer';
  if (given !== type) throw untrusted(`the token endpoint of ${id} gave no token of type ${type}`);
  return tokens;
}

/** What the vault keeps of an answer. `asked`: for scopes that third parties grant without naming them. */
export function tokensOf(
  answer: TokenAnswer,
  connection: Connection,
  { asked, now }: { readonly asked: readonly string[]; readonly now: number },
): UpstreamTokens {
  const { tokens, accessToken, refreshToken, idToken } = answer;
  const seconds = secondsOf(tokens.expires_in);
  const granted = scopesOf(tokens.scope, presets[connection.preset]);
  const implied = [...(idToken === undefined ? [] : ['openid']), ...(refreshToken === undefined ? [] : ['offline_access'])];
  return {
    accessToken,
    refreshToken,
    expiresAt: seconds === undefined ? undefined : new Date(now + seconds * 1000),
    scopes: granted && [...new Set([...granted, ...implied.filter((scope) => asked.includes(scope))])],
  };
}

// A lifetime of nothing, or none that is a number, says nothing.
function secondsOf(value: unknown): number | undefined {
  const seconds = typeof value === 'string' && /^\d{1,12}$/.test(value) ? Number(value) : value;
  return typeof seconds === 'number' && Number.isFinite(seconds) && seconds > 0 ? Math.min(Math.floor(seconds), 315_360_000) : undefined;
}

function scopesOf(value: unknown, { scope: { separator }, scopeAliases }: Preset): string[] | undefined {
  const list = Array.isArray(value)
    ? value.map(String)
    : typeof value === 'string'
      ? value.split(separator === ',' ? /[ ,]+/ : ' ')
      : undefined;
  // RFC 6749 section 3.3. What does not look like a scope is none.
  const granted = list?.filter((scope) => /^[\x21\x23-\x5b\x5d-\x7e]{1,256}$/.test(scope));
  if (granted === undefined) return undefined;
  const aliases = Object.entries(scopeAliases).flatMap(([scope, spelled]) => (granted.includes(spelled) ? [scope] : []));
  return [...new Set([...granted, ...aliases])];
}

/** The members of a JSON object or of a form. */
async function membersOf(response: Response): Promise<Readonly<Record<string, unknown>> | undefined> {
  const text = await response.text();
  if (response.headers.get('content-type')?.startsWith('application/x-www-form-urlencoded'))
    return Object.fromEntries(new URLSearchParams(text));
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function errorOf(members: Readonly<Record<string, unknown>> | undefined): string | undefined {
  const { error } = members ?? {};
  if (typeof error === 'string' && error !== '') return /^[\w.-]{1,100}$/.test(error) ? error : 'server_error';
  return members?.ok === false ? 'server_error' : undefined;
}

function refusal({ id }: Connection, { code, status, members }: { code: string; status: number; members: unknown }): Error {
  const description = isRecord(members) && typeof members.error_description === 'string' ? `: ${printable(members.error_description)}` : '';
  const message = `the token endpoint of ${id} answered ${code}${description}`;
  if (['temporarily_unavailable', 'slow_down'].includes(code)) return new UpstreamFailed(message, { sent: false });
  if (code === 'server_error' || status >= 500) return new UpstreamFailed(message, { sent: !notProcessed(status) });
  return new UpstreamRefused(code, message);
}

function unreadable({ id }: Connection, status: number): UpstreamFailed {
  const message = `the token endpoint of ${id} answered ${status} and neither tokens nor an error`;
  return new UpstreamFailed(message, { sent: !notProcessed(status), reason: status === 200 ? 'untrusted' : 'away' });
}

/** An answer that says itself that nothing was done: RFC 9110 sections 15.5 and 15.6.4, RFC 6585 section 4. */
const notProcessed = (status: number): boolean => status === 503 || (status >= 400 && status < 500);

const untrusted = (message: string) => new UpstreamFailed(message, { sent: true, reason: 'untrusted' });

const token = (value: unknown): string | undefined =>
  typeof value === 'string' && /^[\x20-\x7e]+$/.test(value) && value.length <= MAX_TOKEN ? value : undefined;

/** Text of somebody else, cut and cleaned before anybody prints it. Long runs, which may be tokens, go. */
export function printable(text: string): string {
  return text
    .replace(/[^\x20-\x7e]/g, ' ')
    .replace(/\S{20,}/g, '[…]')
    .slice(0, 200);
}
