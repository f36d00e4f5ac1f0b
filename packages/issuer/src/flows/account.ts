/** The account page, and what can be done on it. */
import type { Hono } from 'hono';
import type { ConnectedAccount, ReconnectReason } from '../connections/accounts.ts';
import type { Connection } from '../connections/connection.ts';
import { type LinkedIdentity, linksOf } from '../connections/links.ts';
import { accountPage } from '../pages/account.ts';
import type { Connectable, Connected } from '../pages/account-connected.ts';
import type { Linked, Ways } from '../pages/account-ways.ts';
import { shown } from '../pages/html.ts';
import type { Statement } from '../store/database.ts';
import { disconnect, takeAway, unlinkIdentity } from './account-actions.ts';
import { beginLink, confirmLink, showLink, showQuestion } from './account-link.ts';
import { noticeOf } from './account-notice.ts';
import { accountFormToken } from './account-person.ts';
import { answerPage, type Bindings, type Desk, type FlowContext } from './desk.ts';
import { personAt, requirePerson, returnSignedIn, type SignedInPerson } from './person.ts';
import { signInWays, signsIn } from './upstream-login-ways.ts';

/** Adds the routes of the account page. */
export function addAccount(app: Hono<Bindings>, desk: Desk): void {
  app.get('/', (c) => c.redirect('/account', 303));
  app.get('/account', (c) => showAccount(desk, c));
  app.get('/account/signed-in', (c) => returnSignedIn(desk, c));
  app.post('/account/connected/:account/disconnect', (c) => disconnect(desk, c));
  app.post('/account/connected/:account/take-away', (c) => takeAway(desk, c));
  app.get('/account/link/:connection', (c) => showLink(desk, c));
  app.post('/account/link/:connection', (c) => beginLink(desk, c));
  app.get('/account/link/:connection/confirm', (c) => showQuestion(desk, c));
  app.post('/account/link/:connection/confirm', (c) => confirmLink(desk, c));
  app.post('/account/unlink', (c) => unlinkIdentity(desk, c));
}

async function showAccount(desk: Desk, c: FlowContext): Promise<Response> {
  const person = await personAt(desk, c);
  if (!person) return requirePerson(desk, c, { backTo: '/account', organizationId: organizationAsked(c) });
  const [facts, connections, accounts, links, ways] = await Promise.all([
    readFacts(desk, person),
    desk.connections.ofOrganization(person.organizationId),
    desk.vault.list(person.userId),
    linksOf(desk.store.run, person.userId),
    signInWays(desk, person.organizationId),
  ]);
  const page = accountPage(desk.frame, {
    person: { name: person.name, email: person.email },
    userId: person.userId,
    organization: facts.organization,
    csrf: accountFormToken(desk, person),
    signOut: desk.provider.pathFor('end_session'),
    at: new Date(),
    notice: noticeOf(desk, c.req.query('said'), person),
    connected: accounts.map((account) => toConnected(account, connections)),
    connectable: await connectables(desk, connections, accounts),
    ways: waysOf({ links, connections, ways, password: facts.password }),
  });
  return answerPage(desk, c, page);
}

/** Whoever has no password can name the organization whose ways to sign in are offered: `/account?organization=acme`. */
function organizationAsked(c: FlowContext): string | undefined {
  const asked = c.req.query('organization');
  return asked !== undefined && /^[\w.-]{1,128}$/.test(asked) ? asked : undefined;
}

const FACTS: Statement = {
  name: 'account facts',
  text: `select exists (select from issuer.user_password p where p.user_id = $1) as password,
    (select o.name from issuer.organization o where o.id = $2) as organization`,
};

async function readFacts({ store }: Desk, { userId, organizationId }: SignedInPerson) {
  const [row] = await store.run<{ password: boolean; organization: string | null }>(FACTS, [userId, organizationId]);
  return { password: row?.password === true, organization: row?.organization ?? organizationId };
}

const nameOf = (connections: readonly Connection[], id: string): string => connections.find((one) => one.id === id)?.name ?? id;

function toConnected(account: ConnectedAccount, connections: readonly Connection[]): Connected {
  const name = nameOf(connections, account.connectionId);
  const connection = connections.find(({ id, disabled, accounts }) => id === account.connectionId && accounts && !disabled);
  const [use] = account.uses.toSorted((one, other) => other.allowedAt.getTime() - one.allowedAt.getTime());
  return {
    path: `/account/connected/${account.id}`,
    name,
    account: account.accountName ?? account.account,
    connectedAt: account.connectedAt,
    broken: account.state === 'active' ? undefined : brokenWords(shown(name), account.reason),
    connectAgain:
      use && connection?.applications.has(use.applicationId)
        ? connectLink(account.connectionId, use.applicationId, { scope: use.scopes.join(' '), account: account.id })
        : undefined,
    uses: account.uses,
  };
}

function brokenWords(name: string, reason: ReconnectReason | undefined): string {
  switch (reason) {
    case 'refused':
      return `${name} has ended this. Connect it again`;
    case 'expired':
      return 'It ended by itself. Connect it again';
    case 'panic':
    case 'panic_revoked':
      return 'The people who run this service ended it. Connect it again if you need it';
    case 'disconnecting':
      return 'It is being disconnected';
    default:
      return 'Its last renewal was cut short. Connect it again';
  }
}

function connectLink(connection: string, applicationId: string, { scope, account }: { scope?: string; account?: string } = {}): string {
  const asked = new URLSearchParams({ client_id: applicationId, ...(scope && { scope }), ...(account && { account }) });
  return `/connect/${connection}?${asked}`;
}

const NAMES: Statement = {
  name: 'application names',
  text: 'select id, name from issuer.application where id = any($1::text[]) and disabled_at is null order by name, id',
};

/** What a person may connect and has not: one offer for each application that may ask for it and has nothing there. */
async function connectables(
  { store }: Desk,
  connections: readonly Connection[],
  accounts: readonly ConnectedAccount[],
): Promise<Connectable[]> {
  const had = (id: string, application: string) =>
    accounts.some((one) => one.connectionId === id && one.uses.some(({ applicationId }) => applicationId === application));
  const open = connections.filter(({ accounts: takes, disabled }) => takes && !disabled);
  const ids = [...new Set(open.flatMap(({ applications }) => [...applications.keys()]))];
  const rows = ids.length > 0 ? await store.run<{ id: string; name: string }>(NAMES, [ids]) : [];
  return open.flatMap(({ id, name, applications }) =>
    rows
      .filter((row) => applications.has(row.id) && !had(id, row.id))
      .map((row) => ({ name, application: row.name, link: connectLink(id, row.id) })),
  );
}

interface Known {
  readonly links: readonly LinkedIdentity[];
  readonly connections: readonly Connection[];
  readonly ways: readonly Connection[];
  readonly password: boolean;
}

function waysOf({ links, connections, ways, password }: Known): Ways {
  const works = (link: LinkedIdentity) => connections.some((one) => one.id === link.connectionId && signsIn(one));
  const linked = links.map((one): Linked => {
    const others = links.filter((other) => other !== one && works(other));
    return {
      issuer: one.issuer,
      subject: one.subject,
      connection: nameOf(connections, one.connectionId),
      name: one.name,
      lastUsedAt: one.lastUsedAt,
      closed: works(one) ? undefined : 'Signs nobody in at present',
      only: !password && others.length === 0,
    };
  });
  const linkable = ways.map(({ id, name }) => {
    const another = links.some(({ connectionId }) => connectionId === id);
    return { name: another ? `another ${name} account` : name, link: `/account/link/${id}` };
  });
  return { password, linked, linkable };
}
