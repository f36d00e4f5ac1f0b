/** The engine's storage: a map. Its one rule of its own is strictness about things that are used once. */
import { type Adapter, type AdapterFactory, errors } from 'oidc-provider';
import type { State } from './state.ts';

const reused = 'refresh token already used';

/** Whether the engine refused a refresh token because it came a second time. */
export function isReuse(error: { readonly error_detail?: string | undefined }): boolean {
  return error.error_detail === reused;
}

type Kept = Pick<State, 'records' | 'save'>;

export interface Records {
  readonly adapter: AdapterFactory;
  /** Forgets every access token; what can renew them stays. */
  expire(): void;
  /** Ends all that this person gave this application. */
  endGrants(grants: { readonly accountId: string; readonly clientId: string }): void;
  /** Applications that this person gave something. */
  clientsOf(accountId: string): readonly string[];
}

const sweepEvery = 500;

export function createRecords(state: Kept): Records {
  let writes = 0;
  const sweep = () => {
    writes += 1;
    if (writes % sweepEvery === 0) removeWhere(state, ({ endsAt }) => endsAt !== undefined && endsAt <= Date.now());
  };
  return {
    adapter: (model) => adapterFor(model, state, sweep),
    expire() {
      removeWhere(state, (_stored, key) => key.startsWith('AccessToken:'));
      state.save();
    },
    endGrants({ accountId, clientId }) {
      const ended = grantsOf(state, accountId).filter((grant) => grant.clientId === clientId);
      for (const { id } of ended) endGrant(state, id);
      state.save();
    },
    clientsOf: (accountId) => [...new Set(grantsOf(state, accountId).map(({ clientId }) => clientId))],
  };
}

function adapterFor(model: string, state: Kept, sweep: () => void): Adapter {
  const { records, save } = state;
  const alive = (id: string) => {
    const stored = records.get(`${model}:${id}`);
    return stored === undefined || (stored.endsAt ?? Number.POSITIVE_INFINITY) <= Date.now() ? undefined : stored;
  };
  return {
    async upsert(id, payload, expiresIn) {
      records.set(`${model}:${id}`, { payload, ...(expiresIn === undefined ? {} : { endsAt: Date.now() + expiresIn * 1000 }) });
      sweep();
      save();
    },
    find: async (id) => alive(id)?.payload,
    findByUid: async (uid) => [...records].find(([key, { payload }]) => key.startsWith(`${model}:`) && payload.uid === uid)?.[1].payload,
    findByUserCode: async () => undefined,
    async consume(id) {
      const stored = alive(id);
      // The engine has looked already; of two requests that looked at the same time this refuses the second.
      if (stored === undefined || stored.payload.consumed !== undefined) {
        if (stored?.payload.grantId !== undefined) endGrant(state, stored.payload.grantId);
        save();
        throw new errors.InvalidGrant(reused);
      }
      records.set(`${model}:${id}`, { ...stored, payload: { ...stored.payload, consumed: Math.floor(Date.now() / 1000) } });
      save();
    },
    async destroy(id) {
      records.delete(`${model}:${id}`);
      save();
    },
    async revokeByGrantId(grantId) {
      removeWhere(state, ({ payload }, key) => key.startsWith(`${model}:`) && payload.grantId === grantId);
      save();
    },
  };
}

function grantsOf({ records }: Kept, accountId: string): { readonly id: string; readonly clientId: string }[] {
  return [...records].flatMap(([key, { payload, endsAt = Number.POSITIVE_INFINITY }]) =>
    key.startsWith('Grant:') && payload.accountId === accountId && payload.clientId !== undefined && endsAt > Date.now()
      ? [{ id: key.slice('Grant:'.length), clientId: payload.clientId }]
      : [],
  );
}

function endGrant(state: Kept, grantId: string): void {
  removeWhere(state, ({ payload }, key) => key === `Grant:${grantId}` || payload.grantId === grantId);
}

type Stored = Parameters<Kept['records']['set']>[1];

function removeWhere({ records }: Kept, ends: (stored: Stored, key: string) => boolean): void {
  for (const [key, stored] of records) if (ends(stored, key)) records.delete(key);
}
