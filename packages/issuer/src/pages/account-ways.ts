/** The account page's list of ways to sign in. */
import { type Html, html, shown } from './html.ts';
import { hidden } from './layout.ts';
import { moment } from './words.ts';

export interface Ways {
  readonly password: boolean;
  readonly linked: readonly Linked[];
  /** What can be linked. */
  readonly linkable: readonly { readonly name: string; readonly link: string }[];
}

/** An identity at a third party that signs in here. */
export interface Linked {
  readonly issuer: string;
  readonly subject: string;
  /** The third party. */
  readonly connection: string;
  /** What it is called there. */
  readonly name?: string | undefined;
  readonly lastUsedAt?: Date | undefined;
  /** Why it signs nobody in at present; undefined when it does. */
  readonly closed?: string | undefined;
  /** Nothing else would let the person in: it stays. */
  readonly only: boolean;
}

interface Section {
  readonly csrf: string;
  readonly ways: Ways;
}

export function waysSection({ csrf, ways: { password, linked, linkable } }: Section): Html {
  return html`<section class="section" id="ways" aria-labelledby="h-ways">
<header><h2 id="h-ways">Ways to sign in</h2><p>Whoever can do one of these is you here.</p></header>
<div>
<ul class="rows">
<li><div><span>Password</span><span class="meta"><span class="state"${!password && html` data-state="off"`}>${password ? 'Set' : 'None'}</span></span></div></li>
${linked.map((one) => row(one, csrf))}
</ul>
${linkable.length > 0 && html`<div class="actions no-print">${linkable.map(({ name, link }) => html`<a class="button" href="${link}">Link ${shown(name)}</a>`)}</div>`}
</div>
</section>`;
}

function row({ issuer, subject, connection, name, lastUsedAt, closed, only }: Linked, csrf: string): Html {
  const used = lastUsedAt
    ? html`Last used <time datetime="${lastUsedAt.toISOString()}">${moment(lastUsedAt)}</time>.`
    : html`Never used to sign in.`;
  const state = closed === undefined ? used : html`<span class="state" data-state="off">${closed}</span>`;
  const form = only
    ? html`<span class="meta">Your only way in</span>`
    : html`<form method="post" action="/account/unlink">${hidden({ csrf, issuer, subject })}<button type="submit" class="button slim" aria-label="Unlink ${shown(connection)}${name && `, ${shown(name)}`}">Unlink</button></form>`;
  return html`<li><div><span>${shown(connection)}</span><span class="meta">${name && html`${shown(name)}. `}${state}</span></div>
${form}</li>`;
}
