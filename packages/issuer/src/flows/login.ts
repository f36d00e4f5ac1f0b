/** Signing in with a password. */
import { getCookie, setCookie } from 'hono/cookie';
import type { LoginProblem } from '../pages/login.ts';
import { loginPage } from '../pages/login.ts';
import { REMEMBERED } from '../people/known-browsers.ts';
import type { SignInResult } from '../people/sign-in.ts';
import { mayBegin } from '../provider/accounts.ts';
import { cookieSuffix } from '../provider/configuration.ts';
import { atomically, unit } from '../provider/unit.ts';
import { answerPage, circumstances, type Desk, type FlowContext, type PageOptions } from './desk.ts';
import { appName, assertOurForm, type Opened, openInteraction, pagePolicy, personOf, readForm } from './interaction.ts';
import { waysToShow } from './upstream-login-ways.ts';

const MAX_EMAIL = 320;
// Far above what the policy lets anybody set: a longer one is refused as wrong, after the same work.
const MAX_PASSWORD = 4096;

/** Shows the form. `fresh` leaves it empty, for somebody else. */
export async function showLogin(desk: Desk, c: FlowContext, opened: Opened, { fresh = false } = {}): Promise<Response> {
  const { login_hint: hint } = opened.interaction.params;
  const email = fresh ? undefined : typeof hint === 'string' ? hint.slice(0, MAX_EMAIL) : (await signedIn(opened))?.email;
  return draw(desk, c, opened, { email, again: !fresh && opened.interaction.session !== undefined });
}

/** Takes the form: checks the password, and sends the browser on or shows the form again. */
export async function takeLogin(desk: Desk, c: FlowContext): Promise<Response> {
  const form = await readForm(c);
  const email = (form.get('email') ?? '').slice(0, MAX_EMAIL);
  // A unit of work may run again; a password is checked once.
  let checked: Promise<SignInResult> | undefined;
  return atomically(desk.store, async () => {
    const opened = await openInteraction(desk, c);
    assertOurForm(desk, c, opened, form);
    checked ??= desk.signIn({
      email,
      password: (form.get('password') ?? '').slice(0, MAX_PASSWORD),
      address: desk.addressOf(c.env.incoming),
      browser: getCookie(c, cookieName(desk)),
    });
    const result = await checked;
    const expected = result.kind === 'ok' && (await isExpected(desk, opened, result.user.id));
    recordAttempt(desk, c, opened, { result, expected });
    if (expected) return finish(desk, c, result);
    return draw(desk, c, opened, { email, again: opened.interaction.session !== undefined, problem: problemOf(result) });
  });
}

/** At the issuer of one organization its own people sign in, and those whom it gave a role. */
async function isExpected({ voice }: Desk, { interaction }: Opened, userId: string): Promise<boolean> {
  const account = await unit().account(userId);
  return account !== undefined && mayBegin(account, interaction, voice);
}

async function finish(desk: Desk, c: FlowContext, { user, browser }: Extract<SignInResult, { kind: 'ok' }>): Promise<Response> {
  const login = { accountId: user.id, amr: ['pwd'], remember: true };
  const returnTo = await desk.provider.interactionResult(c.env.incoming, c.env.outgoing, { login }, { mergeWithLastSubmission: false });
  const secure = desk.issuer.startsWith('https:');
  setCookie(c, cookieName(desk), browser, { path: '/', httpOnly: true, secure, sameSite: 'Lax', maxAge: REMEMBERED });
  c.header('cache-control', 'no-store');
  return c.redirect(returnTo, 303);
}

const cookieName = ({ issuer, voice }: Desk): string =>
  `${issuer.startsWith('https:') ? '__Host-safeconduct_browser' : 'safeconduct_browser'}${cookieSuffix(voice)}`;

interface Shown {
  readonly email: string | undefined;
  readonly again: boolean;
  readonly problem?: LoginProblem | undefined;
}

async function draw(desk: Desk, c: FlowContext, opened: Opened, { email, again, problem }: Shown): Promise<Response> {
  const { path, csrf, client, interaction } = opened;
  const ways = await waysToShow(desk, opened);
  const page = loginPage(desk.frame, {
    action: `${path}/login`,
    startOver: `${path}?account=another`,
    csrf,
    app: appName(client),
    device: interaction.deviceCode !== undefined,
    again,
    email,
    problem,
    ways: ways.map(({ id, name }) => ({ name, action: `${path}/connection/${id}` })),
  });
  return answerPage(desk, c, page, { ...pagePolicy(desk, opened), ...statusOf(problem) });
}

function statusOf(problem: LoginProblem | undefined): PageOptions {
  switch (problem?.kind) {
    case undefined:
      return {};
    case 'mismatch':
    case 'elsewhere':
      return { status: 422 };
    case 'paused':
      return { status: 429, retryAfter: problem.seconds };
    case 'closed':
      return { status: 429 };
    case 'busy':
      return { status: 503, retryAfter: 5 };
  }
}

function problemOf(result: SignInResult): LoginProblem {
  if (result.kind === 'ok') return { kind: 'elsewhere' };
  return result.kind === 'mismatch' ? { kind: 'mismatch' } : result;
}

interface Attempt {
  readonly result: SignInResult;
  /** Whoever it is may sign in here. */
  readonly expected: boolean;
}

function recordAttempt(desk: Desk, c: FlowContext, { client }: Opened, { result, expected }: Attempt): void {
  const common = { ...circumstances(desk, c), client: client.clientId };
  if (result.kind === 'ok') {
    const { id, organizationId } = result.user;
    if (!expected) {
      unit().record({ ...common, type: 'login.failed', outcome: 'refused', target: id, reason: 'other_organization' });
      return;
    }
    unit().record({ ...common, type: 'login.ok', outcome: 'ok', actor: id, organization: organizationId, details: { method: 'password' } });
  } else if (result.kind === 'mismatch') {
    // What was typed is not kept: people type passwords into the field for the e-mail.
    unit().record({
      ...common,
      type: 'login.failed',
      outcome: 'refused',
      target: result.userId,
      reason: 'password_wrong',
      details: { failures: result.failures },
    });
  } else {
    unit().record({ ...common, type: 'login.paused', outcome: 'refused', reason: result.kind });
  }
}

const signedIn = ({ interaction }: Opened) => personOf(interaction.session?.accountId);
