/** What the issuer needs to reach third parties: who they are, the guarded way out, and the vault. One of each for the process. */
import type { Settings } from '../config.ts';
import { createKeks } from '../connections/keks.ts';
import { createOutboundAgent, type OutboundAgent } from '../connections/outbound-agent.ts';
import { createOutboundFetch, type OutboundFetch } from '../connections/outbound-fetch.ts';
import { type Connections, createConnections } from '../connections/registry.ts';
import type { Upstream } from '../connections/third-party.ts';
import { createUpstream } from '../connections/upstream.ts';
import { createVault, type Vault } from '../connections/vault.ts';
import type { Seal } from '../secrets/seal.ts';
import type { Store } from '../store/database.ts';
import type { Log } from './log.ts';

export interface ThirdPartyOptions {
  readonly settings: Pick<Settings, 'issuer' | 'masterKeys' | 'vaultKeys' | 'vaultKms' | 'outboundNetworks'>;
  readonly store: Store;
  readonly seal: Seal;
  readonly log: Log;
}

export interface ThirdParties {
  readonly connections: Connections;
  readonly upstream: Upstream;
  readonly vault: Vault;
  /** The guarded way out of everything but the proxy. */
  readonly fetch: OutboundFetch;
  /** The proxy's own way out, so that no renewal of a token waits behind a large answer. */
  readonly outbound: OutboundAgent;
  /** Waits for what the vault still writes, and lets go of connections. */
  close(): Promise<void>;
}

/** Opens them. Throws when a key that something in the vault needs is missing, or cannot be used now. */
export async function openThirdParties({ settings, store, seal, log }: ThirdPartyOptions): Promise<ThirdParties> {
  const { issuer, masterKeys, vaultKeys, vaultKms: kms, outboundNetworks: allowedNetworks } = settings;
  const keks = await createKeks({ masterKeys, vaultKeys, kms });
  const fetch = createOutboundFetch({ issuer, allowedNetworks });
  const outbound = createOutboundAgent({ issuer, allowedNetworks });
  const connections = createConnections({ store, seal });
  const upstream = createUpstream({ fetch });
  const vault = createVault({ store, keks, upstream, connections, log });
  await vault.check();
  return Object.freeze({
    connections,
    upstream,
    vault,
    fetch,
    outbound,
    async close() {
      await vault.settle();
      await Promise.all([fetch.close(), outbound.close()]);
    },
  });
}
