/** Signing in through a third party: the way there, and what its answer leads to. */
import type { Connection } from '../connections/connection.ts';
import { type Admission, signInThrough } from '../connections/links-sign-in.ts';
import { type UpstreamAccount, UpstreamFailed, UpstreamRefused, type UpstreamRequest } from '../connections/third-party.ts';
import { atomically, unit } from '../provider/unit.ts';
import { CONNECTION } from '../provider/wire.ts';
import { recordEvent } from '../store/events.ts';
import type { Interaction } from './begun.ts';
import { setOut } from './connect-trip.ts';
import type { Arrived } from './connections-callback.ts';
import { circumstances, type Desk, type FlowContext, Refusal } from './desk.ts';
import { assertOurForm, type Opened, openInteraction, readForm } from './interaction.ts';
import { answerStopped, type Stop } from './upstream-login-stop.ts';
import { demandOf, provedTooLongAgo, signsIn, waysIn, waysToShow } from './upstream-login-ways.ts';

/** Takes the press of a third party's button on the sign-in page, and sends the browser there. */
export async function beginSignIn(desk: Desk, c: FlowContext): Promise<Response> {
  const form = await readForm(c);
  const { interaction, connection } = await atomically(desk.store, async () => {
    const opened = await openInteraction(desk, c);
    assertOurForm(desk, c, opened, form);
    const ways = await waysIn(desk, opened);
    return { interaction: opened.interaction, connection: ways.find(({ id }) => id === c.req.param('connection')) };
  });
  if (!connection) throw new Refusal(404, { code: 'not_found' });
  return leaveForWay(desk, c, { interaction, connection });
}

/** A third party that somebody signs in through, for one interaction. */
export interface Way {
  readonly interaction: Interaction;
  readonly connection: Connection;
}

/** The one way in that the request named, where it is among those of the sign-in page; else people choose. */
export async function namedWay(desk: Desk, opened: Opened): Promise<Way | undefined> {
  const { interaction } = opened;
  const named = interaction.params[CONNECTION];
  if (typeof named !== 'string') return undefined;
  const connection = (await waysToShow(desk, opened)).find(({ id }) => id === named);
  return connection && { interaction, connection };
}

/** Sends the browser there. */
export async function leaveForWay(desk: Desk, c: FlowContext, { interaction, connection }: Way): Promise<Response> {
  try {
    const carry = (request: UpstreamRequest) => ({ request, interaction: interaction.uid });
    return await setOut(desk, c, { purpose: 'sign-in', connection, scopes: [], ...demandOf(interaction, connection), carry });
  } catch (error) {
    return refuse(desk, c, { connection, interaction: interaction.uid, stop: stopOf(error) });
  }
}

/** Takes the third party's answer: whoever is linked to it signs in, and nobody else. */
export async function finishSignIn(desk: Desk, c: FlowContext, { connection, callback, trip }: Arrived<'sign-in'>): Promise<Response> {
  const no = (stop: Stop, userId?: string) => refuse(desk, c, { connection, interaction: trip.interaction, stop, userId });
  if (!signsIn(connection)) return no({ kind: 'not-offered' });
  const account = await accountAt(desk, connection, { callback, trip });
  if ('kind' in account) return no(account);
  if (provedTooLongAgo(trip.request, account.authenticatedAt, new Date())) return no({ kind: 'not-proved' });
  const admission = await signInThrough(desk.store, connection, { account, circumstances: circumstances(desk, c) });
  if (admission.kind !== 'ok') return no({ kind: admission.kind, account: account.name }, admission.userId);
  return enter(desk, c, { connection, admission, interaction: trip.interaction });
}

/** Asks the third party who it is; gives why that is not known where it fails. */
async function accountAt(
  { upstream }: Desk,
  connection: Connection,
  { callback, trip }: Pick<Arrived<'sign-in'>, 'callback' | 'trip'>,
): Promise<UpstreamAccount | Stop> {
  try {
    return (await upstream.finish(connection, callback, trip.request)).account;
  } catch (error) {
    return stopOf(error);
  }
}

/** Why a trip failed, for people. What is no trouble of the third party's is thrown. */
export function stopOf(error: unknown): Stop {
  if (error instanceof UpstreamRefused) return { kind: error.code === 'access_denied' ? 'cancelled' : 'refused', detail: error.code };
  if (error instanceof UpstreamFailed) return { kind: error.reason === 'away' ? 'away' : 'untrusted', detail: error.message };
  throw error;
}

interface Entering {
  readonly connection: Connection;
  readonly admission: Extract<Admission, { kind: 'ok' }>;
  readonly interaction: string;
}

/**
 * Finishes the interaction that began it. Its cookie is bound to its own path and is not here: the trip's cookie has shown
 * that this is the browser, and the engine looks for its own on the next step.
 */
async function enter(desk: Desk, c: FlowContext, { connection, admission: { user }, interaction: uid }: Entering): Promise<Response> {
  const returnTo = await atomically(desk.store, async () => {
    const interaction = await desk.provider.Interaction.find(uid);
    if (!interaction) throw new Refusal(400, { code: 'session_not_found' });
    // No amr: RFC 8176 has no word for "somebody else vouches for it", and how they signed in there is not ours to tell.
    Object.assign(interaction, { result: { login: { accountId: user.id, remember: true } } });
    await interaction.save(interaction.exp - Math.floor(Date.now() / 1000));
    unit().record({
      type: 'login.ok',
      outcome: 'ok',
      actor: user.id,
      organization: user.organizationId,
      client: String(interaction.params.client_id),
      ...circumstances(desk, c),
      details: { method: 'connection', connection: connection.id },
    });
    return interaction.returnTo;
  });
  c.header('cache-control', 'no-store');
  return c.redirect(returnTo, 303);
}

interface Refused {
  readonly connection: Connection;
  /** The sign-in that is still open. */
  readonly interaction: string;
  readonly stop: Stop;
  readonly userId?: string | undefined;
}

/** Nobody is signed in: it is noted, and a page says why and leads back. */
async function refuse(desk: Desk, c: FlowContext, { connection, interaction, stop, userId }: Refused): Promise<Response> {
  await recordEvent(desk.store.run, {
    type: 'login.failed',
    outcome: stop.kind === 'away' ? 'failed' : 'refused',
    reason: `connection_${stop.kind.replaceAll('-', '_')}`,
    target: userId,
    organization: connection.organizationId,
    ...circumstances(desk, c),
    details: { method: 'connection', connection: connection.id },
  });
  return answerStopped(desk, c, { connection, back: backTo(interaction), stop });
}

// All ways are shown there, whichever one was asked for.
const backTo = (uid: string) => ({ label: 'Back to sign-in', href: `/interaction/${encodeURIComponent(uid)}?way=any` });
