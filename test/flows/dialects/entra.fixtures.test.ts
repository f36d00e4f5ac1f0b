/** For tests of Entra's dialect: a tenant with what MSAL's programs need, and the verifying that APIs there do. */
import { createHash, randomBytes } from 'node:crypto';
import type { ApplicationDeclaration, IssuerConfiguration } from '@safeconduct/issuer';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { ADA, API, API_ID, CALLBACK, SECRET, SHOP_ORG, startWorld, Visitor, type World } from './world.fixtures.test.ts';

/** The next API: the first one calls it as its caller. */
export const STOCK = 'api://stock';
/** An API that wants tokens of version 1. */
export const OLDER = 'api://older';
/** An API with a slash at the end of its name and another within its scope's. */
export const SLASHED = 'https://slash.example/';
export const SCOPE = `${API}/user_impersonation`;

/** As MSAL is told of it: nothing but where it is, and that it may be trusted. */
export interface EntraWorld extends World {
  readonly origin: string;
  readonly tenant: string;
  readonly authority: string;
  readonly knownAuthorities: string[];
}

export interface EntraOptions {
  /** The public key, as a JSON Web Key, by whose certificate the program `daemon` proves itself. */
  readonly daemonKey?: Readonly<Record<string, unknown>>;
  /** Where the single-page application is. */
  readonly spa?: Pick<ApplicationDeclaration, 'redirectUris' | 'postLogoutRedirectUris'>;
  /** Dialects of the origin, as in `startWorld`. Default `entra`. */
  readonly origin?: string;
}

/** Starts it. */
export async function startEntra({ origin: dialects = 'entra', ...options }: EntraOptions = {}): Promise<EntraWorld> {
  const world = await startWorld({ dialects: [dialects], declare: (declared) => completed(declared, options) });
  const origin = world.at('entra');
  return Object.freeze({
    ...world,
    origin,
    tenant: SHOP_ORG,
    authority: `${origin}/${SHOP_ORG}`,
    knownAuthorities: [new URL(origin).host],
  });
}

function completed(declared: IssuerConfiguration, { daemonKey, spa }: EntraOptions): IssuerConfiguration {
  const [project] = declared.projects ?? [];
  if (!project) throw new TypeError('there is no project to add to');
  const [orders, ...rest] = project.apis ?? [];
  if (!orders) throw new TypeError('there is no API to add to');
  const dialects = ['entra'];
  const further = { resources: [API, STOCK, OLDER, SLASHED] };
  const apis = [
    { ...orders, resources: [STOCK] },
    ...rest,
    { id: 'stock-api', name: 'Stock', resource: STOCK, scopes: { 'stock.read': 'See what is there' }, dialects },
    { id: 'older-api', name: 'Older', resource: OLDER, scopes: { use: 'Use it' }, tokenVersion: 1 as const, dialects },
    { id: 'slash-api', name: 'Slash', resource: SLASHED, scopes: { 'deep/scope': 'See what is below' }, dialects },
  ];
  const daemon = {
    id: 'daemon',
    name: 'Daemon',
    kind: 'service' as const,
    authMethod: 'private_key_jwt' as const,
    jwks: { keys: daemonKey ? [daemonKey] : [] },
    resources: [API],
    roles: { shop: ['read:messages'] },
    dialects,
  };
  const applications = (project.applications ?? []).map((one) =>
    ['shop-web', 'shop-spa', 'shop-terminal'].includes(one.id)
      ? { ...one, ...(one.kind === 'spa' && spa), ...further, scopes: [...(one.scopes ?? []), 'stock.read', 'use', 'deep/scope'] }
      : one,
  );
  return { ...declared, projects: [{ ...project, apis, applications: [...applications, ...(daemonKey ? [daemon] : [])] }] };
}

/** Follows an authorization request through the sign-in, as a browser does, and brings the answer to the application. */
export async function signInBy(url: string, person = ADA): Promise<void> {
  const { url: target, body } = await new Visitor(person).visit(url);
  const answer = body === '' ? await fetch(target) : await fetch(target, { method: 'POST', body: new URLSearchParams(body) });
  await answer.text();
}

/** Where a browser ends that signs in. */
export async function answerTo(url: string, person = ADA): Promise<URLSearchParams> {
  const { url: target, body, response } = await new Visitor(person).visit(url);
  const { search, hash } = target;
  if (body === '' && search === '' && hash === '') throw new Error(`nothing came back (${response.status})`);
  return new URLSearchParams(body || search || hash.slice(1));
}

export const claimsOf = (token = ''): Readonly<Record<string, unknown>> => decodeJwt(token);
export const headerOf = (token = ''): Readonly<Record<string, unknown>> => decodeProtectedHeader(token);

interface PublishedKey {
  readonly kid: string;
  readonly x5t: string;
  readonly x5c: readonly string[];
  readonly issuer: string;
}

/** The keys as they are published. */
export async function keysAt(url: string): Promise<PublishedKey[]> {
  return ((await (await fetch(url)).json()) as { keys: PublishedKey[] }).keys;
}

/** What comes back from a token endpoint. */
export interface Json {
  readonly [name: string]: unknown;
  readonly access_token: string;
  readonly id_token: string;
  readonly refresh_token: string;
  readonly error_description: string;
}

/** Sends a form, and reads the answer. */
export async function post(url: string, form: Record<string, string>, headers: Record<string, string> = {}) {
  const response = await fetch(url, { method: 'POST', body: new URLSearchParams(form), headers });
  return { status: response.status, headers: response.headers, json: (await response.json()) as Json };
}

/** How a program without any library asks. */
export interface Asking {
  readonly client?: string;
  readonly scope?: string;
  readonly person?: typeof ADA;
  readonly version?: '/v2.0' | '';
  readonly more?: Record<string, string>;
}

export type Program = ReturnType<typeof programOf>;

/** A program without any library: signs in and has a code to redeem. */
export function programOf(world: EntraWorld) {
  const at = (path: string, tenant = world.tenant) => `${world.origin}/${tenant}${path}`;
  async function tokens({ client = 'shop-web', scope = `openid profile offline_access ${SCOPE}`, person = ADA, ...rest }: Asking = {}) {
    const { version = '/v2.0', more = {} } = rest;
    const verifier = randomBytes(32).toString('base64url');
    const query = new URLSearchParams({
      client_id: client,
      response_type: 'code',
      redirect_uri: CALLBACK,
      state: 's',
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
      scope,
      ...more,
    });
    const code = (await answerTo(`${at(`/oauth2${version}/authorize`)}?${query}`, person)).get('code') ?? '';
    const proof = client === 'shop-web' ? { client_secret: SECRET } : {};
    const form = { grant_type: 'authorization_code', client_id: client, code, redirect_uri: CALLBACK, code_verifier: verifier, ...proof };
    return {
      redeem: (headers = {}, further: Record<string, string> = {}) => post(at(`/oauth2${version}/token`), { ...form, ...further }, headers),
    };
  }
  return { at, tokens };
}

export { ADA, API, API_ID, SECRET };
