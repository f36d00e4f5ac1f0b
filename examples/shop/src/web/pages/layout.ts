import { html } from 'hono/html';

/** A piece of a page: escaped where it holds values. */
export type Html = ReturnType<typeof html>;

/** Who is signed in, for the bar at the top. */
export interface Bearer {
  readonly name: string;
  /** Goes into every form, and is compared with the session's. */
  readonly csrf: string;
}

export const mark = html`<svg class="mark" viewBox="0 0 16 16" aria-hidden="true"><path d="M2 1h8l4 4v10h-3v-5a3 3 0 0 0-6 0v5H2z"/></svg>`;

/** `unknown` is for pages that did not ask who is signed in: they say nothing about it. */
type Signed = Bearer | 'unknown' | undefined;

/** Everything before the conversation. The stylesheets come first, so that what streams in is never without them. */
export function opening({ title, bearer }: { title: string; bearer?: Signed }): Html {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · Shop assistant</title>
<link rel="icon" href="/assets/favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/assets/safeconduct.css">
<link rel="stylesheet" href="/assets/shop.css">
</head>
<body class="chat">
<header class="topbar">
<a class="wordmark" href="/">Shop assistant</a>
${barOf(bearer)}
</header>
<main class="chat-log" id="log">
`;
}

/** Everything after the conversation. */
export function closing(composer: Html): Html {
  return html`</main>
${composer}
</body>
</html>
`;
}

function barOf(bearer: Signed): Html {
  if (bearer === undefined) return html`<div class="push who"><span class="bearer roomy">Not signed in</span></div>`;
  return bearer === 'unknown' ? html`` : signedInAs(bearer);
}

function signedInAs({ name, csrf }: Bearer): Html {
  return html`<div class="push who"><span class="bearer">${mark}<span><span class="roomy">Acting as </span><b>${name}</b></span></span><form method="post" action="/auth/sign-out"><input type="hidden" name="csrf" value="${csrf}"><button class="button plain" type="submit">Sign out</button></form></div>`;
}
