/** What lists of the admin API show, may be sorted by and filtered by. Everything that becomes SQL text is a literal here. */

/** A kind of thing, as lists and single answers show it. */
export interface Listing {
  /** Unique: it begins the names of the statements. */
  readonly name: string;
  /** What people call one of them. */
  readonly noun: string;
  /** Select list; the aliases are the members of the answer. */
  readonly columns: string;
  readonly from: string;
  /** The organization that a row belongs to. */
  readonly organization: string;
  /** Unique text per row: breaks ties, and names the row. */
  readonly key: string;
  /** By the name of the filter: SQL with `?` where the value stands. All values are texts. */
  readonly filters: Readonly<Record<string, string>>;
  /** By the name of the order. */
  readonly sorts: Readonly<Record<string, { readonly by: string; readonly type: 'text' | 'timestamptz' }>>;
}

const text = (by: string) => ({ by, type: 'text' }) as const;
const instant = (by: string) => ({ by, type: 'timestamptz' }) as const;
const stateOf = (disabledAt: string) => `case when ${disabledAt} is null then 'active' else 'disabled' end`;

// What it has decides how it proves itself (`orgs/credentials.ts`).
const has = (table: string) =>
  `exists (select from issuer.${table} c where c.application_id = a.id and (c.expires_at is null or c.expires_at > now()))`;
const authMethod = `case when ${has('application_key')} then 'private_key_jwt'
    when a.auth_method not like 'client_secret%' and ${has('application_secret')} then 'client_secret_basic' else a.auth_method end as "authMethod"`;

export const organizations: Listing = {
  name: 'organizations',
  noun: 'organization',
  columns: 'o.id, o.name, o.domain, o.created_at as "createdAt"',
  from: 'issuer.organization o',
  organization: 'o.id',
  key: 'o.id',
  filters: {},
  sorts: { id: text('o.id'), name: text('o.name'), createdAt: instant('o.created_at') },
};

export const people: Listing = {
  name: 'people',
  noun: 'person',
  columns: `u.id, u.organization_id as organization, u.email, u.email_verified as "emailVerified", u.name, u.given_name as "givenName",
    u.family_name as "familyName", u.locale, u.claims, u.metadata, u.subjects, u.state, u.created_at as "createdAt"`,
  from: `issuer.users u where u.kind = 'person'`,
  organization: 'u.organization_id',
  key: 'u.id',
  filters: { organization: 'u.organization_id = ?', email: 'u.email_key = ?', state: 'u.state = ?' },
  sorts: {
    id: text('u.id'),
    email: text(`coalesce(u.email_key, '')`),
    name: text(`coalesce(u.name, '')`),
    createdAt: instant('u.created_at'),
  },
};

export const serviceUsers: Listing = {
  name: 'service users',
  noun: 'service user',
  columns: `u.id, u.organization_id as organization, a.project_id as project, coalesce(u.name, u.id) as name, ${authMethod},
    a.scopes, a.resources, a.dialects, u.metadata, u.state, u.created_at as "createdAt"`,
  from: `issuer.users u join issuer.application a on a.id = u.id and a.kind = 'service' where u.kind = 'service'`,
  organization: 'u.organization_id',
  key: 'u.id',
  filters: { organization: 'u.organization_id = ?', project: 'a.project_id = ?', state: 'u.state = ?' },
  sorts: { id: text('u.id'), name: text('coalesce(u.name, u.id)'), createdAt: instant('u.created_at') },
};

export const projects: Listing = {
  name: 'projects',
  noun: 'project',
  columns: 'p.id, p.organization_id as organization, p.name, p.created_at as "createdAt"',
  from: 'issuer.project p',
  organization: 'p.organization_id',
  key: 'p.id',
  filters: { organization: 'p.organization_id = ?' },
  sorts: { id: text('p.id'), name: text('p.name'), createdAt: instant('p.created_at') },
};

export const roles: Listing = {
  name: 'roles',
  noun: 'role',
  columns: 'r.project_id as project, r.key, r.name',
  from: 'issuer.role r join issuer.project p on p.id = r.project_id',
  organization: 'p.organization_id',
  key: `r.project_id || ' ' || r.key`,
  filters: { project: 'r.project_id = ?' },
  sorts: { key: text('r.key'), name: text('r.name') },
};

export const grants: Listing = {
  name: 'grants',
  noun: 'grant',
  columns: 'g.user_id as user, g.organization_id as organization, g.project_id as project, g.role_key as role, g.granted_at as "grantedAt"',
  from: 'issuer.role_grant g',
  organization: 'g.organization_id',
  key: `g.user_id || ' ' || g.organization_id || ' ' || g.project_id || ' ' || g.role_key`,
  filters: { organization: 'g.organization_id = ?', user: 'g.user_id = ?', project: 'g.project_id = ?', role: 'g.role_key = ?' },
  sorts: { user: text('g.user_id'), project: text('g.project_id'), grantedAt: instant('g.granted_at') },
};

const applicationFilters = {
  organization: 'p.organization_id = ?',
  project: 'a.project_id = ?',
  state: `${stateOf('a.disabled_at')} = ?`,
};
const applicationSorts = { id: text('a.id'), name: text('a.name'), createdAt: instant('a.created_at') };

export const applications: Listing = {
  name: 'applications',
  noun: 'application',
  columns: `a.id, p.organization_id as organization, a.project_id as project, a.name, a.kind, a.first_party as "firstParty",
    a.redirect_uris as "redirectUris", a.post_logout_redirect_uris as "postLogoutRedirectUris",
    a.backchannel_logout_uri as "backchannelLogoutUri", a.grant_types as "grantTypes", ${authMethod}, a.scopes, a.resources,
    a.default_resource as "defaultResource", a.pkce_required as "pkceRequired", a.dialects, a.refuses,
    ${stateOf('a.disabled_at')} as state, a.created_at as "createdAt"`,
  from: `issuer.application a join issuer.project p on p.id = a.project_id where a.kind in ('web', 'spa', 'native')`,
  organization: 'p.organization_id',
  key: 'a.id',
  filters: { ...applicationFilters, kind: 'a.kind = ?' },
  sorts: applicationSorts,
};

export const apis: Listing = {
  name: 'apis',
  noun: 'API',
  columns: `a.id, p.organization_id as organization, a.project_id as project, a.name, a.resource, a.resource_scopes as scopes,
    a.token_format as "tokenFormat", a.token_lifetime as "tokenLifetime", a.token_version as "tokenVersion", a.dialects,
    a.resources, a.default_resource as "defaultResource", ${authMethod},
    ${stateOf('a.disabled_at')} as state, a.created_at as "createdAt"`,
  from: `issuer.application a join issuer.project p on p.id = a.project_id where a.kind = 'api'`,
  organization: 'p.organization_id',
  key: 'a.id',
  filters: applicationFilters,
  sorts: applicationSorts,
};

export const tokens: Listing = {
  name: 'tokens',
  noun: 'token',
  columns: `t.id, t.user_id as user, t.name, t.prefix, t.resources, t.scopes, t.created_at as "createdAt", t.created_by as "createdBy",
    t.expires_at as "expiresAt", t.last_used_at as "lastUsedAt"`,
  from: 'issuer.personal_access_token t join issuer.users u on u.id = t.user_id',
  organization: 'u.organization_id',
  key: 't.id',
  filters: { organization: 'u.organization_id = ?', user: 't.user_id = ?' },
  sorts: { createdAt: instant('t.created_at'), expiresAt: instant('t.expires_at'), name: text('t.name') },
};

export const connections: Listing = {
  name: 'connections',
  noun: 'connection',
  columns: `c.id, c.organization_id as organization, c.name, c.preset, c.client_id as "clientId", c.client_secret is not null as "hasSecret",
    c.issuer, c.endpoints, c.auth_method as "authMethod", c.scopes, c.sign_in as "signIn", c.sign_up as "signUp", c.accounts,
    c.authorization_params as "authorizationParams", c.public_clients as "publicClients", c.refresh_retry as "refreshRetry", c.proxy,
    ${stateOf('c.disabled_at')} as state, c.created_at as "createdAt"`,
  from: 'issuer.connection c',
  organization: 'c.organization_id',
  key: 'c.id',
  filters: { organization: 'c.organization_id = ?', preset: 'c.preset = ?', state: `${stateOf('c.disabled_at')} = ?` },
  sorts: { id: text('c.id'), name: text('c.name'), createdAt: instant('c.created_at') },
};

export const connectionUses: Listing = {
  name: 'applications of connections',
  noun: 'application of this connection',
  columns: 'x.application_id as application, a.name, a.kind, x.scopes, x.tokens',
  from: `issuer.connection_application x join issuer.connection c on c.id = x.connection_id
    join issuer.application a on a.id = x.application_id`,
  organization: 'c.organization_id',
  key: `x.connection_id || ' ' || x.application_id`,
  filters: { connection: 'x.connection_id = ?' },
  sorts: { application: text('x.application_id'), name: text('a.name') },
};

export const connectedAccounts: Listing = {
  name: 'connected accounts',
  noun: 'connected account',
  columns: `a.id, u.organization_id as organization, a.user_id as user, a.connection_id as connection, a.account,
    a.account_name as "accountName", a.scopes, a.state, a.state_reason as reason,
    array(select x.application_id from issuer.connected_account_use x where x.account_id = a.id order by 1) as applications,
    a.connected_at as "connectedAt", a.expires_at as "expiresAt"`,
  from: 'issuer.connected_account a join issuer.users u on u.id = a.user_id',
  organization: 'u.organization_id',
  key: 'a.id',
  filters: {
    organization: 'u.organization_id = ?',
    user: 'a.user_id = ?',
    connection: 'a.connection_id = ?',
    state: 'a.state = ?',
  },
  sorts: { connectedAt: instant('a.connected_at'), user: text('a.user_id') },
};

export const events: Listing = {
  name: 'events',
  noun: 'event',
  columns: `e.id, e.at, e.type, e.outcome, e.actor, e.client, e.organization, e.target, e.reason, e.request_id as "requestId",
    e.ip_prefix as "ipPrefix", e.details`,
  from: 'issuer.event e',
  organization: 'e.organization',
  key: 'e.id',
  filters: {
    organization: 'e.organization = ?',
    type: 'e.type = ?',
    actor: 'e.actor = ?',
    target: 'e.target = ?',
    after: 'e.at > ?::timestamptz',
    before: 'e.at < ?::timestamptz',
  },
  sorts: { at: instant('e.at') },
};
