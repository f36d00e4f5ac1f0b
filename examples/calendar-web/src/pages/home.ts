import { html } from 'hono/html';
import type { ConnectedAccount } from 'safeconduct/reach';
import type { UsedConnection } from '../connections.ts';
import { type Html, layout } from './layout.ts';

/** The page for somebody who is not signed in. */
export function signedOutPage(): string {
  return layout({
    title: 'Sign in',
    content: html`<div class="page-head"><div><h1>Your day, in one place</h1>
<p class="lead">Sign in once. Then the planner reads your calendar as you, if you connect it.</p></div></div>
<section class="section" aria-labelledby="h-sign-in">
<header><h2 id="h-sign-in">Sign in</h2><p>You are not signed in.</p></header>
<div><div class="actions"><a class="button primary" href="/login">Sign in</a></div></div>
</section>`,
  });
}

interface Home {
  readonly person: string;
  readonly connections: readonly UsedConnection[];
  /** Undefined: the provider could not tell. */
  readonly accounts: readonly ConnectedAccount[] | undefined;
}

/** The first page of a person: what can be connected, and what is. */
export function homePage({ person, connections, accounts }: Home): string {
  return layout({
    title: 'Your day',
    person,
    content: html`<div class="page-head"><div><h1>Good day, ${person}</h1>
<p class="lead">The planner acts as you, with what you connect, and with nothing else.</p></div></div>
<section class="section" aria-labelledby="h-accounts">
<header><h2 id="h-accounts">Other services</h2><p>Your sign-in service keeps these accounts. The planner is lent a short-lived token, never your password there.</p></header>
<div>
${accounts === undefined ? html`<div class="notice" data-tone="caution"><p>Which accounts are connected cannot be told now. Try again in a moment.</p></div>` : ''}
<ul class="rows">
${connections.map((connection) => row(connection, accounts))}
</ul>
</div>
</section>`,
  });
}

function row(connection: UsedConnection, accounts: Home['accounts']): Html {
  const { id, name, read } = connection;
  const connected = accounts?.filter((account) => account.connection === id) ?? [];
  const [first] = connected;
  if (first === undefined)
    return html`<li><div><span>${name}</span><span class="meta">${read.may}. Not connected</span></div><form method="post" action="/connect/${id}"><button class="button slim" type="submit" aria-label="Connect ${name}">Connect</button></form></li>`;
  return html`<li><div><a href="/federated/${id}">${name}</a><span class="meta">Connected on ${day(first.connectedAt)}. May use <code>${first.scopes.join(' ')}</code></span></div><form method="post" action="/disconnect/${id}"><button class="button slim" type="submit" aria-label="Disconnect ${name}">Disconnect</button></form></li>`;
}

function day(date: Date): Html {
  const text = date.toISOString().slice(0, 10);
  return html`<time datetime="${text}">${text}</time>`;
}
