/** What is known where something is made for the wire, in the words that dialects have. */
import type { Client, KoaContextWithOIDC } from 'oidc-provider';
import type { AccountFacts, Facts, SignInFacts } from '../dialects/facts.ts';
import type { Api } from '../orgs/applications.ts';
import type { Row } from '../store/database.ts';
import { uuidOf } from '../store/ids.ts';
import type { AccountRow } from './account-row.ts';
import type { KnownAccount } from './accounts.ts';
import { knownApi, traitsOf } from './applications.ts';
import type { LiveToken } from './live-token.ts';
import { tenantOf } from './tenants.ts';
import { rewrites, type Voice } from './voice.ts';
import { askedBehind, wireOf } from './wire.ts';

/** Claims that name the bearer the same way at every origin. */
export const SHARED_SUBJECT = 'urn:safeconduct:subject';
const SHARED_ORGANIZATION = 'urn:safeconduct:organization';

/** Those two, for whoever bears a token: an application that acts for itself is its own subject. */
export function sharedClaims({ account, client }: Pick<Facts, 'account' | 'client'>): Readonly<Record<string, string>> {
  const subject = account?.id ?? client?.id;
  const organization = account?.organization.id ?? client?.organization;
  return subject === undefined || organization === undefined ? {} : { [SHARED_SUBJECT]: subject, [SHARED_ORGANIZATION]: organization };
}

export function accountFacts(row: AccountRow): AccountFacts {
  return {
    id: row.id,
    uuid: uuidOf(row.id),
    kind: row.kind,
    organization: tenantOf(row.organization, row.organization_name, row.organization_domain),
    email: row.email ?? undefined,
    emailVerified: row.email_verified,
    name: row.name ?? undefined,
    givenName: row.given_name ?? undefined,
    familyName: row.family_name ?? undefined,
    locale: row.locale ?? undefined,
    updatedAt: row.updated_at,
    roles: row.roles,
    guestOf: row.guest_of,
    claims: row.claims,
    metadata: row.metadata,
    subjects: row.subjects,
    cameWith: row.came_with ?? undefined,
  };
}

/** What a dialect calls an account: what was set for this very person, else by its own rule. */
export function subjectOf({ dialect }: Pick<Voice, 'dialect'>, row: AccountRow, client: string): string {
  return rewrites(dialect) ? subjectFor({ dialect }, accountFacts(row), client) : row.id;
}

function subjectFor({ dialect }: Pick<Voice, 'dialect'>, account: AccountFacts, client: string): string {
  return account.subjects[dialect.name] ?? dialect.shapes.subject?.(account, client) ?? account.id;
}

/** Claims with `sub` as the dialect has it for whoever they are about. */
export function withSubject(claims: Row, voice: Voice, { account, client }: Pick<Facts, 'account' | 'client'>): Row {
  if (!account || !rewrites(voice.dialect)) return claims;
  return { ...claims, sub: subjectFor(voice, account, client?.id ?? '') };
}

export interface Circumstances {
  readonly account?: AccountRow | undefined;
  readonly api?: Api | undefined;
  readonly roles?: readonly string[];
  readonly scopes?: readonly string[];
  readonly session?: string | undefined;
  readonly grant?: string | undefined;
  readonly signIn?: SignInFacts | undefined;
}

/** The facts of a request to the engine. */
export function factsOf(ctx: KoaContextWithOIDC, voice: Voice, given: Circumstances = {}): Facts {
  const { client, account, params } = ctx.oidc ?? {};
  const row = given.account ?? (account as KnownAccount | undefined)?.row;
  const grantType = params?.grant_type;
  return {
    ...ofVoice(voice, client),
    account: row && accountFacts(row),
    api: given.api && knownApi(given.api),
    roles: given.roles ?? [],
    scopes: given.scopes ?? [],
    asked: askedBehind(ctx),
    session: given.session,
    grant: given.grant,
    signIn: given.signIn,
    wanted: wireOf(ctx.req)?.parameters.get('scope')?.split(' ').filter(Boolean),
    grantType: typeof grantType === 'string' ? grantType : undefined,
  };
}

/** The facts of a token that a caller asks about. */
export function factsOfToken(voice: Voice, caller: Client, token: LiveToken, given: Pick<Facts, 'api' | 'roles' | 'scopes'>): Facts {
  const asked = token.grant?.asked ?? token.extra.asked;
  return {
    ...ofVoice(voice, caller),
    account: token.bearer && accountFacts(token.bearer),
    ...given,
    asked: typeof asked === 'string' ? asked : '',
    session: typeof token.extra.sid === 'string' ? token.extra.sid : undefined,
    grant: token.grantId,
    signIn: undefined,
    grantType: token.kind === 'personal' ? 'personal' : undefined,
  };
}

function ofVoice({ origin, place, tenant }: Voice, client: Client | undefined) {
  const traits = client && traitsOf(client);
  return { origin, place, tenant, client: traits?.known, projectClients: traits?.projectClients ?? [] };
}
