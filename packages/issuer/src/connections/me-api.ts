/** The API by which applications connect accounts for the people who are signed in to them: what it is called, and its scopes. */
import { type Application, plainApplication } from '../orgs/applications.ts';
import { deriveKey, type MasterKey } from '../secrets/seal.ts';
import { Secret } from '../secrets/secret.ts';

/** client_id of the API. */
export const ME_API = 'safeconduct-me';

/** Its scopes, each with the sentence that people read. */
export const meScopes = {
  'create:me:connected_accounts': 'Ask you to connect accounts that you have elsewhere',
  'read:me:connected_accounts': 'See which accounts elsewhere you have connected for it',
  'delete:me:connected_accounts': 'Disconnect accounts that you have connected for it',
} as const satisfies Readonly<Record<string, string>>;

export type MeScope = keyof typeof meScopes;

/** The audience of its tokens. It ends with a slash, as clients of Auth0's API of this form send it. */
export function meAudience(issuer: string): string {
  return `${issuer}/me/`;
}

/** The secret with which the API introspects. Every process derives the same one. */
export function meSecret({ key }: MasterKey): Secret {
  return new Secret(deriveKey(key, 'me-api').export().toString('base64url'));
}

/** The API, as it is registered in the project of the issuer itself. Each application that a connection lists may call it. */
export function meApi(issuer: string, projectId: string): Application {
  return {
    ...plainApplication,
    id: ME_API,
    projectId,
    kind: 'api',
    name: 'Your connected accounts',
    authMethod: 'client_secret_basic',
    resource: meAudience(issuer),
    resourceScopes: meScopes,
  };
}
