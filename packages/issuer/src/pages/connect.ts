/** Connecting an account elsewhere: which app wants it, where, for what, and which account. */
import { place } from './consent.ts';
import { type Html, html, shown } from './html.ts';
import { type Frame, facts, hidden, layout, type Person, who } from './layout.ts';
import { scopeInWords } from './words.ts';

/** The app that wants to use an account. */
export interface AskingApp {
  readonly name: string;
  readonly clientId: string;
  /** Organization that runs the app. */
  readonly runBy?: string | undefined;
  /** Somebody here has looked at this app. */
  readonly checked: boolean;
  /** Where the answer goes, if anywhere. */
  readonly returnTo?: string | undefined;
}

/** An account that is connected already, and what choosing it means. */
export interface AccountChoice {
  readonly id: string;
  readonly name: string;
  readonly kind: 'enough' | 'more' | 'again';
  /** What the app's key opens there beyond what it asks for, because the third party gave it before. */
  readonly beyond: readonly string[];
}

export interface ConnectPage {
  readonly action: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly person: Person;
  /** The service, as people know it. */
  readonly service: string;
  readonly app: AskingApp;
  readonly scopes: readonly string[];
  /** The app never holds a token: each of its requests goes through here. */
  readonly proxied: boolean;
  readonly accounts: readonly AccountChoice[];
  /** The account that the link is about. */
  readonly preferred?: string | undefined;
  /** Address where another person can sign in; a ticket is for one person. */
  readonly switchAccount?: string | undefined;
}

export function connectPage(frame: Frame, page: ConnectPage): string {
  const service = shown(page.service);
  const title = `Connect ${service}?`;
  const says = html`<h1>${title}</h1>
<p class="lead"><b>${shown(page.app.name)}</b> wants to use your account at ${service}. You can end it at any time.</p>
${factsOf(page.app)}`;
  return layout(frame, { title: `${title.slice(0, -1)} for ${shown(page.app.name)}`, says, does: form(page) });
}

/** Who asks, as consent names it. */
export function factsOf({ name, clientId, runBy, checked, returnTo }: AskingApp): Html {
  return facts([
    ['App', html`<b>${shown(name)}</b>`],
    ['Run by', runBy && shown(runBy)],
    ['Sends you back to', returnTo && html`<b>${place(returnTo)}</b>`],
    ['Client', shown(clientId), 'mono'],
    ['Checked by us', checked ? 'Yes' : 'No'],
  ]);
}

function form(page: ConnectPage): Html {
  const { action, fields, person, service, scopes, proxied, switchAccount } = page;
  return html`<div class="acting">${who(person)}${switchAccount && html`<a href="${switchAccount}">Use another account</a>`}</div>
<form method="post" action="${action}">
${hidden(fields)}
<h2 class="visually-hidden">What it may do there</h2>
${uses(scopes, { service, proxied })}
${page.accounts.length > 0 && choices(page)}
<div class="stub">
<div class="actions">
<button type="submit" class="button" name="decision" value="deny">Cancel</button>
<button type="submit" class="button primary" name="decision" value="allow">Connect</button>
</div>
<p class="hint">${next(page)}</p>
</div>
</form>`;
}

const tick = html`<svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d="M2.5 8.5 6 12l7.5-8"/></svg>`;
const cross = html`<svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d="M3.5 3.5l9 9m0-9l-9 9"/></svg>`;

/** Scopes beside each other. */
export const codes = (names: readonly string[]): Html =>
  html`${names.map((name, at) => html`${at > 0 && ', '}<code>${shown(name)}</code>`)}`;

export interface Uses {
  readonly service: string;
  readonly proxied: boolean;
  /** What the app's key opens and the app does not ask for. */
  readonly beyond?: readonly string[];
}

/** What an app may do at a service. The words are the service's own: only it knows what they allow. */
export function uses(scopes: readonly string[], { service, proxied, beyond = [] }: Uses): Html {
  const may = scopes.map((name) => html`<li>${tick}<span>${inWords(name, shown(service))} <code>${shown(name)}</code></span></li>`);
  const basic = html`<li>${tick}<span>What ${shown(service)} lets any app do that you connect</span></li>`;
  const never = proxied
    ? 'It never holds a key to your account there: each request goes through us.'
    : `It never sees your password at ${shown(service)}, only a key that we keep fresh and you can take back.`;
  const too = html`<li>${tick}<span>Its key there also opens ${codes(beyond)}</span></li>`;
  return html`<ul class="grants">${may.length > 0 ? may : basic}${beyond.length > 0 && too}<li class="not">${cross}<span class="hint">${never}</span></li></ul>`;
}

const known: Readonly<Record<string, (service: string) => string>> = {
  openid: (service) => `Know who you are at ${service}`,
  profile: (service) => `See your name at ${service}`,
  email: (service) => `See your e-mail address at ${service}`,
  offline_access: () => scopeInWords({ name: 'offline_access' }),
};

/** What a key opens beyond some scopes, without those by which a service says who somebody is. A proxied app holds no key. */
export function beyondOf(granted: readonly string[], { scopes, proxied }: { scopes: readonly string[]; proxied: boolean }): string[] {
  return proxied ? [] : granted.filter((scope) => !scopes.includes(scope) && !Object.hasOwn(known, scope));
}

const inWords = (name: string, service: string): string => known[name]?.(service) ?? `Use what ${service} calls`;

/** The account that is chosen to begin with: the one that the link is about, or one that needs no trip. */
function chosenOf({ accounts, preferred }: ConnectPage): AccountChoice | undefined {
  return accounts.find(({ id }) => id === preferred) ?? accounts.find(({ kind }) => kind === 'enough') ?? accounts[0];
}

function choices(page: ConnectPage): Html {
  const { accounts, service } = page;
  const chosen = chosenOf(page);
  const choice = (value: string, checked: boolean, text: Html) =>
    html`<label class="choice"><input type="radio" name="account" value="${value}"${checked && html` checked`}>${text}</label>`;
  const connected = accounts.map(({ id, name, kind, beyond }) =>
    choice(
      id,
      id === chosen?.id,
      html`<span><b>${shown(name)}</b><span class="hint">${meanings[kind](shown(service))}${opens(beyond)}</span></span>`,
    ),
  );
  const another = html`<span>Another account at ${shown(service)}</span>`;
  return html`<fieldset class="choices"><legend>Which account</legend>${connected}${choice('another', false, another)}</fieldset>`;
}

const opens = (beyond: readonly string[]): Html | false => beyond.length > 0 && html`. Its key also opens ${codes(beyond)}`;

const meanings: Readonly<Record<AccountChoice['kind'], (service: string) => string>> = {
  enough: () => 'Connected. Nothing more to do there',
  more: (service) => `Connected. ${service} asks you for more`,
  again: (service) => `Needs to be connected again at ${service}`,
};

/** Where to undo it. */
export const undo = html`You can see and end this in <a href="/account">your account</a> here.`;

function next(page: ConnectPage): Html | string {
  if (chosenOf(page)?.kind === 'enough') return undo;
  const { service } = page;
  return `Next, ${shown(service)} asks you to sign in there. Before anything is connected, we show you which account it is.`;
}
