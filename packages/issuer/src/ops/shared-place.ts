/** A place where people of every tenant sign in: what was begun there is finished at the issuer of the person's own tenant. */
import type { IncomingMessage } from 'node:http';
import { artifactId } from '../provider/artifact.ts';
import { readForm } from '../provider/front.ts';
import { issuerIn, textOf, unverifiedClaims } from '../provider/verified-claims.ts';
import type { Voice } from '../provider/voice.ts';
import { routeAt } from '../provider/wire.ts';
import type { Statement, Store } from '../store/database.ts';

const HOME: Statement = {
  name: 'organization behind a credential',
  text: `select u.organization_id as organization from issuer.artifact a join issuer.users u on u.id = a.account_id
    where a.id = any($1::text[]) limit 1`,
};

const pathOf = ({ url = '' }: IncomingMessage): string => url.split('?', 1)[0] ?? '';

/** Whether somebody asks for the keys of every tenant. */
export function isKeySet(request: IncomingMessage, { place }: Voice): boolean {
  return request.method === 'GET' && routeAt(place, pathOf(request)) === 'jwks';
}

export interface Redeemer {
  /** The request as it came, for somebody else to read. */
  readonly request: IncomingMessage;
  /** Id of the organization of whoever is behind the request; undefined when nobody is known. */
  readonly organization?: string | undefined;
  /** The issuer that a token says it is of. It is verified there. */
  readonly issuer?: string | undefined;
}

/** Looks whose code, refresh token, device code or access token a token request shows. It is verified where it is redeemed. */
export async function redeemer(request: IncomingMessage, { place }: Voice, store: Pick<Store, 'run'>): Promise<Redeemer> {
  const route = routeAt(place, pathOf(request));
  if (route === 'userinfo') return byBearer(request, store);
  if (request.method === 'GET' && route === 'endSession') return { request, issuer: textOf(unverifiedClaims(hintOf(request)).iss) };
  if (request.method !== 'POST' || route !== 'token') return { request };
  const { form, copy } = await readForm(request);
  const ids = kinds.flatMap(([name, kind]) => form.getAll(name).map((value) => artifactId(kind, value)));
  const [row] = ids.length > 0 ? await store.run<{ organization: string }>(HOME, [ids]) : [];
  return { request: copy, organization: row?.organization, issuer: issuerIn(form.get('assertion') ?? '') };
}

/** RFC 6750, 2.1 and 2.2: in the header, or in the form of a POST. */
async function byBearer(request: IncomingMessage, store: Pick<Store, 'run'>): Promise<Redeemer> {
  const inHeader = bearerOf(request);
  if (inHeader !== '' || request.method !== 'POST') return { request, ...(await byToken(inHeader, store)) };
  const { form, copy } = await readForm(request);
  return { request: copy, ...(await byToken(form.get('access_token') ?? '', store)) };
}

const bearerOf = ({ headers }: IncomingMessage): string => /^bearer (.+)$/i.exec(headers.authorization ?? '')?.[1] ?? '';

async function byToken(token: string, store: Pick<Store, 'run'>): Promise<Omit<Redeemer, 'request'>> {
  const issuer = issuerIn(token);
  if (issuer !== undefined) return { issuer };
  const [row] = await store.run<{ organization: string }>(HOME, [[artifactId('AccessToken', token)]]);
  return { organization: row?.organization };
}

const kinds = [
  ['code', 'AuthorizationCode'],
  ['refresh_token', 'RefreshToken'],
  ['device_code', 'DeviceCode'],
] as const;

/** Whoever signs out shows the ID token that a tenant's issuer gave. */
const hintOf = ({ url = '' }: IncomingMessage): string => new URL(url, 'http://origin').searchParams.get('id_token_hint') ?? '';
