import { createHash } from 'node:crypto';

/** What the browser is shown when it comes back. */
export interface CallbackPage {
  readonly status: number;
  readonly title: string;
  /** The sentence that says how it went. */
  readonly outcome: string;
  /** What to do next. */
  readonly next: string;
  /** Why it failed, in words that may be the provider's: shown as text. */
  readonly reason?: string;
}

/** The sign-in is complete. */
export const successPage: CallbackPage = {
  status: 200,
  title: 'Signed in',
  outcome: 'Authentication successful! You can close this window.',
  next: 'The terminal goes on by itself.',
};

/** This request did not sign anybody in. */
export function failurePage(reason?: string): CallbackPage {
  const page = { status: 400, title: 'Not signed in', outcome: 'Authentication failed! Please try again.' };
  const next = 'The terminal says what happened and how to go on.';
  return reason === undefined ? { ...page, next } : { ...page, next, reason };
}

const style = `
:root{color-scheme:light dark;--desk:#f3f5f4;--paper:#fff;--ink:#121a16;--ink-2:#47534d;--line:#dce2de;--seal:#0b5d48;--danger:#a3241b}
@media (prefers-color-scheme:dark){:root{--desk:#0d1210;--paper:#151b18;--ink:#e8eeea;--ink-2:#a7b3ac;--line:#29332e;--seal:#6fc7a8;--danger:#f39a90}}
*{box-sizing:border-box;margin:0}
html{background:var(--desk)}
body{min-height:100vh;display:grid;place-items:center;padding:1rem;color:var(--ink);overflow-wrap:anywhere;
font:400 1rem/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","Helvetica Neue",Arial,sans-serif}
main{width:100%;max-width:34rem;padding:3rem 2rem;background:var(--paper);border:1px solid var(--line);border-radius:4px;
clip-path:polygon(0 0,calc(100% - 28px) 0,100% 28px,100% 100%,0 100%)}
svg{width:2rem;height:2rem;fill:var(--seal);margin-bottom:1.5rem}
.failed svg{fill:var(--danger)}
h1{font-size:2rem;line-height:1.2;font-weight:600;letter-spacing:-.028em;margin-bottom:.75rem}
.lead{font-size:1.125rem}
.quiet{color:var(--ink-2);margin-top:.75rem}
@media (max-width:47.99rem){html{background:var(--paper)}main{border:0;clip-path:none;padding:1rem}}
`;

const styleHash = createHash('sha256').update(style).digest('base64');

/** The headers of every answer of the loopback listener. */
export const callbackHeaders: Readonly<Record<string, string>> = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  'x-frame-options': 'DENY',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
  connection: 'close',
};

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => entities[character] ?? '');

/** One page as HTML. Every text in it is escaped, whoever wrote it. */
export function renderCallbackPage({ status, title, outcome, next, reason }: CallbackPage): string {
  const said = reason === undefined ? '' : `<p class="quiet">Reason: ${escapeHtml(reason)}</p>\n`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
</head>
<body>
<main${status === 200 ? '' : ' class="failed"'}>
<svg viewBox="0 0 16 16" aria-hidden="true"><path d="M2 1h8l4 4v10h-3v-5a3 3 0 0 0-6 0v5H2z"/></svg>
<h1>${escapeHtml(title)}</h1>
<p class="lead">${escapeHtml(outcome)}</p>
${said}<p class="quiet">${escapeHtml(next)}</p>
</main>
</body>
</html>
`;
}
