/** The account page: who somebody is here, what apps reach for them, and how they sign in. */
import { type Connectable, type Connected, connectedSection } from './account-connected.ts';
import { type Ways, waysSection } from './account-ways.ts';
import { type Html, html, shown } from './html.ts';
import { deskLayout, type Frame, facts, type Person } from './layout.ts';
import { moment } from './words.ts';

export interface AccountPage {
  readonly person: Person;
  /** `sub`. */
  readonly userId: string;
  readonly organization: string;
  readonly csrf: string;
  readonly signOut: string;
  readonly at: Date;
  /** What was just done. */
  readonly notice?: Notice | undefined;
  readonly connected: readonly Connected[];
  readonly connectable: readonly Connectable[];
  readonly ways: Ways;
}

/** The outcome of what a person did on the page. */
export interface Notice {
  readonly tone: 'done' | 'caution' | 'danger';
  readonly title: string;
  readonly text?: string | undefined;
}

export function accountPage(frame: Frame, page: AccountPage): string {
  const content = html`<p class="print-only">${printed(frame, page)}</p>
<div class="page-head">
<div><h1>Your account</h1>
<p class="lead">Who you are here, and what can act as you elsewhere.</p></div>
</div>
${page.notice && said(page.notice)}
<nav class="jump" aria-label="On this page"><a href="#connected">Connected accounts</a><a href="#ways">Ways to sign in</a><a href="#profile">Profile</a></nav>
${connectedSection(page)}
${waysSection(page)}
${profile(page)}`;
  return deskLayout(frame, { title: 'Your account', person: page.person, home: '/account', signOut: page.signOut, content });
}

function printed({ host }: Frame, { person, at }: AccountPage): string {
  const whom = [shown(person.name), person.email && shown(person.email)].filter(Boolean).join(', ');
  return `${whom}. Printed from ${host} on ${moment(at)}.`;
}

function said({ tone, title, text }: Notice): Html {
  const role = tone === 'done' ? 'status' : 'alert';
  return html`<div class="notice" data-tone="${tone}" role="${role}"><strong>${title}</strong>${text && html`<p>${text}</p>`}</div>`;
}

function profile({ person, userId, organization }: AccountPage): Html {
  return html`<section class="section" id="profile" aria-labelledby="h-profile">
<header><h2 id="h-profile">Profile</h2><p>Apps see your name and e-mail only if you allow it.</p></header>
<div>
${facts([
  ['Name', shown(person.name)],
  ['E-mail', person.email === undefined ? 'None' : shown(person.email)],
  ['Organization', shown(organization)],
  ['Subject', shown(userId), 'mono'],
])}
</div>
</section>`;
}
