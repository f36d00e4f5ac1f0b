/** What a link to connect an account asks for, checked before anybody is asked. The same checks run again on every post. */
import { beyond, findListed, isRegistered, type Listed, readScopes, usualScopes } from '../connections/asking.ts';
import type { Ticket } from '../connections/tickets.ts';
import { recordEvent } from '../store/events.ts';
import { RUN_BY } from './consent.ts';
import { circumstances, type Desk, type FlowContext, Refusal } from './desk.ts';
import { holdsNul } from './interaction.ts';
import type { SignedInPerson } from './person.ts';

/** Who asks for what. */
export interface Asking extends Listed {
  readonly scopes: readonly string[];
  /** Organization that runs the application. */
  readonly runBy: string | undefined;
  /** Where the person goes in the end: a registered address. */
  readonly returnTo: string | undefined;
  /** Of the JSON API. */
  readonly ticket: Ticket | undefined;
  /** What says all of this again, in a form or an address. */
  readonly fields: Readonly<Record<string, string>>;
}

/** Reads a link or a form: `client_id`, `scope` and `return_to`, or `ticket`. Throws a `Refusal` for what cannot be asked. */
export async function readAsking(desk: Desk, given: URLSearchParams, connectionId: string | undefined): Promise<Asking> {
  const names = [...given.keys()];
  if (new Set(names).size !== names.length) throw new Refusal(400, { code: 'connect_request', detail: 'a parameter is there twice' });
  if (holdsNul(given)) throw new Refusal(400, { code: 'connect_request', detail: 'a parameter holds NUL' });
  const ticket = given.get('ticket');
  return ticket === null ? fromLink(desk, given, connectionId) : fromTicket(desk, ticket, connectionId);
}

async function fromLink(desk: Desk, given: URLSearchParams, connectionId: string | undefined): Promise<Asking> {
  const clientId = given.get('client_id');
  if (!clientId || connectionId === undefined) throw new Refusal(400, { code: 'connect_request', detail: 'client_id is missing' });
  const listed = await listedOrRefused(desk, { connectionId, clientId });
  const asked = given.get('scope');
  const returnTo = given.get('return_to') || undefined;
  if (returnTo !== undefined && !(await isRegistered(desk.store, listed.application, { address: returnTo, anyQuery: true })))
    throw new Refusal(400, { code: 'connect_return', client: clientId, askedFor: returnTo.slice(0, 200) });
  const scopes = scopesOrRefused(listed, asked ? readScopes(asked) : usualScopes(listed));
  const fields = { client_id: clientId, ...(asked && { scope: scopes.join(' ') }), ...(returnTo && { return_to: returnTo }) };
  return { ...listed, scopes, returnTo, ticket: undefined, fields, runBy: await runByOf(desk, listed) };
}

async function fromTicket(desk: Desk, value: string, connectionId: string | undefined): Promise<Asking> {
  const ticket = await desk.tickets.find(value);
  if (!ticket || (connectionId !== undefined && connectionId !== ticket.connectionId))
    throw new Refusal(400, { code: 'trip_not_found', detail: 'the ticket was used, has expired or was never given' });
  const listed = await listedOrRefused(desk, { connectionId: ticket.connectionId, clientId: ticket.applicationId });
  const scopes = scopesOrRefused(listed, ticket.scopes);
  return { ...listed, scopes, returnTo: ticket.redirectUri, ticket, fields: { ticket: value }, runBy: await runByOf(desk, listed) };
}

/** The connection and the application, or a page that says why not. */
export async function listedOrRefused(desk: Desk, named: { connectionId: string; clientId: string }): Promise<Listed> {
  const listed = await findListed(desk, named);
  if (typeof listed !== 'string') return listed;
  throw new Refusal(listed.endsWith('_unknown') ? 404 : 403, { code: listed, client: named.clientId, detail: named.connectionId });
}

function scopesOrRefused(listed: Listed, scopes: readonly string[] | undefined): readonly string[] {
  const client = listed.application.id;
  if (scopes === undefined) throw new Refusal(400, { code: 'connect_request', client, detail: 'scope holds something that is no scope' });
  const more = beyond(listed, scopes);
  if (more.length > 0) throw new Refusal(403, { code: 'connect_scopes', client, detail: `not listed: ${more.join(' ')}`.slice(0, 200) });
  return scopes;
}

export async function runByOf({ store }: Desk, { application }: Listed): Promise<string | undefined> {
  return (await store.run<{ name: string }>(RUN_BY, [application.organizationId]))[0]?.name;
}

/** Throws for somebody whom the link is not for: a person of another organization, or not the one that the ticket names. */
export async function assertTheirs(
  desk: Desk,
  c: FlowContext,
  { asking, person }: { asking: Asking; person: SignedInPerson },
): Promise<void> {
  const { connection, application, ticket } = asking;
  if (connection.organizationId !== person.organizationId)
    throw new Refusal(404, { code: 'connection_unknown', client: application.id, detail: connection.id });
  if (ticket && ticket.userId !== person.userId)
    await refuseSwap(desk, c, { person, connectionId: connection.id, reason: 'ticket_of_another', code: 'connect_other_person' });
}

interface Swap {
  readonly person: SignedInPerson | undefined;
  readonly connectionId: string;
  readonly reason: string;
  /** Default: whether somebody else is signed in, or nobody. */
  readonly code?: 'connect_other_person' | 'connect_swapped' | 'connect_signed_out';
}

/** Somebody goes on with what another session began. It is noted, and ends here. */
export async function refuseSwap(
  desk: Desk,
  c: FlowContext,
  { person, connectionId, reason, code = person ? 'connect_swapped' : 'connect_signed_out' }: Swap,
): Promise<never> {
  await recordEvent(desk.store.run, {
    type: 'connect.refused',
    outcome: 'refused',
    actor: person?.userId,
    organization: person?.organizationId,
    target: connectionId,
    reason,
    ...circumstances(desk, c),
  });
  throw new Refusal(403, { code, detail: connectionId });
}
