/** On the way to somebody else's site: the browser goes on by itself, and shows where to for as long as that takes. */
import { html, shown } from './html.ts';
import { type Frame, layout } from './layout.ts';

export interface LeavePage {
  /** The site, as people know it. */
  readonly name: string;
  readonly url: URL;
}

export function leavePage(frame: Frame, { name, url }: LeavePage): string {
  const title = `On to ${shown(name)}`;
  const says = html`<h1>${title}</h1>
<p class="lead">Your browser goes on by itself. If it doesn’t, follow the link.</p>`;
  const does = html`<div class="actions"><a class="button primary wide" href="${url.href}">Continue at ${url.host}</a></div>`;
  return layout(frame, { title, says, does });
}
