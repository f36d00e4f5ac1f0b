/** Lifetimes and bounds of the protocol, in seconds and characters. */

export interface Lifetimes {
  /** Authorization codes. Default 60. */
  readonly code: number;
  /** ID tokens. Default 600. */
  readonly idToken: number;
  /** A refresh token that nobody uses. Default 7 days. */
  readonly refreshIdle: number;
  /** A family of refresh tokens from its first. Default 30 days. */
  readonly refreshAbsolute: number;
  /** How long the immediate parent of a refresh token may be sent again. Default 10, at most 60. */
  readonly refreshGrace: number;
  /** The sign-in session in the browser. Default 14 days. */
  readonly session: number;
  /** A sign-in that was begun and not finished. Default 30 minutes. */
  readonly interaction: number;
  /** Device codes. Default 10 minutes. */
  readonly deviceCode: number;
  /** How often a device may ask. Default 5. */
  readonly devicePoll: number;
}

const day = 86_400;

const defaults: Lifetimes = Object.freeze({
  code: 60,
  idToken: 600,
  refreshIdle: 7 * day,
  refreshAbsolute: 30 * day,
  refreshGrace: 10,
  session: 14 * day,
  interaction: 1800,
  deviceCode: 600,
  devicePoll: 5,
});

/** Completes lifetimes with the defaults. Throws a TypeError for one that is not safe. */
export function lifetimes(given: Partial<Lifetimes> = {}): Lifetimes {
  const all = { ...defaults, ...given };
  for (const [name, value] of Object.entries(all)) {
    if (!Number.isInteger(value) || value < 1)
      throw new TypeError(`lifetime ${name} must be a whole number of seconds above 0, not ${value}`);
  }
  if (all.refreshGrace > 60) throw new TypeError(`lifetime refreshGrace is at most 60 seconds, not ${all.refreshGrace}`);
  if (all.code > 600) throw new TypeError(`lifetime code is at most 600 seconds, not ${all.code}`);
  return Object.freeze(all);
}

/** Longest body that any endpoint of the engine reads, in bytes. */
export const MAX_BODY = 65_536;
/** Longest request target, in characters. */
export const MAX_URL = 16_384;
/** Most scopes in one request. */
export const MAX_SCOPES = 100;

const longest: Readonly<Record<string, number>> = {
  state: 2048,
  nonce: 2048,
  scope: 4096,
  client_id: 512,
  redirect_uri: 2048,
  login_hint: 512,
  code_challenge: 128,
  code_verifier: 128,
  claims: 8192,
  acr_values: 512,
  code: 512,
  refresh_token: 512,
  device_code: 512,
  user_code: 64,
  token: 16_384,
  subject_token: 16_384,
  refused_token: 16_384,
  id_token_hint: 16_384,
  client_assertion: 16_384,
};
const LONGEST_OTHER = 4096;

/** The name of the first parameter that no row can hold: with NUL, or with half a character. JSON can write both as escapes. */
export function unstorable(params: Readonly<Record<string, unknown>>): string | undefined {
  return Object.keys(params).find((name) =>
    [params[name]].flat().some((one) => typeof one === 'string' && oddText.test(JSON.stringify(name === 'claims' ? json(one) : one))),
  );
}

// As JSON.stringify writes them; a backslash of the text itself is doubled there.
const oddText = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f]..)/;

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Longest value of a parameter, in characters. */
export const longestOf = (name: string): number => longest[name] ?? LONGEST_OTHER;

/** The name of the first parameter that is too long, or of `scope` when it lists too many. */
export function oversized(params: Readonly<Record<string, unknown>>): string | undefined {
  for (const [name, value] of Object.entries(params)) {
    const limit = longestOf(name);
    if ([value].flat().some((one) => typeof one === 'string' && one.length > limit)) return name;
  }
  return typeof params.scope === 'string' && params.scope.split(' ').length > MAX_SCOPES ? 'scope' : undefined;
}
