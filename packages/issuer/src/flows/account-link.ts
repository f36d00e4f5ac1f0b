/** Linking an account at a third party as a way to sign in: by somebody who proved who they are just now, in one session. */
import type { Connection } from '../connections/connection.ts';
import { findLinked, link } from '../connections/links.ts';
import { type LinkTrip, newKey } from '../connections/upstream-requests.ts';
import { confirmLinkPage, linkPage } from '../pages/link.ts';
import { recordEvent } from '../store/events.ts';
import { backToAccount } from './account-notice.ts';
import { accountFormToken, readAccountForm } from './account-person.ts';
import { browserOf, setOut } from './connect-trip.ts';
import type { Arrived } from './connections-callback.ts';
import { answerPage, circumstances, type Desk, type FlowContext, Refusal } from './desk.ts';
import { personAt, requirePerson, type SignedInPerson } from './person.ts';
import { stopOf } from './upstream-login.ts';
import { answerStopped } from './upstream-login-stop.ts';
import { signInWays, signsIn } from './upstream-login-ways.ts';

/** Seconds after a sign-in during which one may link. A session that somebody left open is not enough. */
const RECENT = 600;
const back = { label: 'Back to your account', href: '/account' };

/** Asks whether to link, before the browser goes to the third party. */
export async function showLink(desk: Desk, c: FlowContext): Promise<Response> {
  const person = await personAt(desk, c);
  if (!person || !isRecent(person)) return signInFirst(desk, c, person);
  const connection = await connectionOf(desk, c, person);
  const page = linkPage(desk.frame, {
    action: pathOf(connection),
    csrf: accountFormToken(desk, person),
    person,
    name: connection.name,
    back: back.href,
  });
  return answerPage(desk, c, page);
}

/** Sends the browser to the third party. */
export async function beginLink(desk: Desk, c: FlowContext): Promise<Response> {
  const { person } = await readAccountForm(desk, c);
  if (!isRecent(person)) return signInFirst(desk, c, person);
  const connection = await connectionOf(desk, c, person);
  const carry = { userId: person.userId, session: person.sessionUid };
  // Whoever is signed in there at this moment may be somebody else: they choose, or sign in.
  const prompt = connection.issuer === undefined ? undefined : connection.preset === 'oidc' ? 'login' : 'select_account';
  try {
    return await setOut(desk, c, { purpose: 'link', connection, scopes: [], prompt, carry: (request) => ({ request, ...carry }) });
  } catch (error) {
    return answerStopped(desk, c, { connection, back, stop: stopOf(error) });
  }
}

/** Takes the third party's answer, and leads on to the question whether both accounts are one person's. */
export async function finishLink(desk: Desk, c: FlowContext, { connection, callback, trip, browser }: Arrived<'link'>): Promise<Response> {
  const person = await personAt(desk, c);
  if (!person || !isTheirs(person, trip)) return answerStopped(desk, c, { connection, back, stop: { kind: 'lapsed' } });
  if (!signsIn(connection)) return answerStopped(desk, c, { connection, back, stop: { kind: 'not-offered' } });
  const account = await desk.upstream.finish(connection, callback, trip.request).then(
    (answer) => answer.account,
    (error: unknown) => stopOf(error),
  );
  if ('kind' in account) return answerStopped(desk, c, { connection, back, stop: account });
  const linked = await findLinked(desk.store.run, connection.organizationId, account);
  if (linked?.userId === person.userId) return backToAccount(desk, c, { person, done: { kind: 'linked-before', name: connection.name } });
  if (linked) return refuseTaken(desk, c, { connection, person, account: account.name });
  const key = newKey();
  await desk.trips.put({ key, connectionId: connection.id, browser }, 'confirm-link', { ...trip, account });
  c.header('cache-control', 'no-store');
  // Away from an address that carries the third party's answer.
  return c.redirect(`${pathOf(connection)}/confirm?trip=${key}`, 303);
}

/** Shows both accounts, and asks for the person's last word. */
export async function showQuestion(desk: Desk, c: FlowContext): Promise<Response> {
  const person = await personAt(desk, c);
  if (!person) return signInFirst(desk, c, person);
  const connection = await connectionOf(desk, c, person);
  const key = c.req.query('trip') ?? '';
  const found = await desk.trips.look({ key, connectionId: connection.id, browser: browserOf(desk, c) }, ['confirm-link']);
  if (!isTheirs(person, found?.carried)) return answerStopped(desk, c, { connection, back, stop: { kind: 'lapsed' } });
  const { account } = found.carried;
  const page = confirmLinkPage(desk.frame, {
    action: `${pathOf(connection)}/confirm`,
    csrf: accountFormToken(desk, person),
    key,
    person,
    name: connection.name,
    account: account.name ?? account.subject,
    subject: account.subject,
  });
  return answerPage(desk, c, page);
}

/** Takes the person's last word. */
export async function confirmLink(desk: Desk, c: FlowContext): Promise<Response> {
  const { person, form } = await readAccountForm(desk, c);
  const connection = await connectionOf(desk, c, person);
  const where = { key: form.get('key') ?? '', connectionId: connection.id, browser: browserOf(desk, c) };
  const taken = await desk.trips.take(where, ['confirm-link']);
  if (!isTheirs(person, taken?.carried)) return answerStopped(desk, c, { connection, back, stop: { kind: 'lapsed' } });
  const { issuer, subject, name } = taken.carried.account;
  if (form.get('decision') !== 'link') return backToAccount(desk, c, { person, done: { kind: 'not-linked', name: connection.name } });
  const { organizationId, userId } = person;
  const common = { actor: userId, target: userId, organization: organizationId, ...circumstances(desk, c) };
  const outcome = await desk.store.transaction(async (run) => {
    const result = await link(run, { organizationId, issuer, subject, userId, connectionId: connection.id, name });
    const event = { ...common, type: 'identity.linked', outcome: 'ok', details: { connection: connection.id } } as const;
    if (result === 'linked') await recordEvent(run, event);
    return result;
  });
  if (outcome === 'taken') return refuseTaken(desk, c, { connection, person, account: name });
  return backToAccount(desk, c, { person, done: { kind: outcome === 'linked' ? 'linked' : 'linked-before', name: connection.name } });
}

interface TakenAccount {
  readonly connection: Connection;
  readonly person: SignedInPerson;
  readonly account: string | undefined;
}

/** Says that it is somebody else's, and not whose. */
async function refuseTaken(desk: Desk, c: FlowContext, { connection, person, account }: TakenAccount): Promise<Response> {
  await recordEvent(desk.store.run, {
    type: 'identity.linked',
    outcome: 'refused',
    reason: 'linked_to_another_user',
    actor: person.userId,
    organization: person.organizationId,
    ...circumstances(desk, c),
    details: { connection: connection.id },
  });
  return answerStopped(desk, c, { connection, back, stop: { kind: 'taken', account } });
}

/** Whether a trip is this person's and began in this session. */
const isTheirs = ({ userId, sessionUid }: SignedInPerson, carried: LinkTrip | undefined): carried is LinkTrip =>
  carried?.userId === userId && carried.session === sessionUid;

const isRecent = ({ signedInAt }: SignedInPerson): boolean => Date.now() - signedInAt.getTime() < RECENT * 1000;

function signInFirst(desk: Desk, c: FlowContext, person: SignedInPerson | undefined): Response {
  const backTo = `/account/link/${encodeURIComponent(c.req.param('connection') ?? '')}`;
  return requirePerson(desk, c, { backTo, organizationId: person?.organizationId, again: person !== undefined });
}

/** The connection that the path names, if it signs people of this organization in. */
async function connectionOf(desk: Desk, c: FlowContext, { organizationId }: SignedInPerson): Promise<Connection> {
  const found = (await signInWays(desk, organizationId)).find(({ id }) => id === c.req.param('connection'));
  if (!found) throw new Refusal(404, { code: 'not_found' });
  return found;
}

const pathOf = ({ id }: Connection): string => `/account/link/${id}`;
