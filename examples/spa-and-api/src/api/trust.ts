import type { DocsLogin } from 'safeconduct/openapi';
import { type Guard, protect } from 'safeconduct/protect';
import { safeconduct } from 'safeconduct/providers';
import type { Places } from '../places.ts';

/** Whose tokens the API takes, and how its docs page gets one. */
export interface Trust {
  readonly guard: Guard;
  readonly login: DocsLogin;
}

/** Tokens are verified by the provider's published keys. Another provider is another preset here: see the .diff files. */
export function createTrust({ issuer, audience, docsClientId: clientId }: Pick<Places, 'issuer' | 'audience' | 'docsClientId'>): Trust {
  const provider = safeconduct({ issuer });
  return {
    guard: protect({ provider, audience }),
    login: { provider, clientId, scopes: { 'notices:read': 'Read notices' }, resource: audience },
  };
}
