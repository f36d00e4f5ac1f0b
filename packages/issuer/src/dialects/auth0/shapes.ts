/** Tokens and user info as Auth0 writes them. */
import type { AccountFacts, Facts } from '../facts.ts';
import { nameOf, readAsked } from './asked.ts';

type Claims = Readonly<Record<string, unknown>>;

/** The connection of people who have a password here. */
const OWN = 'auth0';

/** `sub`: the connection that somebody came with, and who that is there. */
export function subject({ id, kind, cameWith }: AccountFacts, client: string): string {
  if (kind === 'service') return `${client || id}@clients`;
  // A connection of that name would call its people as people of ours.
  return cameWith && cameWith.connection !== OWN ? `${cameWith.connection}|${cameWith.subject}` : `${OWN}|${id}`;
}

/**
 * An access token for an API. Beyond Auth0's own profile it has `client_id` and `jti`, as its profile of RFC 9068 does, so that
 * whoever expects either can read it.
 */
export function accessTokenClaims({ scope, aud, ...claims }: Claims, facts: Facts): Claims {
  const { grantType, signIn: _signIn, client } = facts;
  const program = isProgram(facts);
  const scopes = grantedScopes(scope, facts);
  const gty = grantTypes[grantType ?? ''];
  return {
    iss: claims.iss,
    sub: program && client ? `${client.id}@clients` : claims.sub,
    aud: scopes.includes('openid') ? [aud, `${facts.origin}/userinfo`].flat() : aud,
    iat: claims.iat,
    exp: claims.exp,
    ...(scopes.length > 0 && { scope: scopes.join(' ') }),
    ...(gty !== undefined && { gty }),
    azp: claims.client_id,
    client_id: claims.client_id,
    jti: claims.jti,
    ...(claims.act !== undefined && { act: claims.act }),
    ...organizationClaims(facts),
    permissions: program ? [...new Set([...facts.roles, ...scopes])] : permissionsOf(facts),
  };
}

const grantTypes: Readonly<Record<string, string>> = { client_credentials: 'client-credentials', refresh_token: 'refresh_token' };

/** An application that acts for itself, whether or not a service user stands behind it. */
const isProgram = ({ account, grantType }: Facts): boolean =>
  account === undefined ? grantType === 'client_credentials' : account.kind === 'service';

/**
 * What was granted, with the permissions that were asked for as scopes and that the person has. For first-party applications
 * alone: no page shows them, so nobody has said yes to them.
 */
export function grantedScopes(scope: unknown, facts: Facts): string[] {
  const granted = [...facts.scopes, ...(typeof scope === 'string' ? scope.split(' ') : [])].filter(Boolean);
  const permissions = facts.client?.firstParty || isProgram(facts) ? permissionsOf(facts) : [];
  const all = [...new Set([...granted, ...readAsked(facts.asked).scopes.filter((one) => permissions.includes(one))])];
  const { grantType, wanted = [] } = facts;
  // A refresh may ask for less than the sign-in behind it (RFC 6749, 6).
  return grantType === 'refresh_token' && wanted.length > 0 ? all.filter((one) => wanted.includes(one)) : all;
}

/** An ID token with the claims about the person in it, as every SDK expects. */
export function idTokenClaims({ nonce, ...claims }: Claims, facts: Facts): Claims {
  // A nonce belongs to the answer of the sign-in that it was made for (OpenID Connect Core, 12.2): node-auth0 refuses it elsewhere.
  const first = facts.grantType !== 'refresh_token' && nonce !== undefined;
  return { ...profileClaims(claims, facts), ...(first && { nonce }), ...organizationClaims(facts) };
}

/** The answer of the userinfo endpoint. */
export function userinfoClaims({ org_id: _org, auth_time: _time, amr: _amr, ...claims }: Claims, facts: Facts): Claims {
  return profileClaims(claims, facts);
}

function profileClaims({ org_id: _org, updated_at: updatedAt, ...claims }: Claims, { account, origin }: Facts): Claims {
  // It comes with the scope `profile`, and always.
  if (typeof updatedAt !== 'number') return claims;
  const name = text(claims.name) ?? account?.email;
  const nickname = text(claims.nickname) ?? account?.email?.split('@', 1)[0] ?? name;
  return {
    ...claims,
    ...(nickname !== undefined && { nickname }),
    ...(name !== undefined && { name }),
    picture: text(claims.picture) ?? `${origin}/avatars/${initials(name)}.svg`,
    updated_at: new Date(updatedAt * 1000).toISOString(),
  };
}

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

/** Two letters for a picture of somebody who has none. */
function initials(name = ''): string {
  const words =
    name
      .normalize('NFKD')
      .toLowerCase()
      .match(/[a-z0-9]+/g) ?? [];
  const [first = '', second = first.slice(1)] = words;
  return `${first.slice(0, 1)}${second.slice(0, 1)}` || 'x';
}

/** The organization that somebody signed in to. None when it is not theirs: SDKs refuse an ID token without it. */
function organizationClaims({ account, client, asked }: Facts): Claims {
  const { organization } = readAsked(asked);
  if (account && organization === undefined) return { org_id: account.organization.id, org_name: nameOf(account.organization) };
  if (organization === undefined) return {};
  const { id, name } = organization;
  const theirs = account ? account.organization.id === id || isGuest(account, id) : client?.organization === id;
  return theirs ? { org_id: id, ...(name !== '' && { org_name: name }) } : {};
}

const isGuest = ({ guestOf }: AccountFacts, organization: string): boolean => Object.hasOwn(guestOf, organization);

/** Roles that count in the organization that somebody signed in to. */
function permissionsOf({ account, api, asked, roles }: Facts): readonly string[] {
  const { organization } = readAsked(asked);
  if (account === undefined || organization === undefined || account.organization.id === organization.id) return roles;
  return (isGuest(account, organization.id) && api && account.guestOf[organization.id]?.[api.project]) || [];
}
