import type { OpenApiDocument } from './document.ts';
import type { LoginEndpoints } from './login.ts';

/** What the page's scripts are told. Nothing in it is secret: it stands in the page. */
export interface DocsSettings {
  readonly documentUrl: string;
  readonly redirectPath: string;
  readonly schemeName: string;
  readonly clientId: string;
  /** Each with its sentence. All are ticked at first. */
  readonly scopes: Readonly<Record<string, string>>;
  readonly authorizationParameters: Readonly<Record<string, string>>;
  readonly tokenParameters: Readonly<Record<string, string>>;
  /** Where the redirect address is registered. */
  readonly register: string;
  /** Host of the provider. */
  readonly provider: string;
  /** Undefined while the provider cannot be reached. */
  readonly endpoints: LoginEndpoints | undefined;
}

/** Where a page finds its files. */
export interface PageOptions {
  /** Below which the files are served, without a slash at the end. */
  readonly base: string;
}

const mark = '<svg class="mark" viewBox="0 0 16 16" aria-hidden="true"><path d="M2 1h8l4 4v10h-3v-5a3 3 0 0 0-6 0v5H2z"/></svg>';

/** The docs page. Who is signed in, and the operations, are filled in by its scripts. */
export function docsPage(
  document: OpenApiDocument,
  settings: DocsSettings,
  { title, base }: PageOptions & { readonly title?: string | undefined },
): string {
  const { info } = document;
  const heading = title ?? info.summary ?? 'API reference';
  const styles = ['safeconduct.css', 'docs.css'];
  const body = `<a class="skip" href="#operations">Skip to the operations</a>
<header class="docs-head"><div>
<div class="form">
<span class="wordmark">${mark} ${escaped(info.title)}</span>
<h1>${escaped(heading)} <span class="tag">${escaped(info.version)}</span></h1>
<p class="lead">Every call runs as the person whose token it carries. <a href="${escaped(settings.documentUrl)}">openapi.json</a></p>
</div>
<div class="docs-auth" id="who" aria-live="polite"><p>Nobody is signed in here yet.</p></div>
</div></header>
<div class="page"><noscript><p class="notice">This page needs JavaScript. The same as a file: <a href="${escaped(settings.documentUrl)}">openapi.json</a></p></noscript>
<div id="swagger-ui"></div></div>
<script type="application/json" id="settings">${JSON.stringify(settings).replaceAll('<', '\\u003c')}</script>
<script src="${base}/swagger-ui-bundle.js" defer></script>
<script type="module" src="${base}/page.js"></script>`;
  return html({ title: info.title, styles, body, base });
}

/** The page that the provider sends the answer of a sign-in to. It hands the answer to the docs page and closes itself. */
export function redirectPage({ base }: PageOptions): string {
  const body = `<main class="page"><p class="lead" id="outcome" role="status">Handing the sign-in over to the API docs …</p>
<noscript><p class="notice">This page needs JavaScript.</p></noscript></main>
<script type="module" src="${base}/redirect.js"></script>`;
  return html({ title: 'Sign-in', styles: ['safeconduct.css', 'docs.css'], body, base });
}

interface Frame extends PageOptions {
  readonly title: string;
  readonly styles: readonly string[];
  readonly body: string;
}

function html({ title, styles, body, base }: Frame): string {
  const links = styles.map((name) => `<link rel="stylesheet" href="${base}/${name}">`);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${escaped(title)}</title>
<link rel="icon" href="${base}/favicon.svg" type="image/svg+xml">
${links.join('\n')}
</head>
<body class="docs">
${body}
</body>
</html>
`;
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function escaped(text: string): string {
  return String(text).replace(/[&<>"']/g, (character) => entities[character] ?? '');
}
