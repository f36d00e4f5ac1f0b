/** What an administrator's token may do: each permission is a scope of the admin API, with the sentence that people read. */
export const permissions = {
  'me:read': 'See who you are and which roles you have here',
  'me:write': 'Make and revoke your own access tokens',
  'organizations:read': 'See organizations',
  'organizations:write': 'Create and rename organizations',
  'users:read': 'See people and service users',
  'users:write': 'Create, change and disable people and service users, and set passwords',
  'projects:read': 'See projects and their roles',
  'projects:write': 'Create and change projects and their roles',
  'grants:read': 'See who has which role',
  'grants:write': 'Give roles and take them away',
  'applications:read': 'See applications and APIs',
  'applications:write': 'Create, change and disable applications and APIs',
  'credentials:read': 'See which secrets and keys programs have, without their values',
  'credentials:write': 'Add and remove secrets and keys of programs',
  'tokens:read': 'See personal access tokens, without their values',
  'tokens:write': 'Create and revoke personal access tokens of service users, and revoke those of people',
  'connections:read': 'See connections to third parties, and which accounts people have connected',
  'connections:write': 'Create, change and remove connections, choose who may use them, and disconnect accounts',
  'vault:read': 'See how the vault is sealed',
  'vault:write': 'Change the keys of the vault, and stop all accounts of a connection',
  'keys:read': 'See the signing keys, without their private parts',
  'keys:write': 'Rotate the signing keys',
  'events:read': 'Read the audit log',
} as const;

export type Permission = keyof typeof permissions;
