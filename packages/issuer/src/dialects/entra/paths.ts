/** Where an issuer of this dialect is: everything is below a tenant, and the newer endpoints are beside the older ones. */
import type { Tenancy } from '../dialect.ts';
import type { Place, RouteName, Routes, Tenant } from '../facts.ts';

/** Places where people of every tenant sign in. */
const SHARED: readonly string[] = ['common', 'organizations'];

/** What stands for the tenant in the issuer of a shared place. */
const ANY_TENANT = '{tenantid}';

/** Userinfo without a tenant in its path: the token names it. */
const USERINFO = '/oidc/userinfo';

const NATIVE_CLIENT = 'oauth2/nativeclient';
const INSTANCE = 'discovery/instance';
const CONFIGURATION = '.well-known/openid-configuration';

const BELOW_TENANT =
  /^\/(?<tenant>[^/.][^/]*)\/(?:(?:v2\.0\/)?\.well-known\/openid-configuration|oauth2\/(?:v2\.0\/)?(?:authorize|token|devicecode|logout)|oauth2\/(?:deviceauth|nativeclient)|discovery\/(?:(?:v2\.0\/)?keys|instance)|openid\/userinfo|oidc\/userinfo)(?:\/|$)/;

const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;

export const tenancy: Tenancy = {
  nameIn(path) {
    if (path === USERINFO) return 'common';
    const name = decoded(BELOW_TENANT.exec(path)?.groups?.tenant);
    const lower = name?.toLowerCase();
    return lower !== undefined && (SHARED.includes(lower) || UUID.test(lower)) ? lower : name;
  },
  withTenant: (path, { uuid }) => (path === USERINFO ? `/${uuid}${USERINFO}` : path.replace(/^\/[^/]*/, `/${uuid}`)),
  shared: SHARED,
};

function decoded(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

export function place(origin: string, tenant?: Tenant, shared = 'common'): Place {
  const base = `/${tenant?.uuid ?? shared}`;
  const routes: Routes = {
    authorization: `${base}/oauth2/v2.0/authorize`,
    token: `${base}/oauth2/v2.0/token`,
    userinfo: `${base}${USERINFO}`,
    jwks: `${base}/discovery/v2.0/keys`,
    deviceAuthorization: `${base}/oauth2/v2.0/devicecode`,
    deviceVerification: `${base}/oauth2/deviceauth`,
    endSession: `${base}/oauth2/v2.0/logout`,
    discovery: [`${base}/v2.0/${CONFIGURATION}`],
  };
  const issuer = `${origin}/${tenant?.uuid ?? ANY_TENANT}/v2.0`;
  return { issuer, otherIssuers: [olderIssuer({ issuer })], routes, aliases: olderPaths(base, tenant === undefined) };
}

function olderPaths(base: string, shared: boolean): Readonly<Record<string, RouteName>> {
  return {
    [`${base}/oauth2/authorize`]: 'authorization',
    [`${base}/oauth2/token`]: 'token',
    [`${base}/oauth2/devicecode`]: 'deviceAuthorization',
    [`${base}/oauth2/logout`]: 'endSession',
    [`${base}/discovery/keys`]: 'jwks',
    [`${base}/openid/userinfo`]: 'userinfo',
    ...(shared && { [USERINFO]: 'userinfo' as const }),
  };
}

/** `/{tenant}` of a place. */
export const baseOf = ({ routes }: Place): string => routes.authorization.slice(0, routes.authorization.indexOf('/', 1));

export const originOf = ({ issuer }: Place): string => new URL(issuer).origin;

/** Whether people of every tenant sign in there. */
export const isShared = ({ issuer }: Place): boolean => issuer.includes(ANY_TENANT);

/** `iss` of version 1. The vendor has a host of its own for it; an origin has but one. */
export const olderIssuer = ({ issuer }: Pick<Place, 'issuer'>): string => issuer.replace(/v2\.0$/, '');

/** Which of the fixed documents a path is. */
export function documentAt(path: string, place: Place): 'configuration' | 'instance' | 'native-client' | undefined {
  const base = baseOf(place);
  if (path === `${base}/${CONFIGURATION}`) return 'configuration';
  if (path === `${base}/${INSTANCE}`) return 'instance';
  return path === `${base}/${NATIVE_CLIENT}` ? 'native-client' : undefined;
}
