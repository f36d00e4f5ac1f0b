/** The API by which applications connect accounts, at an origin beside the main issuer. */
import { meAudience } from '../connections/me-api.ts';
import type { Provider } from '../provider/provider.ts';
import type { Voice } from '../provider/voice.ts';
import { type Me, type MeParts, serveMe } from './api.ts';
import { liveDoor } from './doors.ts';

export interface MeAtOptions extends Omit<MeParts, 'connections' | 'vault'> {
  readonly thirdParties: Pick<MeParts, 'connections' | 'vault'>;
  /** The engine that issues there. */
  readonly provider: () => Promise<Provider>;
}

/** Wires it where the dialect has it. Its engine knows the tokens: a dialect may have no introspection to ask. */
export function meAt({ dialect, origin, place, home }: Voice, { thirdParties, provider, ...parts }: MeAtOptions): Me | undefined {
  if (!dialect.policy.connectedAccounts) return undefined;
  const liveToken = async (value: string) => (await provider()).liveToken(value);
  return serveMe(
    { ...parts, ...thirdParties },
    { origin, issuer: place.issuer, home, door: (common) => liveDoor({ ...common, audience: meAudience(origin), liveToken }) },
  );
}
