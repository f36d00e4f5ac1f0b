/** A sign-in through a third party that led nowhere: why, what to do, and the way back. */
import { html } from './html.ts';
import { type Frame, facts, layout } from './layout.ts';

export interface StoppedPage {
  readonly title: string;
  readonly what: string;
  readonly steps: readonly string[];
  readonly back: { readonly label: string; readonly href: string };
  readonly reference: string;
}

export function stoppedPage(frame: Frame, { title, what, steps, back, reference }: StoppedPage): string {
  const says = html`<h1>${title}</h1>
<p class="lead">${what}</p>`;
  const does = html`<section aria-labelledby="next"><h2 id="next">What to do</h2></section>
<ol class="steps">${steps.map((step) => html`<li><span>${step}</span></li>`)}</ol>
<div class="actions"><a class="button primary" href="${back.href}">${back.label}</a></div>
${facts([['Reference', reference, 'reference']])}`;
  return layout(frame, { title, tone: 'danger', says, does });
}
