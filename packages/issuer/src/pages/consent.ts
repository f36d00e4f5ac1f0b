/** Consent: who asks, what for, for how long. */
import { type Html, html, shown } from './html.ts';
import { type Frame, facts, hidden, layout, type Person, who } from './layout.ts';
import { type AskedScope, duration, scopeInWords } from './words.ts';

/** How long a yes lasts, in seconds. */
export interface Lifetime {
  /** Of one access token. */
  readonly token: number;
  /** Without use, when the app may stay connected. */
  readonly idle?: number | undefined;
  /** In all, when the app may stay connected. */
  readonly total?: number | undefined;
}

export interface ConsentPage {
  readonly action: string;
  readonly csrf: string;
  readonly person: Person;
  readonly app: string;
  readonly clientId: string;
  /** Organization that runs the app. */
  readonly runBy?: string | undefined;
  /** Somebody here has looked at this app. */
  readonly checked: boolean;
  /** Where the answer goes; a device has no such place. */
  readonly redirectUri?: string | undefined;
  readonly scopes: readonly AskedScope[];
  readonly lifetime: Lifetime;
  /** Address where another person can sign in. */
  readonly switchAccount: string;
}

export function consentPage(frame: Frame, page: ConsentPage): string {
  const title = `${shown(page.app)} asks to act as you`;
  const says = html`<h1>${title}</h1>
<p class="lead">It acts under your name, and only as far as you allow here.</p>
${facts([
  ['Sends you back to', page.redirectUri && html`<b>${place(page.redirectUri)}</b>`],
  ['Run by', page.runBy && shown(page.runBy)],
  ['Client', shown(page.clientId), 'mono'],
  ['Checked by us', page.checked ? 'Yes' : 'No'],
])}`;
  return layout(frame, { title, says, does: form(page) });
}

function form({ action, csrf, person, scopes, lifetime, switchAccount }: ConsentPage): Html {
  return html`<div class="acting">${who(person)}<a href="${switchAccount}">Use another account</a></div>
<form method="post" action="${action}">
${hidden({ csrf })}
<h2 class="visually-hidden">What it may do</h2>
${grants(scopes, { close: true })}
<div class="stub">
<div class="actions">
<button type="submit" class="button" name="decision" value="deny">Cancel</button>
<button type="submit" class="button primary" name="decision" value="allow">Allow</button>
</div>
<p class="hint">${ends(lifetime)}</p>
</div>
</form>`;
}

const tick = html`<svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d="M2.5 8.5 6 12l7.5-8"/></svg>`;
const cross = html`<svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d="M3.5 3.5l9 9m0-9l-9 9"/></svg>`;

/** What an app may do, as a list; `close` adds what it never can. */
export function grants(scopes: readonly AskedScope[], { close = false } = {}): Html {
  const may = scopes.map((scope) => html`<li>${tick}<span>${shown(scopeInWords(scope))} <code>${shown(scope.name)}</code></span></li>`);
  const never = html`<li class="not">${cross}<span class="hint">It can’t see your password, or anything that isn’t yours.</span></li>`;
  return html`<ul class="grants">${may}${close && never}</ul>`;
}

function ends({ token, idle, total }: Lifetime): string {
  if (idle === undefined || total === undefined) return `Ends by itself after ${duration(token)}.`;
  return `Ends by itself after ${duration(idle)} without use, and after ${duration(total)} in any case.`;
}

/** Where an address leads, in words that a person can compare. */
export function place(address: string): string {
  const { protocol, hostname, host } = new URL(address);
  if (protocol !== 'http:' && protocol !== 'https:') return `an app on this device (${protocol.slice(0, -1)})`;
  return ['127.0.0.1', '[::1]', 'localhost'].includes(hostname) ? `this computer (${hostname})` : host;
}
