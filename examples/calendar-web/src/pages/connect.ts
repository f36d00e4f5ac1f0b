import { html } from 'hono/html';
import type { UsedConnection } from '../connections.ts';
import { layout } from './layout.ts';

interface Connect {
  readonly person: string;
  readonly connection: UsedConnection;
  /** What they wanted to do. */
  readonly use: 'read' | 'add';
}

/** Asks the person to connect an account, and says what happens then. */
export function connectPage({ person, connection, use }: Connect): string {
  const { id, name } = connection;
  const { may, scopes } = connection[use];
  return layout({
    title: `Connect ${name}`,
    person,
    content: html`<div class="page-head"><div><h1>Connect ${name} first</h1>
<p class="lead">The planner cannot do this yet: you have not connected an account there, not for this, or it was ended there.</p></div></div>
<section class="section" aria-labelledby="h-connect">
<header><h2 id="h-connect">What you allow</h2><p>You can disconnect it at any time, here and on the account page of your sign-in service.</p></header>
<div>
<div class="ask">
<h3>Let the planner use ${name} as you?</h3>
<ul class="grants"><li><svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d="M2.5 8.5 6 12l7.5-8"/></svg><span>${may} <code>${scopes.join(' ')}</code></span></li></ul>
<p>We take you to your sign-in service, which takes you to ${name} and then back here.${use === 'add' ? ' Nothing was added yet: write it again then.' : ''}</p>
<form class="actions" method="post" action="/connect/${id}"><input type="hidden" name="use" value="${use}"><a class="button" href="/">Not now</a><button class="button primary" type="submit">Connect ${name}</button></form>
</div>
</div>
</section>`,
  });
}
