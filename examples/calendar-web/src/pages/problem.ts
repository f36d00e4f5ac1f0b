import { html } from 'hono/html';
import { layout } from './layout.ts';

/** What went wrong, for people. */
export interface Problem {
  readonly title: string;
  /** What to do now. */
  readonly advice: string;
  /** To quote; the log has the reason under it. */
  readonly reference?: string;
  readonly action?: { readonly href: string; readonly text: string };
}

/** A page that says what happened, what to do, and what to quote. */
export function problemPage({ title, advice, reference, action = { href: '/', text: 'Back to your day' } }: Problem): string {
  return layout({
    title,
    content: html`<div class="page-head"><div><h1>${title}</h1>
<p class="lead">${advice}</p></div></div>
<section class="section" aria-labelledby="h-next">
<header><h2 id="h-next">What now</h2>${reference === undefined ? '' : html`<p>If you ask somebody for help, quote <code>${reference}</code>.</p>`}</header>
<div><div class="actions"><a class="button primary" href="${action.href}">${action.text}</a></div></div>
</section>`,
  });
}
