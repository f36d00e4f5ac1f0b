/** Device grant (RFC 8628): the code, the question whether it is yours, and the end. */
import { grants } from './consent.ts';
import { type Html, html, shown } from './html.ts';
import { bearer, type Frame, facts, hidden, layout, type Person, who } from './layout.ts';
import { type AskedScope, ago } from './words.ts';

/** Why the last code did not work. */
export type CodeProblem = 'unknown' | 'expired' | 'used' | 'missing' | 'denied' | 'too-many' | 'stale' | 'failed';

export interface DeviceCodePage {
  readonly action: string;
  readonly csrf: Readonly<Record<string, string>>;
  readonly code?: string | undefined;
  readonly problem?: CodeProblem | undefined;
}

export function deviceCodePage(frame: Frame, page: DeviceCodePage): string {
  if (page.problem === 'denied') return denied(frame);
  const says = html`<h1>Connect a device</h1>
<p class="lead">Type the code that your terminal or device shows. Next you see what is asking, and decide.</p>`;
  const told = page.problem && problems[page.problem];
  return layout(frame, { title: `${told ? `${told[0]}. ` : ''}Connect a device`, says, does: codeForm(page, told) });
}

type Told = readonly [heading: string, advice: string];

const problems: Record<Exclude<CodeProblem, 'denied'>, Told> = {
  unknown: ['That code is not known', 'Check it against your device and type it again.'],
  expired: ['That code has expired', 'Ask your device for a new one: start the sign-in there again.'],
  used: ['That code was used before', 'If it was not you, close this page. Otherwise ask your device for a new one.'],
  missing: ['The code is missing', 'Type the code that your device shows.'],
  'too-many': ['Too many wrong codes', 'Wait ten minutes, then ask your device for a new code.'],
  stale: ['That form was too old', 'Type the code again.'],
  failed: ['That did not work', 'Ask your device for a new code: start the sign-in there again.'],
};

function codeForm({ action, csrf, code, problem }: DeviceCodePage, told: Told | undefined): Html {
  const invalid = problem && html` aria-invalid="true"`;
  const described = told ? 'problem user-code-hint' : 'user-code-hint';
  return html`${told && html`<div class="notice" data-tone="danger" role="alert" id="problem"><strong>${told[0]}</strong><p>${told[1]}</p></div>`}
<form method="post" action="${action}">
${hidden(csrf)}
<div class="field">
<label for="user_code">Code</label>
<input class="code-entry" id="user_code" name="user_code" type="text" autocomplete="off" autocapitalize="characters" autocorrect="off" spellcheck="false" maxlength="12" required aria-describedby="${described}" value="${code ?? ''}"${invalid}>
<p class="hint" id="user-code-hint">Eight letters, like BDWP-HQPK. The dash is optional.</p>
</div>
<button type="submit" class="button primary wide">Continue</button>
</form>
<p class="hint">Did someone send you this code? Close this page. They would be signed in as you.</p>`;
}

function denied(frame: Frame): string {
  const says = html`<h1>The device was not connected</h1>
<p class="lead">It can’t act as you, and its code is used up. You can close this page.</p>`;
  return layout(frame, { title: 'Device not connected', says });
}

export interface DeviceConfirmPage {
  readonly action: string;
  /** What the form must carry to be taken as the reader's own. */
  readonly fields: Readonly<Record<string, string>>;
  readonly code: string;
  readonly app: string;
  readonly clientId: string;
  /** Network address that asked for the code. */
  readonly from?: string | undefined;
  /** The reader comes from another network. */
  readonly elsewhere: boolean;
  /** Seconds since the code was made. */
  readonly age?: number | undefined;
  readonly scopes: readonly AskedScope[];
  /** Who is signed in here, if anybody. */
  readonly person?: Person | undefined;
}

export function deviceConfirmPage(frame: Frame, page: DeviceConfirmPage): string {
  const title = 'Is this your device?';
  const says = html`<h1>${title}</h1>
<p class="lead">It says it is <b>${shown(page.app)}</b>. Check that it shows this code.</p>
<dl class="facts">
<div class="wide"><dt>Code on the device</dt><dd class="big-code">${page.code}</dd></div>
${page.from && html`<div><dt>Asked from</dt><dd class="mono">${shown(page.from)}</dd></div>`}
${page.age !== undefined && html`<div><dt>When</dt><dd>${ago(page.age)}</dd></div>`}
<div><dt>Client</dt><dd class="mono">${shown(page.clientId)}</dd></div>
</dl>`;
  return layout(frame, { title, says, does: confirmForm(page) });
}

function confirmForm({ action, fields, elsewhere, scopes, person }: DeviceConfirmPage): Html {
  const warning = elsewhere
    ? html`<strong>It is not on your network</strong><p>Normal for a server or a remote shell. If you didn’t start this yourself, or someone sent you the code, deny it.</p>`
    : html`<p>If you didn’t start this yourself, or someone sent you the code, deny it.</p>`;
  return html`${person && html`<div class="acting">${who(person)}</div>`}
<form method="post" action="${action}">
${hidden(fields)}
<div class="notice"${elsewhere && html` data-tone="caution"`}>${warning}</div>
<h2 class="visually-hidden">What it may do</h2>
${grants(scopes)}
<div class="stub">
<div class="actions">
<button type="submit" class="button" name="abort" value="yes">Deny</button>
<button type="submit" class="button primary" name="confirm" value="yes">Yes, it’s mine</button>
</div>
${!person && html`<p class="hint">Next you sign in. The device is connected only after that.</p>`}
</div>
</form>`;
}

export interface DeviceDonePage {
  readonly app: string;
  readonly person: Person;
}

export function deviceDonePage(frame: Frame, { app, person }: DeviceDonePage): string {
  const says = html`<h1>Your device is connected</h1>
<p class="lead">Go back to it. It goes on by itself, and you can close this page.</p>`;
  const does = facts([
    ['Device', shown(app)],
    ['Acts as', bearer(person.name)],
  ]);
  return layout(frame, { title: 'Device connected', says, does });
}
