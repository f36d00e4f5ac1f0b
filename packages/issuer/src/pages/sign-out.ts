/** Sign-out: the question, and the end. */
import { html, shown } from './html.ts';
import { type Frame, hidden, layout, type Person, who } from './layout.ts';

/** An app that the session signed in to. */
export interface SignedInApp {
  readonly name: string;
  /** Host of the app, if it has one. */
  readonly host?: string | undefined;
}

export interface SignOutPage {
  readonly action: string;
  readonly fields: Readonly<Record<string, string>>;
  /** The app that asked, if one did. */
  readonly app?: string | undefined;
  readonly person: Person;
  readonly apps: readonly SignedInApp[];
}

export function signOutPage(frame: Frame, { action, fields, app, person, apps }: SignOutPage): string {
  const asked = app === undefined ? 'You are signed in here.' : html`<b>${shown(app)}</b> asked to sign you out.`;
  const says = html`<h1>Sign out?</h1>
<p class="lead">${asked}</p>
${who(person)}`;
  const rows = apps.map(
    ({ name, host }) => html`<li><div><span>${shown(name)}</span>${host && html`<span class="meta">${host}</span>`}</div></li>`,
  );
  const does = html`<form method="post" action="${action}">
${hidden(fields)}
<p>This ends your session in this browser${apps.length ? ', here and in:' : '.'}</p>
${apps.length > 0 && html`<ul class="rows">${rows}</ul>`}
<div class="stub">
<div class="actions">
<button type="submit" class="button" name="stay" value="yes">Stay signed in</button>
<button type="submit" class="button primary" name="logout" value="yes">Sign out</button>
</div>
<p class="hint">Apps that you connected on a device stay connected. A token that an app already holds ends by itself, within an hour at the latest.</p>
</div>
</form>`;
  return layout(frame, { title: 'Sign out?', says, does });
}

export interface SignedOutPage {
  /** The app that asked, with a way back to it. */
  readonly back?: { readonly name: string; readonly url: string } | undefined;
}

export function signedOutPage(frame: Frame, { back }: SignedOutPage): string {
  const says = html`<h1>You are signed out</h1>
<p class="lead">Your session in this browser has ended. You can close this page.</p>`;
  const does = back && html`<div class="actions"><a class="button primary" href="${back.url}">Back to ${shown(back.name)}</a></div>`;
  return layout(frame, { title: 'You are signed out', says, ...(does && { does }) });
}
