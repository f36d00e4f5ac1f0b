/** Requests in Auth0's words, in those of the RFCs. */
import type { Known, TranslatedRequest, WireRequest } from '../dialect.ts';
import { type Meant, organizationMeant, writeAsked } from './asked.ts';

const OPENID = ['openid', 'offline_access', 'profile', 'email', 'phone', 'address'];
/** RFC 8693. */
export const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
export const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
/** Stands where an audience is no address: no API is called so, and the engine refuses it as one that it does not know. */
const NO_AUDIENCE = 'urn:safeconduct:no-audience';

export async function request(given: WireRequest, known: Known): Promise<TranslatedRequest> {
  switch (given.route) {
    case 'authorization':
    case 'pushedAuthorization':
    case 'deviceAuthorization':
      return authorization(given, known);
    case 'token':
      return token(given, known);
    case 'revocation':
      return given.parameters.get('token') ? {} : { refused: { error: 'invalid_request', description: 'token is missing' } };
    case 'endSession':
      return given.path === '/v2/logout' ? logout(given, known) : {};
    default:
      return {};
  }
}

async function authorization({ route, parameters, place }: WireRequest, known: Known): Promise<TranslatedRequest> {
  // Everything else was pushed (RFC 9126).
  if (route === 'authorization' && parameters.has('request_uri')) return {};
  const { spelled, organization } = await takeOrganization(parameters, known);
  const connection = take(parameters, 'connection');
  const asked = writeAsked({ organization, scopes: scopesOf(parameters).filter((scope) => !OPENID.includes(scope)) });
  if (!parameters.get('scope')) parameters.set('scope', 'openid profile email');
  await nameApi(parameters, { userinfo: `${place.issuer}userinfo`, known });
  completePrompt(parameters);
  return {
    parameters,
    ...(asked !== '' && { asked }),
    ...(spelled !== undefined && { organization: organization?.id ?? '' }),
    ...(connection !== undefined && { connection }),
  };
}

/** What a request says, and which organization it is. */
async function takeOrganization(
  parameters: URLSearchParams,
  known: Known,
): Promise<{ readonly spelled: string | undefined; readonly organization: Meant | undefined }> {
  const spelled = take(parameters, 'organization');
  return { spelled, organization: spelled === undefined ? undefined : organizationMeant(await known.organizations(), spelled) };
}

/** Ways to sign in that Auth0 has and the engine has not are a sign-in. */
function completePrompt(parameters: URLSearchParams): void {
  const wanted = (take(parameters, 'prompt') ?? '').split(' ').map((one) => (one === 'select_account' || one === 'create' ? 'login' : one));
  const prompts = new Set(wanted.filter((one) => one === 'none' || one === 'login' || one === 'consent'));
  if (prompts.size > 0) parameters.set('prompt', [...prompts].join(' '));
}

async function token({ parameters, place, clientId }: WireRequest, known: Known): Promise<TranslatedRequest> {
  const naming = { userinfo: `${place.issuer}userinfo`, known };
  switch (parameters.get('grant_type')) {
    case 'authorization_code':
      // A code knows what it is for.
      parameters.delete('audience');
      return { parameters };
    case 'refresh_token': {
      const withoutApi = parameters.get('audience') === naming.userinfo;
      await nameApi(parameters, naming);
      return { parameters, ...(withoutApi && { withoutApi }) };
    }
    case 'client_credentials':
      await nameApi(parameters, naming);
      return forProgram(parameters, { known, clientId });
    case TOKEN_EXCHANGE:
      // With a connection it is the vault's own.
      return parameters.get('connection') ? {} : onBehalfOf(parameters, naming);
    default:
      return {};
  }
}

/** An API that was called with a person's token gets one for the next API, as that person. */
async function onBehalfOf(parameters: URLSearchParams, naming: Naming): Promise<TranslatedRequest> {
  const [token, type, wanted] = ['subject_token', 'subject_token_type', 'requested_token_type'].map((name) => take(parameters, name));
  if (type !== ACCESS_TOKEN || (wanted !== undefined && wanted !== ACCESS_TOKEN))
    return { refused: { error: 'invalid_request', description: `subject_token_type and requested_token_type must be ${ACCESS_TOKEN}` } };
  parameters.set('grant_type', 'urn:ietf:params:oauth:grant-type:jwt-bearer');
  parameters.set('requested_token_use', 'on_behalf_of');
  parameters.set('assertion', token ?? '');
  await nameApi(parameters, naming);
  return { parameters };
}

interface Program {
  readonly known: Known;
  readonly clientId: string | undefined;
}

/** A program names an API and, if it will, an organization: its own. Without scopes it gets all that it may have. */
async function forProgram(parameters: URLSearchParams, { known, clientId }: Program): Promise<TranslatedRequest> {
  const application = clientId === undefined ? undefined : await known.application(clientId);
  if (!application) return { parameters };
  const { spelled, organization } = await takeOrganization(parameters, known);
  if (spelled !== undefined && organization?.id !== application.organization)
    return denied(`Client is not authorized to act for the organization "${spelled}".`);
  const resource = parameters.get('resource') ?? application.defaultResource;
  if (resource === undefined) return denied('No audience parameter was provided, and no default audience has been configured.');
  const api = await known.api(resource);
  if (api && scopesOf(parameters).length === 0) {
    const scope = api.scopes.filter((one) => application.scopes.includes(one)).join(' ');
    if (scope !== '') parameters.set('scope', scope);
  }
  const asked = writeAsked({ organization, scopes: scopesOf(parameters) });
  return { parameters, ...(asked !== '' && { asked }) };
}

const denied = (description: string): TranslatedRequest => ({ refused: { error: 'access_denied', description, status: 403 } });

interface Naming {
  /** Address of the userinfo endpoint. */
  readonly userinfo: string;
  readonly known: Known;
}

/** `audience` is an API's identifier, here also its client_id. That of the userinfo endpoint means a token for no API. */
async function nameApi(parameters: URLSearchParams, { userinfo, known }: Naming): Promise<void> {
  const audience = take(parameters, 'audience');
  if (audience === undefined || audience === userinfo) return;
  const api = await known.api(audience);
  parameters.set('resource', api?.resource ?? (URL.canParse(audience) ? audience : NO_AUDIENCE));
}

/** https://auth0.com/docs/api/authentication/logout/auth-0-logout: nobody is asked, and every page can send a browser here. */
async function logout({ parameters }: WireRequest, known: Known): Promise<TranslatedRequest> {
  const returnTo = take(parameters, 'returnTo');
  const client = take(parameters, 'client_id') ?? (returnTo === undefined ? undefined : await known.leavingTo(returnTo));
  const said = new URLSearchParams();
  const state = take(parameters, 'state');
  if (client !== undefined) {
    const target = returnTo ?? (await known.application(client))?.postLogoutRedirectUris[0];
    said.set('client_id', client);
    if (target !== undefined) said.set('post_logout_redirect_uri', target);
  }
  if (state !== undefined) said.set('state', state);
  return { parameters: said, lenient: ['unasked_logout'] };
}

/** Takes a parameter out. One without a value counts as absent (RFC 6749, 3.1). */
function take(parameters: URLSearchParams, name: string): string | undefined {
  const value = parameters.get(name);
  parameters.delete(name);
  return value === null || value === '' ? undefined : value;
}

const scopesOf = (parameters: URLSearchParams): string[] => (parameters.get('scope') ?? '').split(' ').filter(Boolean);
