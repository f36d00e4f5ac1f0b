/** What Zitadel's tokens, userinfo and introspection say. Every "assert" switch of its console is on here. */
import type { AccountFacts, Facts, KnownApplication } from '../facts.ts';
import { primaryDomain, roleClaims } from './roles.ts';
import { domainsIn, METADATA, organizationsIn, RESOURCE_OWNER, readAsked, roleScope } from './scopes.ts';

type Claims = Readonly<Record<string, unknown>>;

/** Every scope of a token, Zitadel's own among them. */
export function scopesOf({ scopes, asked }: Pick<Facts, 'scopes' | 'asked'>): string[] {
  return [...new Set([...scopes, ...readAsked(asked).scopes])];
}

/** Everybody in the application's project and the project itself, then the projects of the APIs that it is for. */
export function audienceOf(facts: Facts): string[] {
  const { client, projectClients } = facts;
  return distinct([client?.id, ...projectClients, client?.project, ...apiProjects(facts)]);
}

/** The projects of the API that a token is for, and of others that it was asked for and that the application still may call. */
function apiProjects({ client, api, asked }: Facts): string[] {
  const others = Object.entries(readAsked(asked).projects).filter(([, resource]) => client?.resources.includes(resource));
  return distinct([api?.project, ...others.map(([project]) => project)]);
}

const distinct = (texts: readonly (string | undefined)[]): string[] => [...new Set(texts.filter((text) => text !== undefined))];

/** A JWT access token: no scopes, no profile. */
export function accessTokenClaims(claims: Claims, facts: Facts): Claims {
  const { iss, sub, exp, iat, client_id, jti, act } = claims;
  return {
    ...{ iss, sub, aud: audienceOf(facts), exp, iat, nbf: iat, client_id, jti },
    ...(act !== undefined && { act }),
    ...bearerClaims(facts, tokenRoles(facts)),
  };
}

export function idTokenClaims(claims: Claims, facts: Facts): Claims {
  const { org_id: _org, ...rest } = claims;
  const { authTime, amr } = facts.signIn ?? {};
  return {
    ...rest,
    ...loginName(facts),
    aud: audienceOf(facts),
    ...(facts.client && { azp: facts.client.id, client_id: facts.client.id }),
    ...(facts.session !== undefined && { sid: facts.session }),
    ...(authTime !== undefined && { auth_time: authTime }),
    ...(amr !== undefined && { amr }),
    ...bearerClaims(facts, tokenRoles(facts)),
  };
}

export function userinfoClaims(claims: Claims, facts: Facts): Claims {
  const { org_id: _org, ...rest } = claims;
  const { account } = facts;
  return { ...(account && profileClaims(account, scopesOf(facts))), ...rest, ...bearerClaims(facts, tokenRoles(facts)) };
}

/** Roles of every project that the token is for. */
function tokenRoles(facts: Facts): Question {
  const own = facts.client?.project ?? facts.api?.project;
  return { own, projects: distinct([own, ...apiProjects(facts)]), scopes: scopesOf(facts) };
}

/** The answer to an API, which is `client` here. It hears of the roles in its own project only. */
export function introspectionClaims(answer: Claims, facts: Facts, issuedTo: KnownApplication | undefined): Claims {
  const { account, client } = facts;
  const personal = facts.grantType === 'personal';
  const own = client?.project;
  const scopes = personal ? personalScopes(facts) : scopesOf(facts);
  const { active, iss, sub, exp, iat, jti, client_id, token_type, act } = answer;
  return {
    ...(account && profileClaims(account, scopes)),
    ...{ active, scope: scopes.join(' '), token_type, exp, iat, nbf: iat, sub, iss },
    aud: personal ? distinct([client?.id, own]) : audienceOf({ ...facts, client: issuedTo ?? client }),
    ...(!personal && client_id !== undefined && { client_id }),
    ...(jti !== undefined && { jti }),
    ...(act !== undefined && { act }),
    ...(account && { username: loginNameOf(account) }),
    ...bearerClaims(facts, { own, projects: own === undefined ? [] : [own], scopes }),
  };
}

/** Zitadel gives each of them the same scopes, and asks for each role of the project whose API wants to know. */
const personalScopes = ({ scopes, roles }: Facts): string[] => [
  ...new Set(['openid', 'profile', METADATA, RESOURCE_OWNER, ...scopes, ...roles.map(roleScope)]),
];

interface Question {
  readonly own: string | undefined;
  readonly projects: readonly string[];
  readonly scopes: readonly string[];
}

/** The claims by Zitadel's own names. */
function bearerClaims(facts: Facts, question: Question): Claims {
  const { account, origin } = facts;
  if (!account) return {};
  return {
    ...organizationClaims(account, question.scopes, origin),
    ...metadataClaims(account, question.scopes),
    ...roleClaims(facts, question),
  };
}

function organizationClaims({ organization }: AccountFacts, scopes: readonly string[], origin: string): Claims {
  const domain = primaryDomain(organization, origin);
  // What a scope demanded is repeated where it is so, and nowhere else.
  const byId = organizationsIn(scopes).includes(organization.id);
  const byDomain = domainsIn(scopes).includes(domain.toLowerCase());
  return {
    ...((scopes.includes(RESOURCE_OWNER) || byId) && {
      [`${RESOURCE_OWNER}:id`]: organization.id,
      [`${RESOURCE_OWNER}:name`]: organization.name,
      [`${RESOURCE_OWNER}:primary_domain`]: domain,
    }),
    ...(byId && { 'urn:zitadel:iam:org:id': organization.id }),
    ...(byDomain && { 'urn:zitadel:iam:org:domain:primary': domain }),
  };
}

function metadataClaims({ metadata }: AccountFacts, scopes: readonly string[]): Claims {
  const entries = Object.entries(metadata);
  if (!scopes.includes(METADATA) || entries.length === 0) return {};
  return { [METADATA]: Object.fromEntries(entries.map(([key, value]) => [key, Buffer.from(value).toString('base64url')])) };
}

const claimsByScope: Readonly<Record<string, readonly string[]>> = {
  profile: ['name', 'given_name', 'family_name', 'nickname', 'picture', 'gender', 'locale', 'updated_at', 'preferred_username'],
  email: ['email', 'email_verified'],
  phone: ['phone_number', 'phone_number_verified'],
  address: ['address'],
};

/** Standard claims by scope (OpenID Connect Core, 5.4). Programs have a name and no more. */
function profileClaims(account: AccountFacts, scopes: readonly string[]): Claims {
  const all: Claims = {
    ...account.claims,
    name: account.name,
    given_name: account.givenName,
    family_name: account.familyName,
    locale: account.locale,
    updated_at: account.updatedAt,
    preferred_username: loginNameOf(account),
    email: account.email,
    email_verified: account.email === undefined ? undefined : account.emailVerified,
  };
  const names = scopes.flatMap((scope) => claimsByScope[scope] ?? []);
  return Object.fromEntries(names.filter((name) => all[name] !== undefined).map((name) => [name, all[name]]));
}

/** What somebody types to sign in. Programs go by their id. */
function loginNameOf({ id, kind, email, claims }: AccountFacts): string {
  if (kind === 'service') return id;
  return typeof claims.preferred_username === 'string' ? claims.preferred_username : (email ?? id);
}

const loginName = ({ account, scopes }: Facts): Claims =>
  account && scopes.includes('profile') ? { preferred_username: loginNameOf(account) } : {};
