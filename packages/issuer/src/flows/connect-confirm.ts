/** Back from the third party: both accounts side by side, the person's last word, and then the vault. */
import type { ConnectedAccount } from '../connections/accounts.ts';
import { type UpstreamAccount, UpstreamRefused } from '../connections/third-party.ts';
import { type ConnectTrip, newKey, type Purposes } from '../connections/upstream-requests.ts';
import { beyondOf } from '../pages/connect.ts';
import { bothAccountsPage } from '../pages/connected.ts';
import type { Person } from '../pages/layout.ts';
import { appOf, connectToken, personWithForm } from './connect.ts';
import { cancel, denied, done, goTo, withParameters } from './connect-end.ts';
import { type Asking, listedOrRefused, refuseSwap, runByOf } from './connect-request.ts';
import { browserOf } from './connect-trip.ts';
import type { Arrived } from './connections-callback.ts';
import { answerPage, type Desk, type FlowContext, Refusal } from './desk.ts';
import { readForm } from './interaction.ts';
import { personAt, type SignedInPerson } from './person.ts';

/** The end of a trip: the code is exchanged for the session that began it, and what came waits for the last word. */
export async function finishConnect(desk: Desk, c: FlowContext, arrived: Arrived<'connect'>): Promise<Response> {
  const { connection, callback, trip, browser } = arrived;
  const person = await sameSession(desk, c, { trip, connectionId: connection.id });
  const asking = await askingOf(desk, trip, connection.id);
  try {
    const { tokens, account } = await desk.upstream.finish(connection, callback, trip.request);
    const key = newKey();
    await desk.trips.put({ key, connectionId: connection.id, browser }, 'confirm-connect', { ...trip, account, tokens });
    // A page of its own, that can be loaded again: the callback cannot.
    return goTo(c, `/connect/${connection.id}/confirm?trip=${key}`);
  } catch (error) {
    if (error instanceof UpstreamRefused && error.code === 'access_denied') return denied(desk, c, { asking, person });
    throw error;
  }
}

async function sameSession(
  desk: Desk,
  c: FlowContext,
  { trip, connectionId }: { readonly trip: ConnectTrip; readonly connectionId: string },
): Promise<SignedInPerson> {
  const person = await personAt(desk, c);
  if (person && person.userId === trip.userId && person.sessionUid === trip.session) return person;
  return refuseSwap(desk, c, { person, connectionId, reason: 'trip_of_another_session' });
}

/** Who asked, as it is now: an application may have lost the connection meanwhile. */
async function askingOf(desk: Desk, trip: ConnectTrip, connectionId: string): Promise<Omit<Asking, 'fields'>> {
  const listed = await listedOrRefused(desk, { connectionId, clientId: trip.applicationId });
  const ticket = trip.ticket === undefined ? undefined : await desk.tickets.underWay(trip.ticket);
  if (trip.ticket !== undefined && ticket === undefined) throw new Refusal(400, { code: 'trip_not_found', detail: connectionId });
  return { ...listed, scopes: trip.scopes, returnTo: trip.returnTo, ticket, runBy: await runByOf(desk, listed) };
}

type Brought = Purposes['confirm-connect'];

/** Answers `GET /connect/{connection}/confirm`. */
export async function showConfirm(desk: Desk, c: FlowContext): Promise<Response> {
  const [connectionId, key] = [c.req.param('connection') ?? '', c.req.query('trip') ?? ''];
  const found = await desk.trips.look({ key, connectionId, browser: browserOf(desk, c) }, ['confirm-connect']);
  if (!found) throw new Refusal(400, { code: 'connect_answered', detail: connectionId });
  const { carried } = found;
  const person = await sameSession(desk, c, { trip: carried, connectionId });
  const asking = await askingOf(desk, carried, connectionId);
  const granted = grantedOf(carried);
  const connected = await desk.vault.list(person.userId, { connectionId });
  const page = bothAccountsPage(desk.frame, {
    action: `/connect/${connectionId}/confirm`,
    fields: { trip: key, csrf: connectToken(desk, person) },
    person,
    service: asking.connection.name,
    account: personThere(carried.account),
    app: appOf(asking),
    scopes: asking.scopes.filter((scope) => granted.includes(scope)),
    beyond: beyondOf(granted, { scopes: asking.scopes, proxied: !asking.use.tokens }),
    missing: asking.scopes.filter((scope) => !granted.includes(scope)),
    proxied: !asking.use.tokens,
    others: othersThan(carried, connected),
    lost: lostOf(carried, connected),
  });
  return answerPage(desk, c, page, { leadsTo: asking.returnTo ? [asking.returnTo] : [] });
}

const grantedOf = ({ tokens, request }: Brought): readonly string[] => tokens.scopes ?? request.scopes;

function personThere({ name, email, fullName, subject }: UpstreamAccount): Person {
  return { name: fullName ?? name ?? email ?? subject, email: email ?? name };
}

/** Accounts there that the person might have meant, when the one that came is none of them. */
function othersThan({ account, accountId }: Brought, connected: readonly ConnectedAccount[]): string[] {
  if (connected.some((one) => one.account === account.subject && (accountId === undefined || one.id === accountId))) return [];
  return connected.map((one) => one.accountName ?? one.account);
}

/** What the same account gave before and does not any more: other applications may use it. */
function lostOf(brought: Brought, connected: readonly ConnectedAccount[]): string[] {
  const before = connected.find(({ account }) => account === brought.account.subject);
  return before?.scopes.filter((scope) => !grantedOf(brought).includes(scope)) ?? [];
}

/** Answers `POST /connect/{connection}/confirm`. */
export async function takeConfirm(desk: Desk, c: FlowContext): Promise<Response> {
  const form = await readForm(c);
  const connectionId = c.req.param('connection') ?? '';
  await personWithForm(desk, c, { form, connectionId });
  const where = { key: form.get('trip') ?? '', connectionId, browser: browserOf(desk, c) };
  const taken = await desk.trips.take(where, ['confirm-connect']);
  if (!taken) throw new Refusal(400, { code: 'connect_answered', detail: connectionId });
  const { carried } = taken;
  const person = await sameSession(desk, c, { trip: carried, connectionId });
  const asking = await askingOf(desk, carried, connectionId);
  if (form.get('decision') === 'allow') return keep(desk, c, { asking, person, carried });
  await giveBack(desk, { asking, person, carried });
  return cancel(desk, c, { asking, person });
}

interface Decided {
  readonly asking: Omit<Asking, 'fields'>;
  readonly person: SignedInPerson;
  readonly carried: Brought;
}

async function keep(desk: Desk, c: FlowContext, { asking, person, carried }: Decided): Promise<Response> {
  const { connection, application, ticket, scopes, returnTo } = asking;
  const { account, tokens, request } = carried;
  if (ticket && returnTo) {
    const code = await desk.tickets.arrive(ticket.id, { account, tokens: { ...tokens, scopes: grantedOf(carried) } });
    if (code === undefined) throw new Refusal(400, { code: 'connect_answered', detail: connection.id });
    return goTo(c, withParameters(returnTo, { connect_code: code, state: ticket.state }));
  }
  const granted = grantedOf(carried);
  const kept = await desk.vault.keep({
    userId: person.userId,
    organizationId: connection.organizationId,
    connection,
    account,
    tokens,
    asked: request.scopes,
    application: { id: application.id, scopes: scopes.filter((scope) => granted.includes(scope)) },
  });
  return done(desk, c, { asking, person, account: kept.accountName ?? kept.account });
}

/** What nobody keeps is ended at the third party, unless the same account is connected: there it may be one grant. */
async function giveBack(desk: Desk, { asking, person, carried }: Decided): Promise<void> {
  const { connection } = asking;
  const connected = await desk.vault.list(person.userId, { connectionId: connection.id });
  if (connected.some(({ account }) => account === carried.account.subject)) return;
  const failed = (error: unknown) =>
    desk.log.warn({ connection: connection.id, error }, 'what nobody kept could not be revoked at the third party');
  await desk.upstream.revoke(connection, carried.tokens).catch(failed);
}
