/** What the buttons of the account page do: disconnect, take away, unlink. */
import { unlink } from '../connections/links.ts';
import { recordEvent } from '../store/events.ts';
import { backToAccount } from './account-notice.ts';
import { readAccountForm } from './account-person.ts';
import { circumstances, type Desk, type FlowContext } from './desk.ts';

/** Forgets a connected account, and says whether the third party ended it, too. */
export async function disconnect(desk: Desk, c: FlowContext): Promise<Response> {
  const { person } = await readAccountForm(desk, c);
  const id = c.req.param('account') ?? '';
  const [account] = (await desk.vault.list(person.userId)).filter((one) => one.id === id);
  const outcome = account && (await desk.vault.disconnect(id, { userId: person.userId, by: circumstances(desk, c) }));
  if (!account || !outcome) return backToAccount(desk, c, { person, done: { kind: 'gone' } });
  const name = await nameOf(desk, account.connectionId);
  return backToAccount(desk, c, { person, done: { kind: 'disconnected', name, revoked: outcome.revoked } });
}

/** Takes from one application what it may do with a connected account. */
export async function takeAway(desk: Desk, c: FlowContext): Promise<Response> {
  const { person, form } = await readAccountForm(desk, c);
  const [id, applicationId] = [c.req.param('account') ?? '', form.get('application') ?? ''];
  const account = (await desk.vault.list(person.userId)).find((one) => one.id === id);
  const use = account?.uses.find((one) => one.applicationId === applicationId);
  const done = account && use && (await desk.vault.withdraw(id, { applicationId, userId: person.userId, by: circumstances(desk, c) }));
  if (!done) return backToAccount(desk, c, { person, done: { kind: 'gone' } });
  const name = await nameOf(desk, account.connectionId);
  return backToAccount(desk, c, { person, done: { kind: 'taken-away', name, app: use.applicationName } });
}

/** Takes a way to sign in from the person, unless it is the only one. */
export async function unlinkIdentity(desk: Desk, c: FlowContext): Promise<Response> {
  const { person, form } = await readAccountForm(desk, c);
  const foreign = { issuer: form.get('issuer') ?? '', subject: form.get('subject') ?? '' };
  const { userId, organizationId } = person;
  const result = await desk.store.transaction(async (run) => {
    const unlinked = await unlink(run, userId, foreign);
    if (unlinked.kind === 'unlinked') {
      const details = { connection: unlinked.connectionId };
      const common = { actor: userId, target: userId, organization: organizationId, ...circumstances(desk, c) };
      await recordEvent(run, { ...common, type: 'identity.unlinked', outcome: 'ok', details });
    }
    return unlinked;
  });
  if (result.kind === 'unknown') return backToAccount(desk, c, { person, done: { kind: 'gone' } });
  const name = await nameOf(desk, result.connectionId);
  return backToAccount(desk, c, { person, done: { kind: result.kind === 'last' ? 'only-way' : 'unlinked', name } });
}

async function nameOf({ connections }: Desk, id: string): Promise<string> {
  return (await connections.find(id))?.name ?? id;
}
