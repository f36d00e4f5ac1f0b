/** The pages of the calendar: data in, HTML out, no script. */
import { html } from 'hono/html';
import type { CalendarPerson } from './people.ts';
import type { CalendarEvent } from './state.ts';

export type Html = ReturnType<typeof html>;

export function page(title: string, body: Html): Html {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · Almanac</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/almanac.css">
</head>
<body>
<header><a href="/">Almanac</a></header>
<main>
${body}</main>
<footer>A demo calendar with demo people. It belongs to nobody and knows nobody.</footer>
</body>
</html>
`;
}

export interface LoginForm {
  readonly action: string;
  readonly csrf: string;
  readonly email: string;
  /** The application that sent the person here. */
  readonly app?: string;
  readonly wrong: boolean;
  readonly people: readonly CalendarPerson[];
}

export function loginPage({ action, csrf, email, app, wrong, people }: LoginForm): Html {
  return page(
    'Sign in',
    html`<h1>Sign in to your calendar</h1>
${app === undefined ? '' : html`<p><b>${app}</b> wants to use it.</p>\n`}
${wrong ? html`<p class="wrong" role="alert">E-mail address and password do not belong together. Try again.</p>\n` : ''}
<form method="post" action="${action}">
<input type="hidden" name="csrf" value="${csrf}">
<label for="email">E-mail address</label>
<input id="email" name="email" type="email" autocomplete="username" value="${email}" required maxlength="200">
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required maxlength="200">
<div class="actions"><button type="submit" name="do" value="sign-in">Sign in</button></div>
</form>
<h2>Demo people</h2>
<table>
<thead><tr><th scope="col">E-mail address</th><th scope="col">Password</th></tr></thead>
<tbody>${people.map((person) => html`<tr><td>${person.email}</td><td><code>${person.password}</code></td></tr>`)}</tbody>
</table>
`,
  );
}

export interface ConsentForm {
  readonly action: string;
  readonly csrf: string;
  readonly person: CalendarPerson;
  readonly app: string;
  readonly scopes: readonly string[];
}

const meanings: Readonly<Record<string, string>> = {
  openid: 'know which account here is yours',
  profile: 'see your name',
  email: 'see your e-mail address',
  'calendar.read': 'see the events in your calendar',
  'calendar.write': 'add events to your calendar',
  offline_access: 'do so while you are not here, until you end it',
};

export function consentPage({ action, csrf, person, app, scopes }: ConsentForm): Html {
  return page(
    'Allow access',
    html`<h1>Let ${app} use your calendar?</h1>
<p>You are signed in as <b>${person.name}</b> (${person.email}). <a href="${action}?account=another">Use another account</a></p>
<p>It could then:</p>
<ul>${scopes.map((scope) => html`<li>${meanings[scope] ?? scope} <span class="soft">(<code>${scope}</code>)</span></li>`)}</ul>
<form method="post" action="${action}" class="actions">
<input type="hidden" name="csrf" value="${csrf}">
<button type="submit" name="do" value="allow">Allow</button>
<button type="submit" name="do" value="deny" class="second">Do not allow</button>
</form>
`,
  );
}

export interface HomePage {
  readonly person: CalendarPerson;
  readonly csrf: string;
  readonly events: readonly CalendarEvent[];
  readonly apps: readonly { readonly id: string; readonly name: string }[];
}

export function homePage({ person, csrf, events, apps }: HomePage): Html {
  return page(
    'Your calendar',
    html`<h1>${person.name}’s calendar</h1>
<form method="post" action="/sign-out" class="row"><span class="soft">${person.email}</span><input type="hidden" name="csrf" value="${csrf}"><button class="second" type="submit">Sign out</button></form>
${events.length === 0 ? html`<p>Nothing in it yet.</p>\n` : eventTable(events)}
<h2>Applications that may use it</h2>
${apps.length === 0 ? html`<p>None.</p>\n` : apps.map((app) => appRow(app, csrf))}
`,
  );
}

function eventTable(events: readonly CalendarEvent[]): Html {
  return html`<table>
<thead><tr><th scope="col">Day</th><th scope="col">What</th></tr></thead>
<tbody>${events.map(({ day, title, note }) => html`<tr><td>${day}</td><td>${title}${note === undefined ? '' : html`<br><span class="soft">${note}</span>`}</td></tr>`)}</tbody>
</table>
`;
}

function appRow({ id, name }: { id: string; name: string }, csrf: string): Html {
  return html`<form method="post" action="/remove" class="row"><span>${name}</span><input type="hidden" name="csrf" value="${csrf}"><button class="second" type="submit" name="client" value="${id}">Remove access</button></form>
`;
}

export function nobodyPage(): Html {
  return page(
    'Calendar',
    html`<h1>A calendar that others may use, if you let them</h1>
<p>Nobody is signed in here. You will be asked to when an application wants to use your calendar; afterwards this page shows what is in it, and who may use it.</p>
`,
  );
}

export function errorPage(sentence: string): Html {
  return page(
    'That did not work',
    html`<h1>That did not work</h1>
<p>${sentence}</p>
<p>Go back to the application that sent you here and begin again.</p>
`,
  );
}
