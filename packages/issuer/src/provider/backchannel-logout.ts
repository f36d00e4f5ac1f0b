/** Back-channel logout: applications are told that a session ended, again and again until they have heard it. */
import type { Client, Provider } from 'oidc-provider';
import type { Statement, Store } from '../store/database.ts';
import { newId } from '../store/ids.ts';
import { realmAround, realmOf, type Voice } from './voice.ts';

/** What an application is still to be told. */
export interface LogoutNotice {
  readonly clientId: string;
  readonly accountId: string;
  readonly sid: string | undefined;
}

export interface DeliveryOptions {
  readonly store: Store;
  /** Id of the organization whose issuer this is: it also tells of its people what was ended at a place of all tenants. */
  readonly tenant?: string | undefined;
  /** Sends one notice; rejects when the application did not take it. */
  readonly send: (notice: LogoutNotice) => Promise<void>;
  readonly warn: (fields: { client: string; attempts: number; error: unknown }, message: string) => void;
}

/** Takes due notices for this process. Whoever does not finish in time loses them to the next try. */
const LEASE: Statement = {
  name: 'lease logout notices',
  text: `update issuer.logout_notice set attempts = attempts + 1, next_at = now() + make_interval(secs => least(5 * power(2, attempts), 3600))
    where id in (select id from issuer.logout_notice where next_at <= now() and expires_at > now()
      and (realm = $1 or realm = $2 and exists (select from issuer.users u where u.id = account_id and u.organization_id = $3)) order by next_at limit 20 for update skip locked)
    returning id, client_id, account_id, sid, attempts`,
};
const WAITING: Statement = {
  name: 'issuers with logout notices',
  text: `select distinct n.realm, u.organization_id as tenant from issuer.logout_notice n left join issuer.users u on u.id = n.account_id
    where n.next_at <= now() and n.expires_at > now()`,
};
const DELIVERED: Statement = { name: 'logout notice delivered', text: 'delete from issuer.logout_notice where id = $1' };

interface NoticeRow extends Record<string, unknown> {
  readonly id: string;
  readonly client_id: string;
  readonly account_id: string;
  readonly sid: string | null;
  readonly attempts: number;
}

/** A notice as the commit statement wants it. */
export function noticeRow({ clientId, accountId, sid }: LogoutNotice, realm: string): Record<string, unknown> {
  return { id: newId('lgn'), client_id: clientId, account_id: accountId, sid, realm };
}

/** Sends what is due and gives how many were taken. Failures stay for a later try, for a day. */
export async function deliverLogouts({ store, tenant, send, warn }: DeliveryOptions): Promise<number> {
  const due = await store.run<NoticeRow>(LEASE, [store.realm ?? '', store.realmAround ?? '', tenant ?? null]);
  await Promise.all(
    due.map(async ({ id, client_id, account_id, sid, attempts }) => {
      try {
        await send({ clientId: client_id, accountId: account_id, sid: sid ?? undefined });
        await store.run(DELIVERED, [id]);
      } catch (error) {
        warn({ client: client_id, attempts, error }, 'back-channel logout not delivered: it will be tried again');
      }
    }),
  );
  return due.length;
}

/** Says which issuers have notices to send now. */
export async function issuersWithNotices(store: Pick<Store, 'run'>): Promise<(voice: Voice) => boolean> {
  const due = await store.run<{ realm: string; tenant: string | null }>(WAITING, []);
  return (voice) =>
    due.some(({ realm, tenant }) => realm === realmOf(voice) || (realm === realmAround(voice) && tenant === voice.tenant?.id));
}

/** The engine's own way of building and posting a logout token, taken before it is replaced by our queue. */
type Post = (this: Client, accountId: string, sid: string | undefined) => Promise<unknown>;

export interface QueueOptions {
  readonly queue: (notice: LogoutNotice) => void;
  /** `sub` of an account for an application. */
  readonly subject: (accountId: string, clientId: string) => Promise<string>;
}

/** Makes the engine queue notices instead of sending them while the person waits; gives what sends one. */
export function queueLogouts(provider: Provider, { queue, subject }: QueueOptions): DeliveryOptions['send'] {
  const prototype = provider.Client.prototype as unknown as { backchannelLogout: Post };
  const post = prototype.backchannelLogout;
  prototype.backchannelLogout = async function queued(accountId, sid) {
    queue({ clientId: this.clientId, accountId, sid });
  };
  return async ({ clientId, accountId, sid }) => {
    const client = await provider.Client.find(clientId);
    // An application that is gone, or no longer wants to hear of it, has nothing to be told.
    if (client?.backchannelLogoutUri) await post.call(client, await subject(accountId, clientId), sid);
  };
}
