/** The account page's list of accounts at third parties: what each app may do there, and how to end it. */
import { type Html, html, shown } from './html.ts';
import { hidden } from './layout.ts';
import { moment } from './words.ts';

/** An account at a third party that apps reach. */
export interface Connected {
  /** Where its forms go. */
  readonly path: string;
  /** The third party. */
  readonly name: string;
  /** What it is called there. */
  readonly account: string;
  readonly connectedAt: Date;
  /** Why it does not work now; undefined while it does. */
  readonly broken?: string | undefined;
  /** Where to connect it again. */
  readonly connectAgain?: string | undefined;
  readonly uses: readonly Use[];
}

/** What one app may do with it. */
export interface Use {
  readonly applicationId: string;
  readonly applicationName: string;
  readonly scopes: readonly string[];
  readonly lastUsedAt: Date | undefined;
}

/** Something that is not connected yet. */
export interface Connectable {
  readonly name: string;
  readonly application: string;
  readonly link: string;
}

interface Section {
  readonly csrf: string;
  readonly connected: readonly Connected[];
  readonly connectable: readonly Connectable[];
}

export function connectedSection({ csrf, connected, connectable }: Section): Html {
  return html`<section class="section" id="connected" aria-labelledby="h-connected">
<header><h2 id="h-connected">Connected accounts</h2><p>Other services that apps can reach for you. Apps get a short-lived key or go through us. They never get your password there.</p></header>
<div>
${connected.length === 0 && html`<p>Nothing is connected.</p>`}
${connected.map((one) => block(one, csrf))}
${connectable.length > 0 && offers(connectable)}
</div>
</section>`;
}

function block(one: Connected, csrf: string): Html {
  const label = `${shown(one.name)}, ${shown(one.account)}`;
  return html`<h3>${shown(one.name)}</h3>
<ul class="rows">
<li><div><span>${shown(one.account)}</span>${standing(one)}</div>
<div class="actions">
${one.broken && one.connectAgain && html`<a class="button slim" href="${one.connectAgain}" aria-label="Connect again: ${label}">Connect again</a>`}
<form method="post" action="${one.path}/disconnect">${hidden({ csrf })}<button type="submit" class="button slim" aria-label="Disconnect ${label}">Disconnect</button></form>
</div></li>
${one.uses.map((use) => row(one, { use, csrf }))}
</ul>`;
}

function standing({ broken, connectedAt, uses }: Connected): Html {
  if (broken !== undefined) return html`<span class="meta"><span class="state" data-state="refused">${broken}</span></span>`;
  return html`<span class="meta">Connected <time datetime="${connectedAt.toISOString()}">${moment(connectedAt)}</time>.${uses.length === 0 && ' No app may use it.'}</span>`;
}

function row({ name, path }: Connected, { use, csrf }: { readonly use: Use; readonly csrf: string }): Html {
  const scopes = use.scopes.map((scope) => html`<code>${shown(scope)}</code> `);
  const used = use.lastUsedAt
    ? html`Last used <time datetime="${use.lastUsedAt.toISOString()}">${moment(use.lastUsedAt)}</time>`
    : 'Never used';
  return html`<li><div><span>${shown(use.applicationName)} may use ${use.scopes.length > 0 ? scopes : 'it'}</span><span class="meta">${used}</span></div>
<form method="post" action="${path}/take-away">${hidden({ csrf, application: use.applicationId })}<button type="submit" class="button slim" aria-label="Take away ${shown(name)} from ${shown(use.applicationName)}">Take away</button></form></li>`;
}

function offers(connectable: readonly Connectable[]): Html {
  const rows = connectable.map(
    ({ name, application, link }) =>
      html`<li><div><span>${shown(name)}</span><span class="meta">For ${shown(application)}</span></div><a class="button slim" href="${link}" aria-label="Connect ${shown(name)} for ${shown(application)}">Connect</a></li>`,
  );
  return html`<h3>You can connect</h3>
<ul class="rows">${rows}</ul>`;
}
