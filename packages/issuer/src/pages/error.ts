/** An error: what happened, what to do, a reference to quote. What only a developer needs is folded away. */
import { type Html, html, shown } from './html.ts';
import { type Frame, facts, layout } from './layout.ts';
import { moment } from './words.ts';

export interface ErrorPage {
  readonly title: string;
  readonly what: string;
  readonly steps: readonly string[];
  /** A page of ours where the reader can go on. */
  readonly way?: { readonly label: string; readonly href: string } | undefined;
  readonly reference: string;
  readonly at: Date;
  /** For the people who run the app. */
  readonly developer?: {
    readonly code: string;
    readonly detail?: string | undefined;
    readonly client?: string | undefined;
    readonly askedFor?: string | undefined;
    readonly fix?: string | undefined;
  };
}

export function errorPage(frame: Frame, page: ErrorPage): string {
  const says = html`<h1>${page.title}</h1>
<p class="lead">${page.what}</p>`;
  const does = html`<section aria-labelledby="next"><h2 id="next">What to do</h2></section>
<ol class="steps">${page.steps.map((step) => html`<li><span>${step}</span></li>`)}</ol>
${page.way && html`<div class="actions"><a class="button primary" href="${page.way.href}">${page.way.label}</a></div>`}
${facts([
  ['Reference', page.reference, 'reference'],
  ['When', html`<time datetime="${page.at.toISOString()}">${moment(page.at)}</time>`],
])}
${page.developer && details(page.developer)}`;
  return layout(frame, { title: page.title, tone: 'danger', says, does });
}

function details({ code, detail, client, askedFor, fix }: NonNullable<ErrorPage['developer']>): Html {
  const rows = facts(
    [
      ['Code', shown(code), 'mono'],
      ['Detail', detail && shown(detail)],
      ['Client', client && shown(client), 'mono'],
      ['It asked for', askedFor && shown(askedFor), 'mono'],
      ['To fix it', fix],
    ],
    'facts lines',
  );
  return html`<details><summary>I run this app</summary>${rows}</details>`;
}
