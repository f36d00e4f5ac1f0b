/** The handler of each entry of the table. */
import type { Handlers } from '../call.ts';
import type { RouteTable } from '../routes/table.ts';
import { apiHandlers } from './apis.ts';
import { applicationHandlers } from './applications.ts';
import { connectionHandlers } from './connections.ts';
import { credentialHandlers } from './credentials.ts';
import { grantHandlers } from './grants.ts';
import { issuerHandlers } from './issuer.ts';
import { organizationHandlers } from './organizations.ts';
import { peopleHandlers } from './people.ts';
import { projectHandlers } from './projects.ts';
import { serviceUserHandlers } from './service-users.ts';
import { tokenHandlers } from './tokens.ts';
import { vaultHandlers } from './vault.ts';

export const handlers: Handlers<RouteTable> = {
  ...organizationHandlers,
  ...peopleHandlers,
  ...serviceUserHandlers,
  ...projectHandlers,
  ...grantHandlers,
  ...applicationHandlers,
  ...apiHandlers,
  ...credentialHandlers,
  ...tokenHandlers,
  ...connectionHandlers,
  ...vaultHandlers,
  ...issuerHandlers,
};
