import type { ReachWiring } from './wiring.ts';

/** What a person is to connect. */
export interface LinkTarget {
  readonly connection: string;
  readonly scopes: readonly string[];
  /** What the provider said. */
  readonly connectUri?: string | undefined;
}

/** Where a person connects an account: the application's own page if it has one, else the provider's. */
export function linkTo({ vault, client, connectPath }: ReachWiring, { connection, scopes, connectUri }: LinkTarget): string {
  if (connectPath !== undefined) return connectPath(connection, scopes);
  const own = new URL(`${vault.connectUrl ?? ''}${connection}`);
  own.searchParams.set('client_id', client.clientId);
  if (scopes.length > 0) own.searchParams.set('scope', scopes.join(' '));
  // People follow this link: it leads to the provider and nowhere else, whatever the answer says.
  return connectUri !== undefined && isSamePage(connectUri, own) ? connectUri : own.href;
}

function isSamePage(address: string, { origin, pathname }: URL): boolean {
  if (!URL.canParse(address)) return false;
  const url = new URL(address);
  return url.origin === origin && url.pathname === pathname;
}
