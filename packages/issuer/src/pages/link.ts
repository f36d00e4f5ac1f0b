/** Linking a way to sign in: what will happen, and afterwards both accounts beside each other. */
import { html, shown } from './html.ts';
import { type Frame, facts, hidden, layout, type Person, who } from './layout.ts';

export interface LinkPage {
  readonly action: string;
  readonly csrf: string;
  readonly person: Person;
  /** The third party. */
  readonly name: string;
  /** Address to go to instead. */
  readonly back: string;
}

/** Asks before the browser goes to the third party. */
export function linkPage(frame: Frame, { action, csrf, person, name, back }: LinkPage): string {
  const title = `Link ${shown(name)}`;
  const says = html`<h1>${title}</h1>
<p class="lead">Then whoever signs in with that account at <b>${shown(name)}</b> is you here.</p>`;
  const does = html`<div class="acting">${who(person)}</div>
<p>First you sign in at ${shown(name)}. Before anything is linked, we show you both accounts.</p>
<form method="post" action="${action}">
${hidden({ csrf })}
<div class="stub">
<div class="actions">
<a class="button" href="${back}">Cancel</a>
<button type="submit" class="button primary">Continue</button>
</div>
</div>
</form>`;
  return layout(frame, { title, says, does });
}

export interface ConfirmLinkPage extends Omit<LinkPage, 'back'> {
  /** Names the question. */
  readonly key: string;
  /** Who the person is at the third party, in its words. */
  readonly account: string;
  readonly subject: string;
}

/** Shows both accounts and asks whether they are one person. */
export function confirmLinkPage(frame: Frame, { action, csrf, key, person, name, account, subject }: ConfirmLinkPage): string {
  const title = 'Are both of these you?';
  const says = html`<h1>${title}</h1>
<p class="lead">After this, whoever signs in with the second signs in here as the first.</p>`;
  const does = html`<form method="post" action="${action}">
${hidden({ csrf, key })}
${facts(
  [
    ['Here', who(person)],
    [`At ${shown(name)}`, html`<b>${shown(account)}</b>`],
    ['Its id there', shown(subject), 'mono'],
  ],
  'facts lines',
)}
<div class="stub">
<div class="actions">
<button type="submit" class="button" name="decision" value="deny">Cancel</button>
<button type="submit" class="button primary" name="decision" value="link">Link them</button>
</div>
<p class="hint">If the second is not your account, cancel: somebody may have sent you here.</p>
</div>
</form>`;
  return layout(frame, { title, says, does });
}
