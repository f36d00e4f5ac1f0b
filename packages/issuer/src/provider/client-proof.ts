/** How an application proved itself in a request, where that is a secret or nothing at all. */
export interface ClientProof {
  readonly clientId: string;
  /** Spellings of the one secret that it sent; undefined when it sent none. */
  readonly secrets: readonly string[] | undefined;
}

/** Parameters of a form, each of which was there once. */
export type Form = Readonly<Record<string, string>>;

/** Reads the proof; undefined when it is another one, or two, or cannot be read without a doubt. */
export function clientProof(authorization: string | undefined, form: Form): ClientProof | undefined {
  const { client_id: named, client_secret: posted } = form;
  if (form.client_assertion !== undefined || form.client_assertion_type !== undefined) return undefined;
  if (authorization === undefined)
    return named === undefined ? undefined : { clientId: named, secrets: posted === undefined ? undefined : [posted] };
  const basic = posted === undefined ? basicProof(authorization) : undefined;
  return basic && (named === undefined || named === basic.clientId) ? basic : undefined;
}

/** RFC 6749, 2.3.1: both parts are form encoded, which many clients skip. */
function basicProof(authorization: string): ClientProof | undefined {
  const [, value = ''] = /^basic ([A-Za-z0-9+/]+={0,2})$/i.exec(authorization) ?? [];
  const pair = Buffer.from(value, 'base64').toString();
  const colon = pair.indexOf(':');
  const clientId = colon > 0 ? decoded(pair.slice(0, colon)) : undefined;
  const secret = decoded(pair.slice(colon + 1));
  if (clientId === undefined || !secret) return undefined;
  const asSent = pair.slice(colon + 1);
  return { clientId, secrets: asSent === secret ? [secret] : [secret, asSent] };
}

function decoded(text: string): string | undefined {
  if (!/[%+]/.test(text)) return text;
  try {
    return decodeURIComponent(text.replaceAll('+', '%20'));
  } catch {
    return undefined;
  }
}
