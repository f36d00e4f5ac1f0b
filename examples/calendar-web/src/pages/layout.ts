import { html } from 'hono/html';

/** A piece of a page: escaped where it holds values. */
export type Html = ReturnType<typeof html>;

interface Page {
  readonly title: string;
  /** Who is signed in; `unknown` for pages that did not ask. */
  readonly person?: string | undefined;
  readonly content: Html;
}

export const mark = html`<svg class="mark" viewBox="0 0 16 16" aria-hidden="true"><path d="M2 1h8l4 4v10h-3v-5a3 3 0 0 0-6 0v5H2z"/></svg>`;

/** A whole page: a bar that says who is acting, and what there is. */
export function layout({ title, person, content }: Page): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · Planner</title>
<link rel="icon" href="/assets/favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/assets/safeconduct.css">
<link rel="stylesheet" href="/assets/planner.css">
</head>
<body>
<header class="topbar">
<a class="wordmark" href="/">${mark} Planner</a>
${person === undefined ? '' : signedInAs(person)}
</header>
<main class="page" id="main">
${content}
</main>
</body>
</html>
`.toString();
}

function signedInAs(person: string): Html {
  return html`<div class="push who"><span class="bearer"><span><span class="roomy">Acting as </span><b>${person}</b></span></span><form method="post" action="/logout"><button class="button plain" type="submit">Sign out</button></form></div>`;
}
