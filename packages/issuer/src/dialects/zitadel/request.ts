/** Requests as Zitadel's clients send them, in the engine's words. */
import type { Known, TranslatedRequest, WireRequest } from '../dialect.ts';
import type { KnownApi, KnownApplication } from '../facts.ts';
import { primaryDomain } from './roles.ts';
import { audiencesIn, connectionIn, demandsOrganization, domainsIn, isReserved, organizationsIn, writeAsked } from './scopes.ts';

/** The grant by which a service user shows a signed assertion and nothing else (RFC 7523, 2.1). */
export const JWT_PROFILE = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const CLIENT_ASSERTION = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const responseModes: readonly string[] = ['query', 'fragment', 'form_post'];

export async function translateRequest(request: WireRequest, known: Known): Promise<TranslatedRequest> {
  const { route, parameters } = request;
  if (isUndated(parameters.get('client_assertion')))
    return { refused: { error: 'invalid_client', description: 'the client assertion has no iat', status: 401 } };
  if (route === 'authorization') return authorization(request, known);
  if (route === 'deviceAuthorization') return asking(request, { known, parameters: new URLSearchParams(parameters) });
  if (route === 'token') return token(request, known);
  // Without a word about the application nobody could refuse it, so then the person is asked.
  if (route === 'endSession' && (parameters.has('client_id') || parameters.has('id_token_hint'))) return { lenient: ['unasked_logout'] };
  return {};
}

/** Zitadel passes over modes that it cannot use, where the engine refuses the request. */
async function authorization(request: WireRequest, known: Known): Promise<TranslatedRequest> {
  const parameters = new URLSearchParams(request.parameters);
  const mode = parameters.get('response_mode');
  if (mode !== null && !responseModes.includes(mode)) parameters.delete('response_mode');
  translatePrompt(parameters);
  return asking(request, { known, parameters });
}

/** The engine shows one page to sign in, to choose another account and to sign up. */
function translatePrompt(parameters: URLSearchParams): void {
  const prompt = parameters.get('prompt');
  if (prompt === null) return;
  const values = words(prompt)
    .map((value) => (value === 'select_account' ? 'login' : value))
    .filter((value) => value !== 'create');
  if (values.length > 0) parameters.set('prompt', [...new Set(values)].join(' '));
  else parameters.delete('prompt');
}

interface Asking {
  readonly known: Known;
  readonly parameters: URLSearchParams;
  /** It acts for itself and for nobody who signed in. */
  readonly forItself?: boolean;
}

/** Takes the reserved scopes out of `scope`, and finds the API that they mean. */
async function asking(request: WireRequest, { known, parameters, forItself = false }: Asking): Promise<TranslatedRequest> {
  const application = await known.application(parameters.get('client_id') ?? request.clientId ?? '');
  // Whom the engine does not know it refuses in its own words.
  if (!application || parameters.getAll('scope').length > 1) return { parameters };
  const scopes = [...new Set(words(parameters.get('scope') ?? ''))];
  const reserved = scopes.filter(isReserved);
  const rest = scopes.filter((scope) => !isReserved(scope) && !(forItself && forPeople.has(scope)));
  const callable = await callableProjects(audiencesIn(reserved), { application, known });
  if (!parameters.has('resource')) {
    const resource = chosenApi(callable, application)?.resource ?? (await ownResource(application, known));
    if (resource !== undefined) parameters.set('resource', resource);
  }
  const sent = forItself ? rest : await scopesToSignIn(rest, { application, known, parameters });
  if (sent.length > 0) parameters.set('scope', sent.join(' '));
  else parameters.delete('scope');

  const organization = await organizationMeant(reserved, request, known);
  const names = new Set(callable.map(({ project }) => project));
  const kept = [
    // The engine gives these to people, and knows what of it a token has. Programs have nothing of it.
    ...scopes.filter((scope) => forItself && aboutBearer.has(scope)),
    ...reserved
      .filter((scope) => audiencesIn([scope]).every((project) => names.has(project)))
      // Whoever reads the scope takes it for true.
      .filter((scope) => !forItself || !demandsOrganization(scope) || organization === application.organization),
  ];
  const connection = connectionIn(scopes);
  const projects = Object.fromEntries(callable.map(({ project, api }) => [project, api.resource]));
  return {
    parameters,
    asked: writeAsked({ scopes: kept, projects }),
    ...(organization !== undefined && !forItself && { organization }),
    ...(connection !== undefined && { connection }),
  };
}

/** A token for an API has that API's scopes alone in the engine; Zitadel tells the API about its bearer by these too. */
const aboutBearer: ReadonlySet<string> = new Set(['openid', 'profile', 'email', 'phone', 'address']);
/** What the engine has for people only. */
const forPeople: ReadonlySet<string> = new Set([...aboutBearer, 'offline_access']);

/** A sign-in that asks for nothing that is known here says who somebody is: without a scope the engine would refuse the person. */
async function scopesToSignIn(
  scopes: readonly string[],
  { application, known, parameters }: { application: KnownApplication; known: Known; parameters: URLSearchParams },
): Promise<readonly string[]> {
  const { defaultResource, scopes: allowed } = application;
  const resources = parameters.has('resource') ? parameters.getAll('resource') : [defaultResource ?? ''];
  const apis = await Promise.all(resources.map((resource) => known.api(resource)));
  const meant = new Set([...aboutBearer, ...apis.flatMap((api) => api?.scopes ?? [])]);
  return scopes.some((scope) => meant.has(scope) && allowed.includes(scope)) ? scopes : ['openid', ...scopes];
}

/**
 * Id of the organization that all of these scopes name, '' where there is none, undefined where they name none. Nobody chooses an id
 * or a primary domain for themselves; a name that people read its administrator can change, so it counts for nothing here.
 */
async function organizationMeant(scopes: readonly string[], { place }: WireRequest, known: Known): Promise<string | undefined> {
  const [ids, domains] = [organizationsIn(scopes), domainsIn(scopes)];
  if (ids.length + domains.length === 0) return undefined;
  const [meant, ...more] = (await known.organizations()).filter((one) => {
    const domain = primaryDomain(one, place.issuer).toLowerCase();
    return ids.every((id) => id === one.id) && domains.every((name) => name === domain);
  });
  return more.length === 0 ? (meant?.id ?? '') : '';
}

interface CallableProject {
  readonly project: string;
  readonly api: KnownApi;
}

/** The projects that have an API which the application may call. A token is for no other, whatever was asked. */
async function callableProjects(
  projects: readonly string[],
  { application, known }: { application: KnownApplication; known: Known },
): Promise<CallableProject[]> {
  const found = await Promise.all(
    [...new Set(projects)].slice(0, 10).map(async (project) => ({ project, api: preferred(await known.apis(project), application) })),
  );
  return found.filter((one): one is CallableProject => one.api !== undefined);
}

/** Of a project's APIs the application's default, else the first that it may call. */
function preferred(apis: readonly KnownApi[], { resources, defaultResource }: KnownApplication): KnownApi | undefined {
  const callable = apis.filter(({ resource }) => resources.includes(resource));
  return callable.find(({ resource }) => resource === defaultResource) ?? callable[0];
}

/** A token is for one API: the application's default where its project was named, else that of the project named first. */
function chosenApi(callable: readonly CallableProject[], { defaultResource }: KnownApplication): KnownApi | undefined {
  const apis = callable.map(({ api }) => api);
  return apis.find(({ resource }) => resource === defaultResource) ?? apis[0];
}

/** Zitadel's tokens are good in the application's own project without being asked to. */
async function ownResource(application: KnownApplication, known: Known): Promise<string | undefined> {
  const { defaultResource, project } = application;
  if (defaultResource !== undefined || project === undefined) return undefined;
  return preferred(await known.apis(project), application)?.resource;
}

async function token(request: WireRequest, known: Known): Promise<TranslatedRequest> {
  const parameters = new URLSearchParams(request.parameters);
  const grantType = parameters.get('grant_type');
  if (grantType === JWT_PROFILE) {
    const assertion = parameters.get('assertion') ?? '';
    if (assertion === '') return { refused: { error: 'invalid_request', description: 'assertion is missing' } };
    if (isUndated(assertion)) return { refused: { error: 'invalid_grant', description: 'the assertion has no iat' } };
    showAssertion(parameters, assertion);
  }
  if (grantType === JWT_PROFILE || grantType === 'client_credentials') return asking(request, { known, parameters, forItself: true });
  const application = await known.application(request.clientId ?? '');
  return { parameters: application ? withoutReserved(parameters, application) : parameters };
}

/** The engine knows the JWT profile as an application that proves itself by its key and asks for itself. */
function showAssertion(parameters: URLSearchParams, assertion: string): void {
  for (const name of ['assertion', 'client_id', 'client_secret', 'client_assertion']) parameters.delete(name);
  const subject = claimsOf(assertion)?.sub;
  if (typeof subject === 'string') parameters.set('client_id', subject);
  parameters.set('grant_type', 'client_credentials');
  parameters.set('client_assertion_type', CLIENT_ASSERTION);
  parameters.set('client_assertion', assertion);
}

/** An assertion that does not say when it was made. Zitadel takes none, however soon it ends. */
function isUndated(assertion: string | null): boolean {
  const claims = assertion === null ? undefined : claimsOf(assertion);
  return claims !== undefined && typeof claims.iat !== 'number';
}

/** A refresh may name fewer scopes. What was asked for by reserved ones stays as it was granted. */
function withoutReserved(parameters: URLSearchParams, { scopes }: KnownApplication): URLSearchParams {
  const [scope, ...more] = parameters.getAll('scope');
  if (scope === undefined || more.length > 0) return parameters;
  const values = words(scope);
  const rest = values.filter((value) => !isReserved(value) && scopes.includes(value));
  // No scope at all would mean everything that was granted.
  if (values.length > 0) parameters.set('scope', rest.join(' ') || 'openid');
  else parameters.delete('scope');
  return parameters;
}

/** What a JWT says, unverified: only to look up what the engine verifies afterwards. */
function claimsOf(jwt: string): Readonly<Record<string, unknown>> | undefined {
  const [, payload, ...rest] = jwt.split('.');
  if (payload === undefined || rest.length !== 1) return undefined;
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString());
    return typeof claims === 'object' && claims !== null ? (claims as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}

const words = (text: string): string[] => text.split(' ').filter(Boolean);
