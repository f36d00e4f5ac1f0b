/** Sign-in: an e-mail and a password. The page reads the same whether or not the account exists. */
import { type Html, html, shown } from './html.ts';
import { type Frame, hidden, layout } from './layout.ts';
import { duration } from './words.ts';

/** Why the last try did not work. */
export type LoginProblem =
  | { readonly kind: 'mismatch' }
  | { readonly kind: 'elsewhere' }
  | { readonly kind: 'paused'; readonly where: 'email' | 'network'; readonly seconds: number }
  | { readonly kind: 'closed' }
  | { readonly kind: 'busy' };

export interface LoginPage {
  readonly action: string;
  readonly csrf: string;
  /** The app that asked, as it calls itself. */
  readonly app: string;
  /** A device waits for this sign-in, not a browser. */
  readonly device: boolean;
  /** Somebody is signed in and has to prove it again. */
  readonly again: boolean;
  readonly email?: string | undefined;
  /** Address of this page with empty fields. */
  readonly startOver: string;
  readonly problem?: LoginProblem | undefined;
  /** Third parties that sign people in. */
  readonly ways?: readonly Way[];
}

/** A third party's button. */
export interface Way {
  readonly name: string;
  readonly action: string;
}

export function loginPage(frame: Frame, page: LoginPage): string {
  const { problem } = page;
  const says = html`<h1>${page.again ? 'Sign in again' : 'Sign in'}</h1>
<p class="lead">${whatNext(page)}</p>`;
  return layout(frame, { title: `${problem ? `${headings[problem.kind]}. ` : ''}Sign in`, says, does: form(page) });
}

const headings: Record<LoginProblem['kind'], string> = {
  mismatch: 'That did not work',
  elsewhere: 'You are not in this organization',
  paused: 'Wait a moment',
  closed: 'Passwords are closed',
  busy: 'Wait a moment',
};

function whatNext({ app, device, again }: LoginPage): Html {
  const name = html`<b>${shown(app)}</b>`;
  if (device) return html`Then ${name} on your device can act as you.`;
  return again ? html`${name} wants to be sure that it is you. Then we take you back.` : html`Then we take you back to ${name}.`;
}

function form({ action, csrf, email, startOver, problem, ways = [] }: LoginPage): Html {
  const invalid = problem?.kind === 'mismatch' && html` aria-invalid="true" aria-describedby="problem"`;
  return html`${problem && notice(problem)}
<form method="post" action="${action}">
${hidden({ csrf })}
<div class="field">
<label for="email">E-mail</label>
<input id="email" name="email" type="email" inputmode="email" autocomplete="username" autocapitalize="none" spellcheck="false" maxlength="320" required value="${email ?? ''}"${invalid}>
</div>
<div class="field">
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required${invalid}>
</div>
${button(problem)}
</form>
${problem && wayOut(problem, startOver)}
${ways.length > 0 && others(ways, csrf)}`;
}

function others(ways: readonly Way[], csrf: string): Html {
  const forms = ways.map(
    ({ name, action }) =>
      html`<form method="post" action="${action}">${hidden({ csrf })}<button type="submit" class="button wide"><span class="visually-hidden">Continue with </span>${shown(name)}</button></form>`,
  );
  return html`<div class="or">or continue with</div>
<div class="ways" role="group" aria-label="Sign in with another account">${forms}</div>`;
}

/** A disabled form needs a way back to one that is not. */
function wayOut(problem: LoginProblem, startOver: string): Html | undefined {
  if (problem.kind !== 'paused' && problem.kind !== 'closed') return undefined;
  const ofNetwork = problem.kind === 'paused' && problem.where === 'network';
  return html`<p class="hint"><a href="${startOver}">${ofNetwork ? 'Back to the form' : 'Use another e-mail'}</a></p>`;
}

function button(problem: LoginProblem | undefined): Html {
  if (problem?.kind === 'paused') {
    return html`<button type="submit" class="button primary wide" disabled>Passwords open again in ${duration(problem.seconds)}</button>`;
  }
  if (problem?.kind === 'closed') return html`<button type="submit" class="button primary wide" disabled>Passwords are closed</button>`;
  return html`<button type="submit" class="button primary wide">Sign in</button>`;
}

function notice(problem: LoginProblem): Html {
  switch (problem.kind) {
    case 'mismatch':
      return html`<div class="notice" data-tone="danger" role="alert" id="problem"><strong>That e-mail and password don’t match</strong><p>Check both and try again.</p></div>`;
    case 'elsewhere':
      return html`<div class="notice" data-tone="danger" role="alert" id="problem"><strong>You are not in this organization</strong><p>Your account is right, but it belongs to another organization. Use another one, or ask to be invited.</p></div>`;
    case 'paused': {
      const where = problem.where === 'email' ? 'for this e-mail' : 'from your network';
      return caution(
        'Too many wrong passwords',
        `We paused them ${where} for ${duration(problem.seconds)}. A browser that signed in before still works.`,
      );
    }
    case 'closed':
      return caution(
        'Too many wrong passwords',
        'We closed them for this e-mail. A browser that signed in before still works. Otherwise ask the people who run this service to set a new password.',
      );
    case 'busy':
      return caution('Many people sign in right now', 'Your password was not checked. Try again in a few seconds.');
  }
}

function caution(heading: string, text: string): Html {
  return html`<div class="notice" data-tone="caution" role="alert"><strong>${heading}</strong><p>${text}</p></div>`;
}
