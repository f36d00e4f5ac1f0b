/** How connecting ends: back at the application, which is told, or on a page of ours. */
import { type ConnectEndPage, connectEndPage } from '../pages/connected.ts';
import { recordEvent } from '../store/events.ts';
import type { Asking } from './connect-request.ts';
import { answerPage, circumstances, type Desk, type FlowContext } from './desk.ts';
import type { SignedInPerson } from './person.ts';

type Ending = Pick<Asking, 'connection' | 'application' | 'returnTo' | 'ticket'>;

interface Ended {
  readonly asking: Ending;
  readonly person: SignedInPerson;
}

/** Back with `connected=<connection>`, or a page that says so. */
export function done(desk: Desk, c: FlowContext, { asking, person, account }: Ended & { readonly account: string }): Response {
  const { returnTo, connection } = asking;
  if (returnTo !== undefined) return goTo(c, withParameters(returnTo, { connected: connection.id }));
  return answerEnd(desk, c, { kind: 'connected', asking, person, account });
}

/** The person said no: back with `error=access_denied`, or a page that says so. */
export async function cancel(desk: Desk, c: FlowContext, { asking, person }: Ended): Promise<Response> {
  await recordEvent(desk.store.run, {
    type: 'connect.denied',
    outcome: 'refused',
    actor: person.userId,
    client: asking.application.id,
    organization: asking.connection.organizationId,
    target: asking.connection.id,
    ...circumstances(desk, c),
  });
  const back = denialOf(asking);
  return back === undefined ? answerEnd(desk, c, { kind: 'cancelled', asking, person }) : goTo(c, back);
}

/** The third party said no: a page that says so, with the way back. */
export function denied(desk: Desk, c: FlowContext, { asking, person }: Ended): Response {
  return answerEnd(desk, c, { kind: 'denied', asking, person, back: denialOf(asking) });
}

interface Shown extends Ended, Pick<ConnectEndPage, 'kind' | 'account' | 'back'> {}

function answerEnd(desk: Desk, c: FlowContext, { asking, person, ...rest }: Shown): Response {
  const page = connectEndPage(desk.frame, { ...rest, service: asking.connection.name, app: asking.application.name, person });
  return answerPage(desk, c, page);
}

function denialOf({ returnTo, connection, ticket }: Ending): string | undefined {
  if (returnTo === undefined) return undefined;
  const answer = { error: 'access_denied', error_description: 'the account was not connected' };
  return withParameters(returnTo, ticket ? { ...answer, state: ticket.state } : { ...answer, connection: connection.id });
}

/** A registered address with parameters of ours in its query. What it had of the same name is replaced. */
export function withParameters(address: string, parameters: Readonly<Record<string, string | undefined>>): string {
  const url = new URL(address);
  for (const [name, value] of Object.entries(parameters)) {
    if (value === undefined) url.searchParams.delete(name);
    else url.searchParams.set(name, value);
  }
  return url.href;
}

/** Sends the browser on after a form. */
export function goTo(c: FlowContext, address: string): Response {
  c.header('cache-control', 'no-store');
  return c.redirect(address, 303);
}
