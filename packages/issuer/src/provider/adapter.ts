/** The engine's storage contract, kept on the unit of work. */
import { type Adapter, type AdapterFactory, type AdapterPayload, errors, Provider } from 'oidc-provider';
import type { Seal } from '../secrets/seal.ts';
import type { Store } from '../store/database.ts';
import type { Applications } from './applications.ts';
import { type Artifact, artifactId } from './artifact.ts';
import type { Attempts } from './attempts.ts';
import { guessedTooOften } from './device.ts';
import { RECORD_ONCE } from './statements.ts';
import { unit } from './unit.ts';

export interface AdapterOptions {
  readonly store: Store;
  readonly seal: Seal;
  readonly applications: Applications;
  readonly attempts: Attempts;
}

/** Wires the adapter. Reads and writes belong to the unit of work of the request; nothing is written before it commits. */
export function createAdapter(options: AdapterOptions): AdapterFactory {
  return (kind) => (kind === 'Client' ? clientAdapter(options.applications) : artifactAdapter(kind, options));
}

function artifactAdapter(kind: string, { store, seal, attempts }: AdapterOptions): Adapter {
  const id = (value: string) => artifactId(kind, value);
  return {
    find: async (value) => opened(await unit().find(kind, value), seal, value),
    findByUid: async (uid) => opened(await unit().findSession(uid), seal),
    findByUserCode: async (code) => withUserCode(opened(await claimed(code, attempts), seal), code),
    async upsert(value, payload, ttl = 60) {
      if (kind === 'ReplayDetection') return recordOnce(store, id(value), ttl);
      unit().write({ id: id(value), kind, ttl, payload: stored(id(value), payload, seal), ...columnsOf(kind, payload) });
      if (kind === 'RefreshToken') unit().succeed((parent) => seal.seal(value, parent));
    },
    consume: async (value) => unit().consume(id(value)),
    destroy: async (value) => (kind === 'Grant' ? unit().end(value) : unit().revoke(id(value))),
    revokeByGrantId: async (grantId) => unit().end(grantId),
  };
}

/** Finds a device code for the browser that asks; not while its network has to wait for guessing. */
async function claimed(userCode: string, attempts: Attempts): Promise<Artifact | undefined> {
  const ctx = Provider.ctx;
  if (!ctx || (await guessedTooOften(ctx, attempts))) return undefined;
  return unit().claimUserCode(userCode, ctx.oidc.session?.uid ?? '');
}

/** What the row says besides its payload. A grant names a session only when it is to end with it. */
function columnsOf(kind: string, { grantId, uid, sessionUid, accountId, userCode, result, session }: AdapterPayload) {
  const endsWith = kind === 'Session' ? uid : kind === 'Grant' ? sessionUid : undefined;
  return {
    grantId: grantId && kind !== 'Interaction' ? artifactId('Grant', grantId) : undefined,
    sessionId: endsWith ? artifactId('SessionEnd', endsWith) : undefined,
    accountId: accountId ?? result?.login?.accountId ?? session?.accountId,
    handle: userCode ? artifactId('UserCode', userCode) : undefined,
  };
}

/** The payload without a value that could be used: a device code, found by its user code, is sealed. */
function stored(id: string, { jti, userCode, deviceCode, session, ...rest }: AdapterPayload, seal: Seal): AdapterPayload {
  const { cookie: _cookie, ...sessionWithoutCookie } = (session ?? {}) as Record<string, unknown>;
  return {
    ...rest,
    ...(userCode && jti && { sealedCode: seal.seal(jti, id) }),
    ...(deviceCode && { sealedDeviceCode: seal.seal(deviceCode, id) }),
    ...(session && { session: sessionWithoutCookie }),
  };
}

function opened(found: Artifact | undefined, seal: Seal, value?: string): AdapterPayload | undefined {
  if (!found) return undefined;
  const { sealedCode, sealedDeviceCode, ...payload } = found.payload;
  return {
    ...payload,
    ...(typeof sealedCode === 'string' && { jti: seal.unseal(sealedCode, found.id) }),
    ...(typeof sealedDeviceCode === 'string' && { deviceCode: seal.unseal(sealedDeviceCode, found.id) }),
    ...(value !== undefined && { jti: value }),
    ...(found.consumedAt !== undefined && { consumed: Math.floor(found.consumedAt) }),
  };
}

const withUserCode = (payload: AdapterPayload | undefined, userCode: string): AdapterPayload | undefined =>
  payload && { ...payload, userCode };

/** A proof or assertion may be seen once. This cannot wait for the unit: a refused request must burn it too. */
async function recordOnce(store: Store, id: string, ttl: number): Promise<void> {
  const recorded = await store.run(RECORD_ONCE, [id, 'ReplayDetection', ttl]);
  if (recorded.length === 0) throw new errors.InvalidRequest('this proof or assertion was used before');
}

// Whoever asks is not known yet: what can be nobody's id is neither looked up nor remembered.
const CLIENT_ID = /^[!-~]{1,512}$/;

function clientAdapter(applications: Applications): Adapter {
  const readOnly = async () => {
    throw new TypeError('applications are written by configuration, not by the engine');
  };
  return {
    find: async (clientId) => (CLIENT_ID.test(clientId) ? applications.metadata(clientId) : undefined),
    findByUid: readOnly,
    findByUserCode: readOnly,
    upsert: readOnly,
    consume: readOnly,
    destroy: readOnly,
    revokeByGrantId: readOnly,
  };
}
