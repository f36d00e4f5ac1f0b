/** Requests on their way in: scopes become resources, what only this vendor's servers read is dropped. */
import type { Known, TranslatedRequest, WireRequest } from '../dialect.ts';
import type { KnownApplication } from '../facts.ts';
import { noted } from './asked.ts';
import { isShared } from './paths.ts';
import { type AskedScopes, ISSUER_SCOPES, readScopes, type Wanted } from './scopes.ts';

const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

export async function request(wire: WireRequest, known: Known): Promise<TranslatedRequest> {
  if (wire.route === 'authorization') return authorization(wire, known);
  if (wire.route === 'token') return token(wire, known);
  if (wire.route === 'deviceAuthorization') return device(wire, known);
  return wire.route === 'endSession' ? signOut(wire, known) : {};
}

/** MSAL says where to go afterwards, and neither who asks nor whose session it is. */
async function signOut({ parameters, clientId }: WireRequest, known: Known): Promise<TranslatedRequest> {
  if (parameters.has('id_token_hint')) return {};
  const translated = new URLSearchParams(parameters);
  const target = parameters.get('post_logout_redirect_uri');
  const leaving = clientId === undefined && target !== null ? await known.leavingTo(target) : undefined;
  if (leaving !== undefined) translated.set('client_id', leaving);
  return { parameters: translated, lenient: ['unasked_logout'] };
}

/** Sent by this vendor's clients for its servers alone, or with members that the engine would refuse. */
const UNREAD = ['claims', 'domain_hint', 'sid'] as const;

async function authorization(wire: WireRequest, known: Known): Promise<TranslatedRequest> {
  const { parameters, place } = wire;
  const asked = await readScopes(wanted(parameters), await applicationOf(wire, known), known);
  const translated = withScopes(parameters, orSignIn(asked));
  for (const name of UNREAD) translated.delete(name);
  translatePrompt(translated);
  const types = parameters.get('response_type')?.split(' ') ?? [];
  // Which tenant it is shows only when the person has signed in, and an ID token is a tenant's.
  if (isShared(place) && types.some((type) => type !== 'code')) translated.set('response_type', 'code_alone_here');
  const lenient = types.includes('token') ? (['token_in_address'] as const) : [];
  const note = noted({ ...asked, clientInfo: parameters.get('client_info') === '1', older: isOlder(wire) });
  return { parameters: translated, asked: note ?? '', lenient };
}

const PROMPTS: Readonly<Record<string, string>> = { select_account: 'login', create: 'login', admin_consent: 'consent' };

/** To choose an account is to say again who one is. */
function translatePrompt(parameters: URLSearchParams): void {
  const prompt = parameters.get('prompt');
  if (prompt === null) return;
  const words = prompt.split(' ').map((word) => PROMPTS[word] ?? word);
  parameters.set('prompt', [...new Set(words)].join(' '));
}

async function device(wire: WireRequest, known: Known): Promise<TranslatedRequest> {
  const { parameters } = wire;
  const asked = await readScopes(wanted(parameters), await applicationOf(wire, known), known);
  return { parameters: withScopes(parameters, orSignIn(asked)), asked: noted({ ...asked, older: isOlder(wire) }) ?? '' };
}

const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';

async function token(wire: WireRequest, known: Known): Promise<TranslatedRequest> {
  const { parameters, header } = wire;
  const application = await applicationOf(wire, known);
  const asked = await readScopes(wanted(parameters), application, known);
  const translated = withScopes(parameters, asked);
  const written = (parameters.get('scope') ?? '').split(' ');
  const grant = grantOf(translated);
  if (grant === 'authorization_code' || grant === DEVICE_GRANT) keepFirstApi(translated);
  // What a code covers was said when it was asked for; of what `/.default` is, a refresh token knows more than its words.
  if (!(grant === 'refresh_token' || grant === JWT_BEARER) || asked.whole.length > 0) translated.delete('scope');
  const withoutApi = grant === 'refresh_token' && asked.resources.length === 0 && narrowToSignIn(translated, { application, written });
  // Forms in pages send it, empty, for applications that have none.
  for (const name of ['client_secret', 'client_assertion']) if (translated.get(name) === '') translated.delete(name);
  const refused = refusedOrigin(grant, { parameters: translated, application, origin: header('origin') });
  const own = { ...asked, certificate: translated.has('client_assertion') };
  // A request with nothing of its own means what the sign-in noted.
  const note = noted(own) && noted({ ...own, older: isOlder(wire) });
  return { parameters: translated, ...(note && { asked: note }), ...(withoutApi && { withoutApi }), ...(refused && { refused }) };
}

interface Narrowing {
  readonly application: KnownApplication | undefined;
  /** Scopes as they came. */
  readonly written: readonly string[];
}

/** Whether a refresh is for the sign-in alone. `openid` makes it one for the engine, and is what userinfo answers to. */
function narrowToSignIn(parameters: URLSearchParams, { application, written }: Narrowing): boolean {
  const named = (parameters.get('scope') ?? '').split(' ').filter(Boolean);
  if (!named.every((scope) => ISSUER_SCOPES.includes(scope))) return false;
  // An API that is meant whatever is named, or nothing but to stay signed in: all that the sign-in gave.
  const all = application?.defaultResource !== undefined || named.every((scope) => scope === 'offline_access');
  if (all) parameters.delete('scope');
  else {
    // MSAL's sign-ins cover the profile and no address: what User.Read means beyond that would be refused.
    const kept = named.filter((scope) => scope !== 'email' || written.includes(scope));
    parameters.set('scope', [...new Set(['openid', ...kept])].join(' '));
  }
  return !all;
}

/** One token is for one API, whatever was asked for: a refresh token reaches the others. */
function keepFirstApi(parameters: URLSearchParams): void {
  const first = parameters.get('resource');
  if (first !== null) parameters.set('resource', first);
}

/** The grant type; that of version 1 for devices is written as the RFC has it. */
function grantOf(parameters: URLSearchParams): string {
  const grant = parameters.get('grant_type') ?? '';
  if (grant !== 'device_code') return grant;
  parameters.set('grant_type', DEVICE_GRANT);
  const code = parameters.get('device_code') ?? parameters.get('code');
  if (code !== null) parameters.set('device_code', code);
  return DEVICE_GRANT;
}

type Refusal = TranslatedRequest['refused'];

interface Redemption {
  readonly parameters: URLSearchParams;
  readonly application: KnownApplication | undefined;
  readonly origin: string | undefined;
}

/** Single-page applications redeem from a page, all others from anywhere but a page. */
function refusedOrigin(grant: string, { parameters, application, origin }: Redemption): Refusal {
  if (application === undefined || (grant !== 'authorization_code' && grant !== 'refresh_token')) return undefined;
  const byPage = origin !== undefined;
  if (byPage && application.kind !== 'spa')
    return refusal("AADSTS9002326: Cross-origin token redemption is permitted only for the 'spa' kind of application.");
  if (!byPage && application.kind === 'spa')
    return refusal("AADSTS9002327: Tokens issued for the 'spa' kind of application may only be redeemed via cross-origin requests.");
  if (byPage && (parameters.has('client_secret') || parameters.has('client_assertion')))
    return refusal('AADSTS700025: A page keeps no secret: neither client_secret nor client_assertion should be presented.');
  return undefined;
}

const refusal = (description: string): Refusal => ({ error: 'invalid_request', description });

/** Whose request it says it is: its proof is looked at by the engine. */
const applicationOf = async ({ clientId }: WireRequest, known: Known): Promise<KnownApplication | undefined> =>
  clientId === undefined ? undefined : known.application(clientId);

const wanted = (parameters: URLSearchParams): Wanted => ({
  scope: parameters.get('scope') ?? '',
  resources: [...parameters.getAll('resource'), ...parameters.getAll('audience')].filter(Boolean),
});

/** Who asks for nothing at all means the sign-in. */
function orSignIn(asked: AskedScopes): AskedScopes {
  return asked.scopes.length > 0 || asked.resources.length > 0 ? asked : { ...asked, scopes: ['openid', 'profile'] };
}

/** Endpoints of version 1 are beside those that the configuration of version 2 names. */
const isOlder = ({ route, path, place }: WireRequest): boolean => path !== place.routes[route];

function withScopes(parameters: URLSearchParams, { resources, scopes }: AskedScopes): URLSearchParams {
  const translated = new URLSearchParams(parameters);
  for (const name of ['resource', 'audience', 'scope']) translated.delete(name);
  for (const resource of resources) translated.append('resource', resource);
  if (scopes.length > 0) translated.set('scope', scopes.join(' '));
  return translated;
}
