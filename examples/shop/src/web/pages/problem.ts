import { html } from 'hono/html';
import { closing, opening } from './layout.ts';

export interface Problem {
  /** What happened. */
  readonly title: string;
  /** What to do next. */
  readonly advice: string;
  /** A word to quote, which stands in the log too; empty when there is none. */
  readonly reference: string;
  readonly action: { readonly href: string; readonly text: string };
}

/** A page that says what happened, what to do next, and a reference to quote. */
export async function problemPage({ title, advice, reference, action }: Problem): Promise<string> {
  const body = html`<div class="opening">
<h1>${title}</h1>
<p class="lead">${advice}</p>
<a class="button primary" href="${action.href}">${action.text}</a>
${reference === '' ? '' : html`<p class="hint">Reference: <span class="mono">${reference}</span></p>`}
</div>
`;
  return `${await opening({ title, bearer: 'unknown' })}${await body}${await closing(html``)}`;
}
