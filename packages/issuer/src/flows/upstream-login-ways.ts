/** Through which third parties somebody may sign in, for one request. */
import type { Client } from 'oidc-provider';
import type { Connection } from '../connections/connection.ts';
import type { UpstreamRequest } from '../connections/third-party.ts';
import { ACCOUNT_PAGES } from '../people/account-application.ts';
import { traitsOf } from '../provider/applications.ts';
import { StoreUnavailable } from '../store/unavailable.ts';
import type { Interaction } from './begun.ts';
import type { Desk } from './desk.ts';
import type { Opened } from './interaction.ts';
import { askedForOurPages } from './person.ts';

type WaysDesk = Pick<Desk, 'connections' | 'key'>;

/** What a third party is asked beyond who it is. */
export type Demand = Pick<UpstreamRequest, 'prompt' | 'params'>;

/**
 * The connections that the sign-in page offers: those of the organization that the application belongs to. Where an application
 * demands that the sign-in is proved again, those that can be asked for it and have to say when it was.
 */
export async function waysIn(desk: WaysDesk, { client, interaction }: Pick<Opened, 'client' | 'interaction'>): Promise<Connection[]> {
  const ways = await waysOf(desk, client, interaction);
  // Our own pages demand a new sign-in, whichever way: somebody may have no other, and could as well sign out first.
  return mustProve(interaction) && client.clientId !== ACCOUNT_PAGES ? ways.filter(provesAgain) : ways;
}

/** The same for a page that must work in any case: with a password people get in though the connections cannot be read. */
export async function waysToShow(
  desk: WaysDesk & Pick<Desk, 'log'>,
  opened: Pick<Opened, 'client' | 'interaction'>,
): Promise<Connection[]> {
  try {
    return await waysIn(desk, opened);
  } catch (error) {
    if (error instanceof StoreUnavailable) throw error;
    desk.log.error({ error }, 'the connections cannot be read: the sign-in page offers none');
    return [];
  }
}

async function waysOf(desk: WaysDesk, client: Client, { params }: Interaction): Promise<Connection[]> {
  if (client.clientId !== ACCOUNT_PAGES) return signInWays(desk, traitsOf(client).organization);
  const { organizationId } = askedForOurPages(desk, params.state);
  if (organizationId !== undefined) return signInWays(desk, organizationId);
  // Our own pages belong to everybody. Where several organizations have ways, a list of them would tell who they are.
  const ways = (await desk.connections.ofOrganization(undefined)).filter(signsIn);
  return new Set(ways.map((one) => one.organizationId)).size === 1 ? ways : [];
}

/** The connections of an organization that sign people in now. */
export async function signInWays({ connections }: Pick<Desk, 'connections'>, organizationId: string): Promise<Connection[]> {
  return (await connections.ofOrganization(organizationId)).filter(signsIn);
}

/** Whether people may sign in through it now. */
export const signsIn = ({ signIn, disabled }: Connection): boolean => signIn && !disabled;

/** OpenID Connect has a way to demand it (Core 3.1.2.1); of the presets, Google and Slack do not follow it. */
const provesAgain = ({ issuer, preset }: Connection): boolean => issuer !== undefined && (preset === 'oidc' || preset === 'microsoft');

/** Whether a session that the third party has already is not good enough. */
function mustProve({ params, prompt, session }: Interaction): boolean {
  const prompts = String(params.prompt ?? '').split(' ');
  return prompts.includes('login') || params.max_age !== undefined || (prompt.name === 'login' && session?.accountId !== undefined);
}

/** What the third party is asked for this interaction: to prove it again, or to let the person choose another account. */
export function demandOf(interaction: Interaction, connection: Connection): Demand {
  if (mustProve(interaction) && provesAgain(connection)) return { prompt: 'login', params: { max_age: '0' } };
  if (interaction.session?.accountId === undefined || connection.issuer === undefined) return {};
  return { prompt: connection.preset === 'oidc' ? 'login' : 'select_account' };
}

/** Whether the request demanded a new sign-in, and the answer's time says that there was none. */
export function provedTooLongAgo({ prompt, params }: Demand, authenticatedAt: Date | undefined, now: Date): boolean {
  if (prompt !== 'login' || params?.max_age === undefined) return false;
  return authenticatedAt === undefined || now.getTime() - authenticatedAt.getTime() > AN_ATTEMPT;
}

// A trip lasts ten minutes at most; clocks differ by one.
const AN_ATTEMPT = 660_000;
