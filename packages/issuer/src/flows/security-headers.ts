/** The headers of every page (RFC 9700 4.2 and 4.16, ASVS 3.4): nobody may frame it, feed it, follow it or keep it. One kind may be framed. */

export interface PagePolicy {
  /** Addresses that a form of this page may lead to, by redirects: registered ones only. */
  readonly leadsTo?: readonly string[];
  /** SHA-256 (base64) of the one script that this page has. Default: no script. */
  readonly script?: string | undefined;
  /** The one origin whose pages may show this page in a frame. Default: none. */
  readonly framedBy?: string | undefined;
  /** A window that another page opened and waits for keeps its opener. */
  readonly keepsOpener?: boolean;
}

/** Headers for one page of this issuer. */
export function pageHeaders(
  issuer: string,
  { leadsTo = [], script, framedBy, keepsOpener = false }: PagePolicy = {},
): Record<string, string> {
  const targets = ["'self'", ...new Set(leadsTo.map(formTarget).filter((target) => target !== undefined))];
  const policy = [
    "default-src 'none'",
    "style-src 'self'",
    "img-src 'self' data:",
    ...(script ? [`script-src 'sha256-${script}'`] : []),
    `form-action ${targets.join(' ')}`,
    `frame-ancestors ${framedBy ?? "'none'"}`,
    "base-uri 'none'",
  ];
  return {
    'content-security-policy': policy.join('; '),
    ...(framedBy === undefined ? closed : open),
    ...(framedBy === undefined && !keepsOpener && { 'cross-origin-opener-policy': 'same-origin' }),
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
    'cache-control': 'no-store',
    ...(issuer.startsWith('https:') && { 'strict-transport-security': 'max-age=31536000' }),
  };
}

const closed = {
  'x-frame-options': 'DENY',
  'cross-origin-resource-policy': 'same-origin',
} as const;
// X-Frame-Options knows no origins, and whoever framed or opened the page waits for its message.
const open = { 'cross-origin-resource-policy': 'cross-origin' } as const;

/** A redirect address as a source of `form-action`. Undefined for what no policy can say. */
export function formTarget(address: string): string | undefined {
  if (!URL.canParse(address)) return undefined;
  const { protocol, origin, hostname } = new URL(address);
  if (!/^[a-z][a-z0-9+.-]*:$/.test(protocol)) return undefined;
  // A host source can be neither an IPv6 address nor a private scheme's place: the scheme alone has to do.
  const named = (protocol === 'https:' || protocol === 'http:') && /^[a-z0-9.-]+$/.test(hostname);
  return named ? origin : protocol;
}
