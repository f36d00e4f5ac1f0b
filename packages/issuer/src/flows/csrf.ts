/** Did this form come from our own page, in the browser that we gave it to? A token, and where the browser says it comes from. */
import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';

/** Makes the token of a form. `secret` is known to this browser's transaction alone. */
export function formToken(key: KeyObject, secret: string): string {
  return createHmac('sha256', key).update(`form|${secret}`).digest('base64url');
}

export function formTokenMatches(key: KeyObject, secret: string, given: string | undefined): boolean {
  const expected = Buffer.from(formToken(key, secret));
  const actual = Buffer.from(given ?? '');
  return expected.length === actual.length && timingSafeEqual(expected, actual);
}

/** What a browser says about where a request comes from. */
export interface Provenance {
  readonly origin?: string | undefined;
  /** Sec-Fetch-Site (W3C Fetch Metadata). */
  readonly site?: string | undefined;
}

/**
 * Whether a post can come from a page of ours. Our pages send no referrer, so the origin of their forms is `null`, and the
 * browser's own Sec-Fetch-Site tells it from a foreign `null`. A client that sends neither is no browser.
 */
export function fromOurPage(issuer: string, { origin, site }: Provenance): boolean {
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return false;
  if (origin === undefined || origin === issuer) return true;
  return origin === 'null' && site === 'same-origin';
}
