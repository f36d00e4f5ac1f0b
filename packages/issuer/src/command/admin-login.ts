/** The command as an OAuth client: the application `safeconduct-cli` that every issuer has. */
import { createLogin, type Login } from 'safeconduct/login';
import { safeconduct } from 'safeconduct/providers';
import { permissions } from '../admin/routes/permissions.ts';
import { ADMIN_PATH } from '../admin/routes/table.ts';

/** Its access tokens are for the admin API of this issuer alone. */
export function adminLogin(issuer: string): Login {
  return createLogin({
    provider: safeconduct({ issuer }),
    clientId: 'safeconduct-cli',
    redirectUri: 'http://127.0.0.1/callback',
    scopes: ['openid', 'profile', 'email', 'offline_access', ...Object.keys(permissions)],
    resource: `${issuer}${ADMIN_PATH}`,
  });
}
