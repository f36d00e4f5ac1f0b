import { html } from 'hono/html';
import type { UsedConnection } from '../connections.ts';
import { type Html, layout, mark } from './layout.ts';

interface Federated {
  readonly person: string;
  readonly connection: UsedConnection;
  /** As it came. */
  readonly data: unknown;
}

/** What the third party answered to the person. */
export function federatedPage({ person, connection, data }: Federated): string {
  const { id, name, url } = connection;
  return layout({
    title: name,
    person,
    content: html`<div class="page-head"><div><h1>${name}</h1>
<p class="lead">What <code>${id}</code> answered, asked as you.</p></div>
<form method="post" action="/disconnect/${id}"><button class="button" type="submit">Disconnect ${name}</button></form></div>
<section class="section" aria-labelledby="h-answer">
<header><h2 id="h-answer">Your events</h2><p><span class="bearer">${mark}<span>ran as <b>${person}</b></span></span></p></header>
<div>
${eventsOf(data)}
<details><summary>The answer as it came, from ${url.host}</summary>
<pre tabindex="0"><code>${JSON.stringify(data, null, 2)}</code></pre></details>
</div>
</section>
<section class="section" aria-labelledby="h-add">
<header><h2 id="h-add">Add an event</h2><p>The first time, we ask you to allow that, too.</p></header>
<div>
<form class="form" method="post" action="/federated/${id}">
<div class="field"><label for="title">What</label><input id="title" name="title" type="text" maxlength="200" required></div>
<div class="field"><label for="day">Day</label><input id="day" name="day" type="date" required></div>
<div class="actions"><button class="button primary" type="submit">Add it</button></div>
</form>
</div>
</section>`,
  });
}

// It comes from elsewhere: only what has the expected form is shown as such.
function eventsOf(data: unknown): Html {
  const { events } = (typeof data === 'object' && data !== null ? data : {}) as { readonly events?: unknown };
  const rows = (Array.isArray(events) ? events : []).filter((event) => typeof event?.title === 'string' && typeof event.day === 'string');
  if (rows.length === 0) return html`<div class="empty"><p>There are no events in it.</p></div>`;
  return html`<ul class="rows">${rows.map(({ title, day }) => html`<li><div><span>${title}</span><span class="meta"><time datetime="${day}">${day}</time></span></div></li>`)}</ul>`;
}
