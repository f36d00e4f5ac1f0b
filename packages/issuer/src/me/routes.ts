/** The calls of the API of connected accounts, as Auth0's API of this form has them. */
import type { MeScope } from '../connections/me-api.ts';

/** Where the API is, below the issuer. */
export const ME_PATH = '/me/v1/connected-accounts';

export interface MeRoute {
  readonly id: 'connect' | 'complete' | 'accounts' | 'connections' | 'remove';
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Below `ME_PATH`. */
  readonly path: string;
  readonly scope: MeScope;
  /** Of the answer. */
  readonly status: 200 | 201 | 204;
}

export const meRoutes: readonly MeRoute[] = [
  { id: 'connect', method: 'POST', path: '/connect', scope: 'create:me:connected_accounts', status: 201 },
  { id: 'complete', method: 'POST', path: '/complete', scope: 'create:me:connected_accounts', status: 201 },
  { id: 'accounts', method: 'GET', path: '/accounts', scope: 'read:me:connected_accounts', status: 200 },
  { id: 'remove', method: 'DELETE', path: '/accounts/{account}', scope: 'delete:me:connected_accounts', status: 204 },
  { id: 'connections', method: 'GET', path: '/connections', scope: 'read:me:connected_accounts', status: 200 },
];
