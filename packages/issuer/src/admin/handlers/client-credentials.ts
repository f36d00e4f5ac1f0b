/** With which secret or keys a new application or API proves itself. */
import type { AuthMethod } from '../../orgs/applications.ts';
import { type Jwk, setKeys } from '../../orgs/keys.ts';
import { setSecretHashes } from '../../orgs/secrets.ts';
import { Secret } from '../../secrets/secret.ts';
import { hashOf, newToken } from '../../secrets/token-format.ts';
import type { Run } from '../../store/database.ts';

export interface Credentials {
  /** Made here, and shown once. */
  readonly secret: Secret | undefined;
  readonly keys: readonly Jwk[];
  /** As a declaration says them. */
  readonly declared: { readonly authMethod?: AuthMethod; readonly secret?: Secret; readonly jwks?: { readonly keys: readonly Jwk[] } };
}

/** What a method needs. Whether the keys fit the method is one of the checks of the declaration. */
export function credentialsOf(method: AuthMethod, keys?: readonly Jwk[]): Credentials {
  const secret = method.startsWith('client_secret') ? new Secret(newToken('sk')) : undefined;
  const declared = { ...(method !== 'none' && { authMethod: method }), ...(secret && { secret }), ...(keys && { jwks: { keys } }) };
  return { secret, keys: keys ?? [], declared };
}

export async function storeCredentials(run: Run, id: string, { secret, keys }: Credentials): Promise<void> {
  if (secret) await setSecretHashes(run, id, [hashOf(secret.reveal())]);
  if (keys.length > 0) await setKeys(run, id, keys);
}
