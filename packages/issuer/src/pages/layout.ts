/** The sheet that every page at the gate is written on: the left says, the right does. */
import { type Html, html, initials, shown } from './html.ts';

/** What every page needs to know about the issuer. */
export interface Frame {
  /** Host that the reader should see in the address bar. */
  readonly host: string;
  /** Address of the stylesheet. */
  readonly stylesheet: string;
  /** Address of the icon. */
  readonly icon: string;
  /** Where people find help, if there is such a place. */
  readonly help?: string | undefined;
  /** Where people read what is kept about them, if there is such a place. */
  readonly privacy?: string | undefined;
}

/** Whom a page speaks of. */
export interface Person {
  readonly name: string;
  readonly email?: string | undefined;
}

interface Sheet {
  readonly title: string;
  readonly tone?: 'danger';
  readonly says: Html;
  readonly does?: Html;
}

const markPath = html`<svg class="mark" viewBox="0 0 16 16" aria-hidden="true"><path d="M2 1h8l4 4v10h-3v-5a3 3 0 0 0-6 0v5H2z"/></svg>`;

/** A whole page at the gate. */
export function layout(frame: Frame, { title, tone, says, does }: Sheet): string {
  const main = html`<header class="masthead"><span class="wordmark">${markPath} Safeconduct</span></header>
<main>
<div class="sheet"${tone && html` data-tone="${tone}"`}>
<div class="sheet-says">
${says}
</div>
${does && html`<div class="sheet-does">\n${does}\n</div>`}
</div>
</main>`;
  return whole(frame, { title, kind: 'gate', content: main });
}

interface Page {
  readonly title: string;
  readonly kind?: 'gate';
  readonly content: Html;
}

function whole(frame: Frame, { title, kind, content }: Page): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · Safeconduct</title>
<link rel="icon" href="${frame.icon}" type="image/svg+xml">
<link rel="stylesheet" href="${frame.stylesheet}">
</head>
<body${kind && html` class="${kind}"`}>
${content}
<footer class="colophon">
<span>You are at <span class="mono">${frame.host}</span></span>
${links(frame)}
</footer>
</body>
</html>
`.toString();
}

/** What a page on the desk needs: where in the product it is, whose it is, and its sections. */
export interface DeskSheet {
  readonly title: string;
  readonly person: Person;
  /** Address of this place's first page. */
  readonly home: string;
  readonly signOut: string;
  readonly content: Html;
}

/** A whole page on the desk: sections below each other, for somebody who is signed in. */
export function deskLayout(frame: Frame, { title, person, home, signOut, content }: DeskSheet): string {
  const top = html`<a class="skip" href="#main">Skip to content</a>
<header class="topbar">
<a class="wordmark" href="${home}">${markPath} Safeconduct</a>
<span class="crumb">${title}</span>
<div class="push who"><span class="bearer roomy">Signed in as <b>${shown(person.name)}</b></span><a class="button plain" href="${signOut}">Sign out</a></div>
</header>
<main class="page" id="main">
${content}
</main>`;
  return whole(frame, { title, content: top });
}

function links({ help, privacy }: Frame): Html | undefined {
  if (!help && !privacy) return undefined;
  return html`<ul>${help && html`<li><a href="${help}">Help</a></li>`}${privacy && html`<li><a href="${privacy}">Privacy</a></li>`}</ul>`;
}

/** A person with initials. */
export function who({ name, email }: Person): Html {
  const second = email && email !== name ? html`<span class="meta">${shown(email)}</span>` : undefined;
  return html`<span class="who"><span class="tile" aria-hidden="true">${initials(name)}</span><span><b>${shown(name)}</b>${second}</span></span>`;
}

/** The signature: in whose name something runs. */
export function bearer(name: string): Html {
  return html`<span class="bearer">${markPath}<b>${shown(name)}</b></span>`;
}

/** Labels over values; what is undefined is left out. */
export function facts(
  entries: readonly (readonly [label: string, value: Html | string | undefined, className?: string])[],
  className = 'facts',
): Html {
  const rows = entries
    .filter(([, value]) => value !== undefined)
    .map(([label, value, kind]) => html`<div><dt>${label}</dt><dd${kind && html` class="${kind}"`}>${value}</dd></div>`);
  return html`<dl class="${className}">${rows}</dl>`;
}

/** Fields that a form carries and nobody sees. */
export function hidden(fields: Readonly<Record<string, string>>): Html {
  return html`${Object.entries(fields).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}`;
}
