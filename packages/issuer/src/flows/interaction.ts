/** The transaction that the engine opened for one sign-in, in the browser that began it. */
import { type Client, errors } from 'oidc-provider';
import type { Person } from '../pages/layout.ts';
import type { AccountRow } from '../provider/account-row.ts';
import { unit } from '../provider/unit.ts';
import { rewrites, type Voice } from '../provider/voice.ts';
import type { Interaction } from './begun.ts';
import { formToken, formTokenMatches, fromOurPage } from './csrf.ts';
import { type Desk, type FlowContext, Refusal } from './desk.ts';
import type { PagePolicy } from './security-headers.ts';

/** An open interaction and who asked for it. */
export interface Opened {
  readonly interaction: Interaction;
  readonly client: Client;
  /** Address that the browser is sent to in the end; a device has none. */
  readonly redirectUri: string | undefined;
  /** Path of the interaction's first page. */
  readonly path: string;
  readonly csrf: string;
}

/**
 * Opens the interaction that this browser's cookie and the path both name. Runs inside a unit of work. To show its first page,
 * what this process remembers is good enough.
 */
export async function openInteraction(desk: Desk, c: FlowContext, { toShow = false } = {}): Promise<Opened> {
  const { provider, key } = desk;
  const { incoming, outgoing } = c.env;
  const remembered = toShow ? desk.begun.take(incoming, outgoing) : undefined;
  const interaction = remembered ?? (await provider.interactionDetails(incoming, outgoing));
  if (interaction.uid !== c.req.param('uid')) throw new errors.SessionNotFound('this interaction belongs to another browser');
  const client = await provider.Client.find(String(interaction.params.client_id));
  if (!client) throw new Refusal(400, { code: 'invalid_client', client: String(interaction.params.client_id) });
  const { redirect_uri: redirectUri } = interaction.params;
  return {
    interaction,
    client,
    redirectUri: interaction.deviceCode === undefined && typeof redirectUri === 'string' ? redirectUri : undefined,
    path: `/interaction/${interaction.uid}`,
    csrf: formToken(key, secretOf(interaction)),
  };
}

/** The headers of an interaction's pages. */
export function pagePolicy({ voice }: Pick<Desk, 'voice'>, { redirectUri }: Pick<Opened, 'redirectUri'>): PagePolicy {
  return { leadsTo: redirectUri ? [redirectUri] : [], keepsOpener: inPopups(voice) };
}

/** Vendors' clients, and docs pages that sign in, open a window for it, which must still know at its end who opened it. */
export const inPopups = ({ dialect }: Voice): boolean => rewrites(dialect);

/** Where a post must come from: our page, in this browser, for this interaction. */
export function assertOurForm(desk: Desk, c: FlowContext, { interaction, client }: Opened, form: URLSearchParams): void {
  const provenance = { origin: c.req.header('origin'), site: c.req.header('sec-fetch-site') };
  const token = form.get('csrf') ?? undefined;
  if (fromOurPage(desk.issuer, provenance) && formTokenMatches(desk.key, secretOf(interaction), token)) return;
  throw new Refusal(403, { code: 'form_refused', client: client.clientId });
}

/** Reads a form. A field that is there twice is a mistake or an attack. */
export async function readForm(c: FlowContext): Promise<URLSearchParams> {
  if (!c.req.header('content-type')?.toLowerCase().startsWith('application/x-www-form-urlencoded')) {
    throw new Refusal(400, { code: 'form_refused', detail: 'the content type must be application/x-www-form-urlencoded' });
  }
  const form = new URLSearchParams(await c.req.text());
  const names = [...form.keys()];
  if (new Set(names).size !== names.length) throw new Refusal(400, { code: 'form_refused', detail: 'a field was sent twice' });
  if (holdsNul(form)) throw new Refusal(400, { code: 'form_refused', detail: 'a field holds NUL' });
  return form;
}

/** Whether a value is one that no row can hold. No page of ours sends it. */
export const holdsNul = (given: URLSearchParams): boolean => [...given.values()].some((value) => value.includes('\0'));

// The id is in the address; what the engine keeps beside it is not.
const secretOf = ({ uid, cid }: Interaction): string => `${uid}|${cid}`;

/** The person who is signed in, as pages name people. Runs inside a unit of work. */
export async function personOf(accountId: string | undefined): Promise<Person | undefined> {
  const account = accountId === undefined ? undefined : await unit().account(accountId);
  return account && { name: nameOf(account), email: account.email ?? undefined };
}

/** What pages call an account. */
export function nameOf({ name, given_name, family_name, email, id }: AccountRow): string {
  return name ?? ([given_name, family_name].filter(Boolean).join(' ') || (email ?? id));
}

/** What an application calls itself. */
export const appName = (client: Client): string => client.clientName ?? client.clientId;
