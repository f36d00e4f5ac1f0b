/** Asking a person to connect an account elsewhere for an application, and sending them there. */
import type { ConnectedAccount } from '../connections/accounts.ts';
import type { Connection } from '../connections/connection.ts';
import type { UpstreamRequest } from '../connections/third-party.ts';
import { type AccountChoice, type AskingApp, beyondOf, connectPage } from '../pages/connect.ts';
import { recordEvent } from '../store/events.ts';
import { cancel, done } from './connect-end.ts';
import { type Asking, assertTheirs, readAsking, refuseSwap } from './connect-request.ts';
import { refusalOf, setOut } from './connect-trip.ts';
import { formToken, formTokenMatches, fromOurPage } from './csrf.ts';
import { answerPage, circumstances, type Desk, type FlowContext, Refusal } from './desk.ts';
import { readForm } from './interaction.ts';
import { personAt, requirePerson, type SignedInPerson } from './person.ts';

/** Answers `GET /connect/{connection}` and `GET /connect?ticket=`. */
export async function showConnect(desk: Desk, c: FlowContext): Promise<Response> {
  const given = new URL(c.req.url).searchParams;
  const person = given.get('person');
  const preferred = given.get('account') ?? undefined;
  for (const name of ['person', 'account']) given.delete(name);
  const asking = await readAsking(desk, given, c.req.param('connection'));
  const signedIn = await personAt(desk, c);
  const { organizationId } = asking.connection;
  if (signedIn === undefined) return requirePerson(desk, c, { backTo: addressOf(asking, { account: preferred }), organizationId });
  if (person === 'another') return requirePerson(desk, c, { backTo: addressOf(asking), organizationId, again: true });
  await assertTheirs(desk, c, { asking, person: signedIn });
  return draw(desk, c, { asking, person: signedIn, preferred });
}

interface More {
  readonly person?: 'another';
  readonly account?: string | undefined;
}

function addressOf({ connection, ticket, fields }: Asking, { person, account }: More = {}): string {
  const more = { ...(person && { person }), ...(account && { account }) };
  return `/connect${ticket ? '' : `/${connection.id}`}?${new URLSearchParams({ ...fields, ...more })}`;
}

interface Drawing {
  readonly asking: Asking;
  readonly person: SignedInPerson;
  /** Connected account that the link is about. */
  readonly preferred: string | undefined;
}

async function draw(desk: Desk, c: FlowContext, { asking, person, preferred }: Drawing): Promise<Response> {
  const { connection, use, scopes, ticket, returnTo } = asking;
  const page = connectPage(desk.frame, {
    action: `/connect/${connection.id}`,
    fields: { ...asking.fields, csrf: connectToken(desk, person) },
    person,
    service: connection.name,
    app: appOf(asking),
    scopes,
    proxied: !use.tokens,
    accounts: (await choicesOf(desk, asking, person)).map(({ choice }) => choice),
    preferred,
    switchAccount: ticket ? undefined : addressOf(asking, { person: 'another' }),
  });
  return answerPage(desk, c, page, { leadsTo: returnTo ? [returnTo] : [] });
}

/** The application, as pages name it. */
export function appOf({ application, runBy, returnTo }: Pick<Asking, 'application' | 'runBy' | 'returnTo'>): AskingApp {
  return { name: application.name, clientId: application.id, runBy, checked: application.firstParty, returnTo };
}

interface Choice {
  readonly account: ConnectedAccount;
  readonly choice: AccountChoice;
}

/** What is connected already. A ticket always leads to the third party: its application waits for what that gives. */
async function choicesOf({ vault }: Desk, { connection, scopes, use, ticket }: Asking, { userId }: SignedInPerson): Promise<Choice[]> {
  if (ticket) return [];
  const accounts = await vault.list(userId, { connectionId: connection.id });
  return accounts.toReversed().map((account) => {
    const beyond = beyondOf(account.scopes, { scopes, proxied: !use.tokens });
    return { account, choice: { id: account.id, name: account.accountName ?? account.account, kind: kindOf(account, scopes), beyond } };
  });
}

function kindOf(account: ConnectedAccount, scopes: readonly string[]): AccountChoice['kind'] {
  if (account.state !== 'active') return 'again';
  return scopes.every((scope) => account.scopes.includes(scope)) ? 'enough' : 'more';
}

/** Answers `POST /connect/{connection}`: remembers a yes, or sends the browser to the third party for what is missing. */
export async function takeConnect(desk: Desk, c: FlowContext): Promise<Response> {
  const form = await readForm(c);
  const connectionId = c.req.param('connection') ?? '';
  const person = await personWithForm(desk, c, { form, connectionId });
  const [decision, chosen] = [form.get('decision'), form.get('account')];
  const asking = await readAsking(desk, withoutOurs(form), connectionId);
  await assertTheirs(desk, c, { asking, person });
  if (decision !== 'allow') {
    if (asking.ticket) await desk.tickets.use(asking.ticket.id, person.userId);
    return cancel(desk, c, { asking, person });
  }
  const choice = (await choicesOf(desk, asking, person)).find(({ account }) => account.id === chosen);
  if (choice?.choice.kind === 'enough') return allow(desk, c, { asking, person, account: choice.account });
  return leave(desk, c, { asking, person, account: choice?.account, another: chosen === 'another' });
}

/** The person whose session both the form and the browser belong to (R-126). */
export async function personWithForm(
  desk: Desk,
  c: FlowContext,
  { form, connectionId }: { readonly form: URLSearchParams; readonly connectionId: string },
): Promise<SignedInPerson> {
  const provenance = { origin: c.req.header('origin'), site: c.req.header('sec-fetch-site') };
  if (!fromOurPage(desk.issuer, provenance)) throw new Refusal(403, { code: 'form_refused' });
  const person = await personAt(desk, c);
  if (person && formTokenMatches(desk.key, secretOf(person), form.get('csrf') ?? undefined)) return person;
  return refuseSwap(desk, c, { person, connectionId, reason: person ? 'form_of_another_session' : 'signed_out' });
}

/** The token of forms that connect something. It is good in one session. */
export const connectToken = ({ key }: Desk, person: SignedInPerson): string => formToken(key, secretOf(person));

const secretOf = ({ sessionUid, userId }: SignedInPerson): string => `connect|${sessionUid}|${userId}`;

function withoutOurs(form: URLSearchParams): URLSearchParams {
  return new URLSearchParams([...form].filter(([name]) => !['csrf', 'decision', 'account'].includes(name)));
}

interface Allowing {
  readonly asking: Asking;
  readonly person: SignedInPerson;
  readonly account: ConnectedAccount;
}

async function allow(desk: Desk, c: FlowContext, { asking, person, account }: Allowing): Promise<Response> {
  const { application, connection, scopes } = asking;
  await desk.vault.allow(account.id, { applicationId: application.id, scopes, userId: person.userId });
  await recordEvent(desk.store.run, {
    type: 'connect.allowed',
    outcome: 'ok',
    actor: person.userId,
    client: application.id,
    organization: connection.organizationId,
    target: account.id,
    details: { connection: connection.id, scopes: [...scopes] },
    ...circumstances(desk, c),
  });
  return done(desk, c, { asking, person, account: account.accountName ?? account.account });
}

interface Leaving {
  readonly asking: Asking;
  readonly person: SignedInPerson;
  /** The account that is to be renewed or widened. */
  readonly account: ConnectedAccount | undefined;
  /** The person wants one that is not connected. */
  readonly another: boolean;
}

async function leave(desk: Desk, c: FlowContext, { asking, person, account, another }: Leaving): Promise<Response> {
  const { connection, application, scopes, ticket, returnTo } = asking;
  // A third party may give exactly what is asked for: what other applications use must not get lost. Nobody chose with a ticket.
  const kept = ticket ? await desk.vault.list(person.userId, { connectionId: connection.id }) : account ? [account] : [];
  const wanted = [...new Set([...scopes, ...kept.flatMap((one) => one.scopes)])];
  const away = await setOut(desk, c, {
    purpose: 'connect',
    connection,
    scopes: wanted,
    loginHint: account?.accountName,
    prompt: another ? prompts[connection.preset] : undefined,
    params: ticket?.params,
    carry: (request: UpstreamRequest) => ({
      request,
      userId: person.userId,
      session: person.sessionUid,
      applicationId: application.id,
      scopes,
      accountId: account?.id,
      returnTo,
      ticket: ticket?.id,
    }),
  }).catch((error: unknown) => {
    throw refusalOf(desk, { error, connection });
  });
  // Not before there is a way: a third party that does not answer uses nothing up.
  if (ticket && !(await desk.tickets.use(ticket.id, person.userId))) throw new Refusal(400, { code: 'trip_not_found' });
  return away;
}

/** How a third party is told to let people choose, in place of the account that is signed in there. */
const prompts: Readonly<Record<Connection['preset'], string | undefined>> = {
  oidc: 'login consent',
  oauth2: undefined,
  google: 'select_account consent',
  github: 'select_account',
  microsoft: 'select_account',
  slack: undefined,
};
