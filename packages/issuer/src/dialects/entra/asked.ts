/** What a request wrote beyond the scopes themselves: it is given back the way it was asked for. */

/** Noted with a grant, or with one request at the token endpoint. */
export interface Asked {
  /** By resource indicator: how the request spelled the API (`api://…`, its client id, its resource indicator). */
  readonly forms: Readonly<Record<string, string>>;
  /** Resource indicators of the APIs that were asked for with `/.default`. */
  readonly whole: readonly string[];
  /** Scopes that this issuer has under another name, as they were written. */
  readonly others: readonly string[];
  /** The application proved itself with a certificate. */
  readonly certificate: boolean;
  /** The browser brings `client_info` back beside the code. */
  readonly clientInfo: boolean;
  /** It was asked for at an endpoint of version 1. */
  readonly older: boolean;
}

const NOTHING: Asked = { forms: {}, whole: [], others: [], certificate: false, clientInfo: false, older: false };

/** As much as is kept with a grant. */
const LONGEST = 2000;

/** As text; undefined when there is nothing to note. */
export function noted(asked: Partial<Asked>): string | undefined {
  const { forms, whole, others, certificate, clientInfo, older } = { ...NOTHING, ...asked };
  if (Object.keys(forms).length === 0 && others.length === 0 && !certificate && !clientInfo && !older) return undefined;
  const text = JSON.stringify({ f: forms, w: whole, o: others, c: certificate, i: clientInfo, v: older });
  return text.length > LONGEST ? undefined : text;
}

interface Written {
  readonly f: Asked['forms'];
  readonly w: Asked['whole'];
  readonly o: Asked['others'];
  readonly c: boolean;
  readonly i: boolean;
  readonly v: boolean;
}

/** What `noted` wrote. */
export function askedIn(text: string): Asked {
  if (text === '') return NOTHING;
  const { f, w, o, c, i, v } = JSON.parse(text) as Written;
  return { forms: f, whole: w, others: o, certificate: c, clientInfo: i, older: v };
}
