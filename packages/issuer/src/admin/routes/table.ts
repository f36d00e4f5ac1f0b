/** The table of the admin API: every operation, with what it takes, gives and needs. */
import { apiRoutes } from './apis.ts';
import { applicationRoutes } from './applications.ts';
import { connectionRoutes } from './connections.ts';
import { credentialRoutes } from './credentials.ts';
import { grantRoutes } from './grants.ts';
import { issuerRoutes } from './issuer.ts';
import { organizationRoutes } from './organizations.ts';
import { peopleRoutes } from './people.ts';
import { projectRoutes } from './projects.ts';
import type { AdminRoute } from './route.ts';
import { serviceUserRoutes } from './service-users.ts';
import { tokenRoutes } from './tokens.ts';
import { vaultRoutes } from './vault.ts';

/** By id. */
export const table = {
  ...organizationRoutes,
  ...peopleRoutes,
  ...serviceUserRoutes,
  ...projectRoutes,
  ...grantRoutes,
  ...applicationRoutes,
  ...apiRoutes,
  ...credentialRoutes,
  ...tokenRoutes,
  ...connectionRoutes,
  ...vaultRoutes,
  ...issuerRoutes,
} as const;

export type RouteTable = typeof table;
export type RouteId = keyof RouteTable;

/** In the order of the document. */
export const routes: readonly AdminRoute[] = Object.values(table);

/** Where the admin API lives, below the issuer. */
export const ADMIN_PATH = '/admin/v1';
