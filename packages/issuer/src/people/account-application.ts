/** The application as which people sign in to the issuer's own pages. It redeems no code: the session is all that it needs. */
import { type Application, plainApplication } from '../orgs/applications.ts';

/** Its client_id. */
export const ACCOUNT_PAGES = 'safeconduct-account';
/** Path of the page that a sign-in for our own pages comes back to. */
export const SIGNED_IN_PATH = '/account/signed-in';

/** The application, as it is registered in the project of the issuer itself. */
export function accountApplication(issuer: string, projectId: string): Application {
  return {
    ...plainApplication,
    id: ACCOUNT_PAGES,
    projectId,
    kind: 'web',
    name: 'Your account',
    firstParty: true,
    redirectUris: [`${issuer}${SIGNED_IN_PATH}`],
    grantTypes: ['authorization_code'],
    authMethod: 'none',
    scopes: ['openid'],
  };
}
