/** Scopes name their API here (`api://app/orders.read`, `app/.default`): read into the API and its own short names. */
import type { Known } from '../dialect.ts';
import type { KnownApi, KnownApplication } from '../facts.ts';
import type { Asked } from './asked.ts';

/** What a request asks for, in the engine's words. */
export interface AskedScopes extends Pick<Asked, 'forms' | 'whole' | 'others'> {
  /** Resource indicators, each once. One that nobody knows stays as it was written: the engine refuses it. */
  readonly resources: readonly string[];
  /** Scopes of the issuer and short names of the APIs' own. */
  readonly scopes: readonly string[];
}

export const ISSUER_SCOPES: readonly string[] = ['openid', 'profile', 'email', 'offline_access', 'phone', 'address'];

/** The vendor's directory API: scopes without a resource are its own. */
const GRAPH = 'https://graph.microsoft.com';

/** Permissions of that API to sign in and read one's own profile: here that is what userinfo answers. */
const SIGN_IN: Readonly<Record<string, readonly string[]>> = {
  'user.read': ['profile', 'email'],
  openid: ['openid'],
  profile: ['profile'],
  email: ['email'],
};

export interface Wanted {
  readonly scope: string;
  /** Named by parameters of their own: `resource` of version 1 and of RFC 8707, `audience`. */
  readonly resources: readonly string[];
}

interface Part {
  readonly resource?: string;
  readonly scopes?: readonly string[];
  /** How the resource was spelled. */
  readonly form?: string;
  readonly whole?: boolean;
  readonly other?: string;
}

export async function readScopes(wanted: Wanted, application: KnownApplication | undefined, known: Known): Promise<AskedScopes> {
  const words = [...new Set(wanted.scope.split(' ').filter(Boolean))];
  const named = wanted.resources.map((form) => wholeApi(form, application, known));
  const parts = await Promise.all([...named, ...words.map((word) => readScope(word, application, known))]);
  return {
    resources: [...new Set(parts.flatMap(({ resource }) => resource ?? []))],
    scopes: [...new Set(parts.flatMap(({ scopes }) => scopes ?? []))],
    forms: Object.fromEntries(
      parts.flatMap(({ resource, form }) => (resource !== undefined && form !== undefined ? [[resource, form]] : [])),
    ),
    whole: [...new Set(parts.flatMap(({ resource, whole }) => (whole && resource !== undefined ? [resource] : [])))],
    others: parts.flatMap(({ other }) => other ?? []),
  };
}

async function readScope(word: string, application: KnownApplication | undefined, known: Known): Promise<Part> {
  if (ISSUER_SCOPES.includes(word)) return { scopes: [word] };
  if (application?.scopes.includes(word)) return { scopes: [word] };
  const [last] = cuts(word);
  if (!last) return graphScope(word, word, known);
  const { form, name } = last;
  if (name === '.default') return { ...(await wholeApi(form, application, known)), whole: true };
  for (const cut of cuts(word)) {
    const found = await findApi(cut.form, known);
    if (found?.scopes.includes(cut.name)) return { resource: found.resource, scopes: [cut.name], form: cut.form };
  }
  const api = await findApi(form, known);
  if (form === GRAPH && !api) return graphScope(name, word, known);
  // The name of an API alone, or a scope that it does not have.
  const whole = api === undefined && (await findApi(word, known));
  return whole ? wholeApi(word, application, known) : { resource: word };
}

/** More slashes than a name that is meant has. */
const MOST_CUTS = 8;

/** An API and its scope, cut at each slash, the last one first: both may have slashes of their own. */
function cuts(word: string): { readonly form: string; readonly name: string }[] {
  const parts = word.split('/');
  const ends = parts.map((_, end) => end).slice(1);
  return ends
    .reverse()
    .slice(0, MOST_CUTS)
    .map((end) => ({ form: parts.slice(0, end).join('/'), name: parts.slice(end).join('/') }));
}

/** All of an API that the application may ask for. */
async function wholeApi(form: string, application: KnownApplication | undefined, known: Known): Promise<Part> {
  const api = await findApi(form, known);
  if (!api) return { resource: form };
  return { resource: api.resource, form, scopes: api.scopes.filter((scope) => application?.scopes.includes(scope)) };
}

async function graphScope(name: string, word: string, known: Known): Promise<Part> {
  const graph = await known.api(GRAPH);
  if (graph)
    return graph.scopes.includes(name) ? { resource: graph.resource, scopes: [name], form: GRAPH } : { resource: `${GRAPH}/${name}` };
  const scopes = SIGN_IN[name.toLowerCase()];
  return scopes ? { scopes, other: word } : { resource: `${GRAPH}/${name}` };
}

/** An API by its resource indicator, its client id or `api://` and its client id; a slash at the end is none of its name. */
async function findApi(form: string, known: Known): Promise<KnownApi | undefined> {
  const names = [form, form.replace(/\/$/, ''), form.replace(/^api:\/\//, '')];
  for (const name of new Set(names.filter(Boolean))) {
    const api = await known.api(name);
    if (api) return api;
  }
  return undefined;
}
