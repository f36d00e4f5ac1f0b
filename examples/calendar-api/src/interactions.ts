/** Signing in and saying yes: what the engine asks of a person before an application gets anything. */
import { Hono } from 'hono';
import { errors, type InteractionResults, type Provider } from 'oidc-provider';
import { type Bindings, csrfFor, fieldsOf, formLimit, type PageContext, same } from './forms.ts';
import { consentPage, errorPage, type LoginForm, loginPage } from './pages.ts';
import type { CalendarPerson } from './people.ts';

export interface InteractionOptions {
  readonly provider: Provider;
  readonly people: readonly CalendarPerson[];
  readonly secret: string;
}

type Interaction = Awaited<ReturnType<Provider['interactionDetails']>>;

/** Answers `GET` and `POST /interaction/:uid`. */
export function createInteractions(options: InteractionOptions): Hono<{ Bindings: Bindings }> {
  const pages = new Hono<{ Bindings: Bindings }>();
  pages.get('/:uid', async (c) => show(c, options, await opened(c, options)));
  pages.post('/:uid', formLimit, async (c) => take(c, options, await opened(c, options)));
  pages.onError((error, c) => {
    if (!(error instanceof errors.SessionNotFound)) throw error;
    return c.html(errorPage('This page is too old, or was opened in another browser.'), 400);
  });
  return pages;
}

const opened = (c: PageContext, { provider }: InteractionOptions) => provider.interactionDetails(c.env.incoming, c.env.outgoing);

async function show(c: PageContext, options: InteractionOptions, interaction: Interaction): Promise<Response> {
  const person = options.people.find(({ id }) => id === interaction.session?.accountId);
  if (interaction.prompt.name === 'login' || person === undefined || c.req.query('account') === 'another') {
    return c.html(loginPage({ ...(await loginForm(options, interaction)), wrong: false }));
  }
  const { action, csrf, app } = await loginForm(options, interaction);
  return c.html(consentPage({ action, csrf, app, person, scopes: scopesOf(interaction) }));
}

async function loginForm({ provider, people, secret }: InteractionOptions, { uid, params }: Interaction) {
  const id = textOf(params.client_id);
  const app = (await provider.Client.find(id))?.clientName ?? id;
  const form = { action: `/interaction/${uid}`, csrf: csrfFor(secret, uid), email: textOf(params.login_hint), app, people };
  return form satisfies Omit<LoginForm, 'wrong'>;
}

const textOf = (value: unknown) => (typeof value === 'string' ? value : '');

const scopesOf = ({ params }: Interaction) => textOf(params.scope).split(' ');

async function take(c: PageContext, options: InteractionOptions, interaction: Interaction): Promise<Response> {
  const field = await fieldsOf(c);
  if (!same(field('csrf'), csrfFor(options.secret, interaction.uid))) {
    return c.html(errorPage('This form did not come from its page.'), 403);
  }
  const decision = field('do');
  if (decision === 'sign-in') return signIn(c, options, { interaction, email: field('email'), password: field('password') });
  if (decision !== 'allow' && decision !== 'deny') return c.html(errorPage('Choose one of the two.'), 400);
  if (interaction.prompt.name !== 'consent') return c.html(errorPage('Sign in first.'), 400);
  return decision === 'allow' ? allow(c, options, interaction) : onward(c, options, { error: 'access_denied' });
}

interface Given {
  readonly interaction: Interaction;
  readonly email: string;
  readonly password: string;
}

async function signIn(c: PageContext, options: InteractionOptions, { interaction, email, password }: Given): Promise<Response> {
  const person = options.people.find((one) => one.email === email.trim().toLowerCase());
  // Compared for unknown addresses, too: the time does not tell who has an account.
  const fits = same(password, person?.password ?? '\0');
  if (person !== undefined && fits) {
    const answer = await onward(c, options, { login: { accountId: person.id } });
    if (interaction.session !== undefined && interaction.session.accountId !== person.id) await leaveAccount(c, options);
    return answer;
  }
  return c.html(loginPage({ ...(await loginForm(options, interaction)), email, wrong: true }), 422);
}

/** Signs out whoever was signed in. The engine would do it on a page of its own, which needs a script. */
async function leaveAccount(c: PageContext, { provider }: InteractionOptions): Promise<void> {
  const session = await provider.Session.get(provider.createContext(c.env.incoming, c.env.outgoing));
  session.accountId = undefined;
  session.authorizations = {};
  await session.persist();
}

async function allow(c: PageContext, options: InteractionOptions, interaction: Interaction): Promise<Response> {
  const { provider } = options;
  const accountId = interaction.session?.accountId;
  if (accountId === undefined) return c.html(errorPage('Sign in first.'), 400);
  const grant = new provider.Grant({ accountId, clientId: textOf(interaction.params.client_id) });
  grant.addOIDCScope(scopesOf(interaction).join(' '));
  return onward(c, options, { consent: { grantId: await grant.save() } });
}

/** Gives the engine what the person did, and sends the browser back to it. */
async function onward(c: PageContext, { provider }: InteractionOptions, result: InteractionResults): Promise<Response> {
  const { incoming, outgoing } = c.env;
  const merge = !('error' in result) && !('login' in result);
  return c.redirect(await provider.interactionResult(incoming, outgoing, result, { mergeWithLastSubmission: merge }), 303);
}
