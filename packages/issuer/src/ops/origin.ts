/** One origin: which issuer, page or document a path is for. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Mount, OriginSetting } from '../configuration/origins.ts';
import type { Tenant } from '../dialects/facts.ts';
import { dialectOf } from '../dialects/table.ts';
import { createTenants } from '../provider/tenants.ts';
import { createVoice, type Voice } from '../provider/voice.ts';
import { publishedKeys } from '../secrets/published-keys.ts';
import { signingKeys } from '../secrets/signing-keys.ts';
import type { Assembled, SharedParts } from './assemble.ts';
import { answerDocument, answerJson, answerWith } from './document.ts';
import type { Handler } from './front.ts';
import type { Beside } from './origins.ts';
import { type Mounted, voiceOfPage } from './pages-of-tenants.ts';
import { createRouteOf } from './routes.ts';
import { isKeySet, redeemer } from './shared-place.ts';

export interface Origin {
  readonly setting: OriginSetting;
  readonly handler: Handler;
  /** The issuer of this name; undefined when it is none of this origin's. */
  readonly voiceOf: (issuer: string) => Promise<Voice | undefined>;
  /** Every issuer of it that is there now. */
  readonly voices: () => Promise<readonly Voice[]>;
  /** The name of a path for the log. */
  readonly routeOf: (path: string) => string;
}

export interface OriginParts extends SharedParts {
  readonly engineFor: (voice: Voice) => Promise<Assembled>;
  readonly beside: Beside;
}

/** Whom a path is for. */
interface Meant {
  readonly mount: Mounted;
  readonly voice: Voice;
  /** With the tenant's name as its issuer has it. */
  readonly path: string;
}

export function createOrigin(setting: OriginSetting, parts: OriginParts): Origin {
  const mounts = [setting, ...setting.mounts].map((mount) => mounted(mount, setting.url, parts));
  const tenanted = mounts.filter(({ dialect }) => dialect.tenancy);
  const root = mounts.find(({ dialect }) => !dialect.tenancy)?.voice();
  const own = root ? parts.beside(root, async () => (await parts.engineFor(root)).provider) : [];
  const handler: Handler = async (request, response) => {
    const path = pathOf(request);
    const part = own.find(({ owns }) => owns(path));
    if (part) return part.handler(request, response);
    const meant = await meantBy(path, tenanted);
    if (meant && 'nobody' in meant) return meant.nobody(request, response);
    if (meant) return atTenant(request, response, { meant, parts });
    if (root && (await answerDocument(request, response, { voice: root, store: parts.store }))) return;
    const voice = (await voiceOfPage(request, tenanted, parts)) ?? root;
    if (voice === undefined) return nothingHere(response, path, parts.settings.issuer);
    const { handler: all, pages } = await parts.engineFor(voice);
    return (voice === root ? all : pages)(request, response);
  };
  const voices = async (): Promise<readonly Voice[]> => {
    const ofTenants = await Promise.all(tenanted.map(async ({ tenants, voice }) => (await tenants.all()).map((tenant) => voice(tenant))));
    return [...(root ? [root] : []), ...ofTenants.flat()];
  };
  const named = async (issuer: string) =>
    root?.place.issuer === issuer ? root : (await voices()).find(({ place }) => place.issuer === issuer);
  return { setting, handler, routeOf: namer(root, tenanted), voices, voiceOf: named };
}

const NOBODY = { error: 'invalid_tenant', error_description: 'no organization of this name has an issuer here' };

/** Whoever types the address of an origin without pages of its own is led to the account page. */
function nothingHere(response: ServerResponse, path: string, home: string): void {
  if (path === '/') response.writeHead(303, { location: home, 'cache-control': 'no-store', 'content-length': '0' }).end();
  else answerJson(response, 404, { error: 'not_found', error_description: 'there is nothing here' });
}

const pathOf = ({ url = '' }: IncomingMessage): string => url.split('?', 1)[0] ?? '';

function mounted({ dialect: name, tenants: only }: Mount, origin: string, parts: SharedParts): Mounted {
  const dialect = dialectOf(name);
  if (!dialect) throw new TypeError(`there is no dialect ${name}`);
  const tenants = createTenants(parts.store, only);
  const home = parts.settings.issuer;
  const voice: Mounted['voice'] = (tenant, shared) => createVoice({ dialect, origin, tenant, shared, tenants: only, home });
  return { dialect, tenants, voice, keys: together(() => keysOfTenants({ dialect, tenants, voice }, parts)) };
}

interface Nobody {
  readonly nobody: (request: IncomingMessage, response: ServerResponse) => void;
}

async function meantBy(path: string, mounts: readonly Mounted[]): Promise<Meant | Nobody | undefined> {
  for (const mount of mounts) {
    const { tenancy } = mount.dialect;
    const name = tenancy?.nameIn(path);
    if (tenancy === undefined || name === undefined) continue;
    if (tenancy.shared.includes(name)) return { mount, path: inSmallLetters(path, name), voice: mount.voice(undefined, name) };
    const tenant = await mount.tenants.find(name);
    if (tenant) return { mount, path: tenancy.withTenant(path, tenant), voice: mount.voice(tenant) };
    const document = tenancy.nobody?.(name);
    return { nobody: (request, response) => (document ? answerWith(request, response, document) : answerJson(response, 404, NOBODY)) };
  }
  return undefined;
}

const inSmallLetters = (path: string, name: string): string =>
  path.toLowerCase().startsWith(`/${name}/`) ? `/${name}${path.slice(name.length + 1)}` : path;

interface AtTenant {
  readonly meant: Meant;
  readonly parts: OriginParts;
}

async function atTenant(request: IncomingMessage, response: ServerResponse, { meant, parts }: AtTenant): Promise<void> {
  const { voice, mount } = meant;
  retarget(request, meant.path);
  if (await answerDocument(request, response, { voice, store: parts.store })) return;
  if (voice.shared === undefined) return (await parts.engineFor(voice)).handler(request, response);
  if (isKeySet(request, voice)) return answerJson(response, 200, { keys: await mount.keys() });
  const { request: read, organization, issuer } = await redeemer(request, voice, parts.store);
  const tenant = (await mount.tenants.all()).find((one) => one.id === organization || mount.voice(one).place.issuer === issuer);
  if (!tenant) return (await parts.engineFor(voice)).handler(read, response);
  retarget(read, voice.dialect.tenancy?.withTenant(pathOf(read), tenant) ?? pathOf(read));
  return (await parts.engineFor(mount.voice(tenant))).handler(read, response);
}

function retarget(request: IncomingMessage, path: string): void {
  const [was = ''] = (request.url ?? '').split('?', 1);
  if (was !== path) request.url = path + (request.url ?? '').slice(was.length);
}

/** At a place of all tenants a token may be any tenant's, also of one that nobody has signed in to yet. */
async function keysOfTenants({ tenants, voice, dialect }: Omit<Mounted, 'keys'>, { store, seal }: SharedParts): Promise<object[]> {
  const voices = (await tenants.all()).map((tenant) => voice(tenant));
  const issuers = voices.map(({ place }) => place.issuer);
  const { signingAlgorithm: algorithm } = dialect.shapes;
  const known = await publishedKeys(store, issuers);
  const missing = issuers.filter((issuer) => !known.has(issuer));
  for (const issuer of missing) await signingKeys(store, seal, { issuer, algorithm });
  const keys = missing.length > 0 ? await publishedKeys(store, issuers) : known;
  return voices.flatMap(({ place }) => (keys.get(place.issuer) ?? []).map((jwk) => dialect.shapes.key?.(jwk, place) ?? jwk));
}

/** Who asks while somebody is being answered gets the same answer: to make keys is dear, and anybody may ask for them. */
function together<T>(work: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined;
  return () => {
    running ??= work().finally(() => {
      running = undefined;
    });
    return running;
  };
}

/** The tenants are not in the log's names: `/realms/:tenant/…`. */
function namer(root: Voice | undefined, mounts: readonly Mounted[]): Origin['routeOf'] {
  const model: Tenant = { id: ':tenant', uuid: ':tenant', name: '', domain: undefined };
  const names = [root, ...mounts.map(({ voice }) => voice(model))].flatMap((voice) => (voice ? [createRouteOf(voice.place)] : []));
  return (path) => {
    const tenancy = mounts.find(({ dialect }) => dialect.tenancy?.nameIn(path) !== undefined)?.dialect.tenancy;
    const plain = tenancy ? tenancy.withTenant(path, model) : path;
    return (names.map((name) => name(plain)).find((name) => name !== 'unknown') ?? 'unknown').replaceAll('%3A', ':');
  };
}
