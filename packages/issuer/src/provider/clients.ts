/** Our rules for applications, in the places of the engine's. */
import type { Provider as Engine } from 'oidc-provider';
import type { Store } from '../store/database.ts';
import { type AccountRow, FIND_ACCOUNT } from './account-row.ts';
import type { Attempts } from './attempts.ts';
import { type DeliveryOptions, queueLogouts } from './backchannel-logout.ts';
import { secretComparison } from './client-authentication.ts';
import { subjectOf } from './facts.ts';
import { allowLoopback, redirectRules } from './redirects.ts';
import { unit } from './unit.ts';
import type { Voice } from './voice.ts';

export interface ClientRules {
  readonly store: Store;
  readonly attempts: Attempts;
  readonly voice: Voice;
}

/** Sets them, and gives what sends a notice of a sign-out. */
export function refineClients(provider: Engine, { store, attempts, voice }: ClientRules): DeliveryOptions['send'] {
  const refined = { compareClientSecret: secretComparison(attempts), includeSid: () => true, ...redirectRules(provider.Client, voice) };
  Object.assign(provider.Client.prototype, refined);
  allowLoopback(provider.Client as object);
  return queueLogouts(provider, {
    queue: (notice) => unit().notify(notice),
    // As the dialect calls the person.
    async subject(account, client) {
      const [found] = await store.run<{ account: AccountRow | null }>(FIND_ACCOUNT, [account]);
      return found?.account ? subjectOf(voice, found.account, client) : account;
    },
  });
}
