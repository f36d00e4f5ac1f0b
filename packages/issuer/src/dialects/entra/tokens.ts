/** Tokens of both versions. Which one an access token is, its API has chosen, not the endpoint. */
import { createHash } from 'node:crypto';
import type { Facts, Place } from '../facts.ts';
import { askedIn } from './asked.ts';
import { olderIssuer } from './paths.ts';
import { guestClaims, isGuest, objectId, programId, rolesIn, subject, tenantOf, userName } from './people.ts';

type Claims = Readonly<Record<string, unknown>>;

const isOlder = ({ api }: Facts): boolean => api?.tokenVersion === 1;

/** Version 1 names its key twice. */
export const header = (kid: string, facts: Facts): Claims => (isOlder(facts) ? { x5t: kid } : {});

export function accessToken(claims: Claims, facts: Facts): Claims {
  const { iat, exp, jti } = claims;
  const times = { iat, nbf: iat, exp };
  const bearer = facts.account?.kind === 'person' ? personClaims(facts) : programClaims(facts, claims);
  const tenant = { tid: tenantOf(facts)?.uuid, uti: jti };
  return isOlder(facts)
    ? {
        aud: spelled(facts) ?? claims.aud,
        iss: olderIssuer(facts.place),
        ...times,
        ...olderClient(facts),
        ...bearer,
        ...tenant,
        ver: '1.0',
      }
    : { aud: facts.api?.id ?? claims.aud, iss: facts.place.issuer, ...times, ...newerClient(facts), ...bearer, ...tenant, ver: '2.0' };
}

/** The API as the request spelled it. */
const spelled = ({ api, asked }: Facts): string | undefined => (api && askedIn(asked).forms[api.resource]) ?? api?.id;

const newerClient = (facts: Facts): Claims => ({ azp: facts.client?.id, azpacr: proofOf(facts) });
const olderClient = (facts: Facts): Claims => ({ appid: facts.client?.id, appidacr: proofOf(facts) });

/** How the application proved itself: not, by a secret, by a certificate. */
function proofOf({ client, asked, grantType }: Facts): '0' | '1' | '2' {
  // At the authorization endpoint nobody proves anything.
  if (!client?.confidential || grantType === undefined) return '0';
  return askedIn(asked).certificate ? '2' : '1';
}

function personClaims(facts: Facts): Claims {
  const { account, api, client, scopes } = facts;
  if (account === undefined) return {};
  const granted = api ? scopes.filter((scope) => api.scopes.includes(scope)) : scopes;
  return {
    ...names(facts, isOlder(facts)),
    oid: objectId(account),
    sub: subject(account, api?.id ?? client?.id ?? ''),
    scp: granted.join(' '),
    ...rolesClaim(api ? rolesIn(api.project, facts) : []),
    ...guestClaims(facts),
  };
}

function names(facts: Facts, older: boolean): Claims {
  const { account, signIn } = facts;
  if (account === undefined) return {};
  if (!older) return { name: account.name, preferred_username: userName(account) };
  return {
    acr: '1',
    amr: signIn?.amr ?? ['pwd'],
    family_name: account.familyName,
    given_name: account.givenName,
    name: account.name,
    unique_name: userName(account),
    ...(!isGuest(facts) && { upn: userName(account) }),
  };
}

/** A program acts for itself: it has roles and no scopes. */
function programClaims(facts: Facts, claims: Claims): Claims {
  const { account, client, roles } = facts;
  const id = account ? objectId(account) : programId(client?.id ?? String(claims.sub));
  const idp = isOlder(facts) && { idp: olderIssuer(facts.place) };
  return { ...idp, idtyp: 'app', oid: id, sub: id, ...rolesClaim(roles) };
}

const rolesClaim = (roles: readonly string[]): Claims => (roles.length > 0 ? { roles } : {});

/** Claims of the engine's ID token that stay. */
const KEPT = ['aud', 'iss', 'iat', 'exp', 'nonce', 'c_hash', 'auth_time', 'acr', 'amr', 'sid', 'sub'] as const;

/** Which version it is, the endpoints have chosen. */
export function idToken(claims: Claims, facts: Facts): Claims {
  const { account, client, grantType, grant } = facts;
  const kept = Object.fromEntries(KEPT.filter((name) => claims[name] !== undefined).map((name) => [name, claims[name]]));
  // Beside a token from the token endpoint there is no hash of it.
  const hash = claims.at_hash !== undefined && (grantType === undefined || 'c_hash' in claims) && { at_hash: claims.at_hash };
  const { older } = askedIn(facts.asked);
  return {
    ...(account && idTokenPerson(facts)),
    ...kept,
    ...(older && { iss: olderIssuer(facts.place) }),
    ...hash,
    nbf: claims.iat,
    tid: tenantOf(facts)?.uuid,
    ...rolesClaim(rolesIn(client?.project, facts)),
    uti: createHash('sha256').update(`${grant} ${claims.iat}`).digest('base64url').slice(0, 22),
    ver: older ? '1.0' : '2.0',
  };
}

function idTokenPerson(facts: Facts): Claims {
  const { account, scopes, asked } = facts;
  if (account === undefined) return {};
  const profile = { ...names(facts, askedIn(asked).older), oid: objectId(account) };
  return {
    ...(scopes.includes('profile') && profile),
    ...(scopes.includes('email') && account.email !== undefined && { email: account.email }),
    ...guestClaims(facts),
  };
}

/** A published key: whoever verifies pins the algorithm, and learns whose the key is. */
export function publishedKey({ kty, use, kid, n, e, x5c }: Claims, { issuer }: Place): Claims {
  return { kty, use, kid, x5t: kid, n, e, x5c, issuer };
}
