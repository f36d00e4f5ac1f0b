/** After the trip: both accounts side by side before anything is connected, and how it ended. */
import { type AskingApp, codes, factsOf, undo, uses } from './connect.ts';
import { type Html, html, shown } from './html.ts';
import { type Frame, facts, hidden, layout, type Person } from './layout.ts';

export interface BothAccountsPage {
  readonly action: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly person: Person;
  /** The service, as people know it. */
  readonly service: string;
  /** The account there. */
  readonly account: Person;
  readonly app: AskingApp;
  /** What the app may do with it. */
  readonly scopes: readonly string[];
  /** What its key opens beyond that. */
  readonly beyond: readonly string[];
  /** What it asked for and the service did not give. */
  readonly missing: readonly string[];
  readonly proxied: boolean;
  /** Accounts there that are connected already, when this is another one. */
  readonly others: readonly string[];
  /** What this account gave before and does not any more. */
  readonly lost: readonly string[];
}

export function bothAccountsPage(frame: Frame, page: BothAccountsPage): string {
  const title = 'Are both of these you?';
  const service = shown(page.service);
  const says = html`<h1>${title}</h1>
<p class="lead">If so, <b>${shown(page.app.name)}</b> can use the account at ${service}. If not, cancel: somebody else may be signed in there.</p>
${factsOf(page.app)}`;
  return layout(frame, { title, says, does: form(page) });
}

function form({ action, fields, person, service, account, scopes, beyond, missing, proxied, others, lost }: BothAccountsPage): Html {
  return html`${facts([
    ['Here', named(person)],
    [`At ${shown(service)}`, named(account)],
  ])}
<form method="post" action="${action}">
${hidden(fields)}
${others.length > 0 && html`<div class="notice" data-tone="caution"><strong>This is another account</strong><p>You have connected ${list(others)} before. Both stay connected.</p></div>`}
${lost.length > 0 && html`<div class="notice" data-tone="caution"><strong>Less than before</strong><p>You allowed ${codes(lost)} before. Apps that use it have to ask you again.</p></div>`}
${missing.length > 0 && html`<div class="notice" data-tone="caution"><strong>Not everything was allowed</strong><p>${shown(service)} did not give ${codes(missing)}. Some things in the app may not work.</p></div>`}
<h2 class="visually-hidden">What the app may do there</h2>
${uses(scopes, { service, proxied, beyond })}
<div class="stub">
<div class="actions">
<button type="submit" class="button" name="decision" value="deny">Cancel</button>
<button type="submit" class="button primary" name="decision" value="allow">Connect</button>
</div>
<p class="hint">${undo}</p>
</div>
</form>`;
}

function named({ name, email }: Person): Html {
  return html`<b>${shown(name)}</b>${email && email !== name && html`<br><span class="meta">${shown(email)}</span>`}`;
}

const list = (names: readonly string[]): Html => html`${names.map((name, at) => html`${at > 0 && ', '}<b>${shown(name)}</b>`)}`;

/** How it ended, for somebody whom no app waits for, or whom the service refused. */
export interface ConnectEndPage {
  readonly kind: 'connected' | 'cancelled' | 'denied';
  readonly service: string;
  readonly app: string;
  /** Name of the account there. */
  readonly account?: string | undefined;
  readonly person: Person;
  /** Registered address of the app, with what happened. */
  readonly back?: string | undefined;
}

export function connectEndPage(frame: Frame, { kind, service, app, account, person, back }: ConnectEndPage): string {
  const [title, lead] = endings[kind](shown(service), shown(app));
  const says = html`<h1>${title}</h1>
<p class="lead">${lead}</p>`;
  const does = html`${facts(
    [
      ['App', shown(app)],
      ['Here', shown(person.email ?? person.name)],
      [`At ${shown(service)}`, account && shown(account)],
    ],
    'facts lines',
  )}
${back && html`<div class="actions"><a class="button primary wide" href="${back}">Back to ${shown(app)}</a></div>`}`;
  return layout(frame, { title, says, does, ...(kind === 'denied' && { tone: 'danger' }) });
}

const endings: Readonly<Record<ConnectEndPage['kind'], (service: string, app: string) => readonly [title: string, lead: string]>> = {
  connected: (service, app) => [`${service} is connected`, `${app} can use it now. You can close this page and go back to the app.`],
  cancelled: (_service, app) => ['Nothing was connected', `${app} can’t use the account. You can close this page.`],
  denied: (service, app) => [
    `${service} said no`,
    `It did not let us in, so nothing was connected. If you changed your mind, start again in ${app}.`,
  ],
};
