/** What an application gets through the browser, in the words of its dialect. */
import type { Provider as Engine, KoaContextWithOIDC } from 'oidc-provider';
import type { KnownAccount } from './accounts.ts';
import { answerFacts } from './answers.ts';
import { tenantOf } from './tenants.ts';
import type { Voice } from './voice.ts';

/** Adds what the dialect has beyond RFC 6749 to what an application gets through the browser. */
export function completeResponses(provider: Engine, voice: Voice): void {
  const { shared, dialect } = voice;
  const { authorizationResponse } = dialect;
  if (!authorizationResponse && shared === undefined) return;
  provider.on('authorization.success', (ctx, out) => {
    // A device asks for its answer itself.
    if (!out) return;
    // The engine's types leave out what it sends.
    const own = shared === undefined ? {} : { iss: issuerOfPerson(ctx, voice) };
    Object.assign(out as object, own, authorizationResponse?.(answerFacts(ctx, voice)));
  });
}

/** Who signed in at a place of all tenants is of one of them: its issuer answers (RFC 9207). */
function issuerOfPerson(ctx: KoaContextWithOIDC, { dialect, origin }: Voice): string | undefined {
  const row = (ctx.oidc.account as KnownAccount | undefined)?.row;
  return row && dialect.place(origin, tenantOf(row.organization, row.organization_name, row.organization_domain)).issuer;
}
