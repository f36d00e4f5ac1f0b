/** Every secret that the issuer holds. A test finds each of them in the code, and docs/operations.md shows this table. */

/** Keys that are derived from the master key, one for each use, so that no two uses share key material. */
export const derivedKeys = {
  seal: 'seals what is stored: private signing keys, device codes, successors of refresh tokens, secrets of connections, what waits for a trip to a third party to end',
  cookies: 'signs the cookies of sessions and interactions',
  forms: 'binds forms and notes of our own pages to the browser that they were shown to',
  'sign-in': 'signs the cookie of a known browser and names the buckets that count wrong passwords',
  audit: 'signs the end of the audit log',
  'admin-api': 'is the secret with which the admin API introspects tokens',
  cursors: 'signs the cursors of lists',
  vault: 'wraps the data keys of the vault, where no key of their own is set',
  'me-api': 'is the secret with which the API of connected accounts introspects tokens',
} as const;

export type DerivedKey = keyof typeof derivedKeys;

/** Secrets that are given to the issuer, by the setting that names them. */
export const givenSecrets = {
  SAFECONDUCT_MASTER_KEY: 'everything that is derived from it',
  SAFECONDUCT_VAULT_KEY: 'the data keys of the vault',
  DATABASE_URL: 'the password of the database',
} as const;

/** Secrets that the database holds, by table, and in which form. */
export const storedSecrets = {
  signing_key: 'private keys, sealed',
  application_secret: 'SHA-256 of client secrets of 256 bits or more',
  personal_access_token: 'SHA-256',
  demo_secret: 'SHA-256 of demo values',
  user_password: 'argon2id',
  artifact: 'SHA-256 of codes, cookies and tokens; device codes and refresh successors sealed',
  data_key: 'data keys of the vault, wrapped by a key-encryption key',
  connected_account: 'tokens of third parties, sealed under a data key',
  connection: 'client secrets that third parties gave, sealed',
  upstream_request: 'SHA-256 of states and cookies; what a trip to a third party carries, sealed',
  connect_ticket: 'SHA-256 of tickets, sessions and codes; what the third party gave, sealed until it is taken',
} as const;
