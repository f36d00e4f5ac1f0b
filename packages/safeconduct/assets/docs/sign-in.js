/** One sign-in: authorization code with PKCE (RFC 7636) in another window, whose answer comes over a channel of this origin. */

export const channelName = 'safeconduct-docs-sign-in';

/** A sign-in that did not come to its end. `register` says whether the registration of this page is the likely cause. */
export class SignInFailed extends Error {
  name = 'SignInFailed';

  constructor(message, { register = false } = {}) {
    super(message);
    this.register = register;
  }
}

/** Opens the window and gives the token answer with the claims of the ID token. `opened(url, shown)` is told about the window. */
export async function signIn(settings, { scopes, signal, opened }) {
  const { endpoints, clientId } = settings;
  if (!isSecureContext) throw new SignInFailed('Browsers sign in on https pages and on localhost only. Open this page there.');
  const [verifier, state, nonce] = [random(), random(), random()];
  const redirectUri = new URL(settings.redirectPath, location.origin).href;
  const url = new URL(endpoints.authorizationEndpoint);
  const parameters = {
    ...settings.authorizationParameters,
    response_type: 'code',
    client_id: clientId,
    redirect_uri: redirectUri,
    scope: [...new Set(['openid', 'profile', ...scopes])].join(' '),
    state,
    nonce,
    code_challenge: await challengeOf(verifier),
    code_challenge_method: 'S256',
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  const answer = answerTo(state, signal);
  opened(url.href, window.open(url, '_blank', 'popup,width=540,height=800') !== null);
  const code = codeOf(await answer, endpoints);
  const token = await exchange(settings, { code, redirectUri, verifier });
  return { token, claims: claimsOf(token.id_token, { nonce, clientId, issuer: endpoints.issuer }) };
}

function random() {
  return base64url(crypto.getRandomValues(new Uint8Array(32)));
}

async function challengeOf(verifier) {
  return base64url(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier))));
}

function base64url(bytes) {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}

/** Waits for the answer with this state: those of other pages and other sign-ins are left alone. */
function answerTo(state, signal) {
  return new Promise((resolve, reject) => {
    const channel = new BroadcastChannel(channelName);
    channel.onmessage = ({ data }) => {
      if (data?.answer?.state !== state) return;
      channel.postMessage({ taken: state });
      channel.close();
      resolve(data.answer);
    };
    signal.addEventListener('abort', () => {
      channel.close();
      reject(new SignInFailed('The sign-in was cancelled.'));
    });
  });
}

function codeOf({ code, error, error_description: description, iss }, { issuer, answersNameIssuer }) {
  // RFC 9207: before the code goes anywhere.
  if (iss === undefined ? answersNameIssuer : iss !== issuer)
    throw new SignInFailed('The answer came from another provider than the one that was asked. Nothing was sent to it.');
  if (error === 'access_denied') throw new SignInFailed('The sign-in was refused or cancelled at the provider.');
  if (error !== undefined) throw new SignInFailed(`The provider answered: ${error}. ${description ?? ''}`.trim());
  if (!code) throw new SignInFailed('The provider sent no code.');
  return code;
}

async function exchange({ endpoints, clientId, tokenParameters }, { code, redirectUri, verifier }) {
  const body = new URLSearchParams({
    ...tokenParameters,
    grant_type: 'authorization_code',
    code,
    client_id: clientId,
    redirect_uri: redirectUri,
    code_verifier: verifier,
  });
  const init = { method: 'POST', body, credentials: 'omit', redirect: 'error', headers: { accept: 'application/json' } };
  const response = await fetch(endpoints.tokenEndpoint, init).catch(() => {
    throw new SignInFailed(
      `${new URL(endpoints.tokenEndpoint).host} did not answer this page. It may be away, or not know the origin ${location.origin} (CORS).`,
      { register: true },
    );
  });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok)
    throw new SignInFailed(`The provider gave no token: ${answer.error ?? response.status}. ${answer.error_description ?? ''}`.trim(), {
      register: ['invalid_client', 'unauthorized_client'].includes(answer.error),
    });
  if (typeof answer.access_token !== 'string' || String(answer.token_type).toLowerCase() !== 'bearer')
    throw new SignInFailed('The provider gave no bearer token.');
  return answer;
}

/**
 * Reads who signed in. The token endpoint itself sent this ID token, over TLS or this machine, so its signature need not be
 * checked (OpenID Connect Core 3.1.3.7, 6). It is for showing a name: the API verifies the access token, always.
 */
function claimsOf(idToken, { nonce, clientId, issuer }) {
  if (typeof idToken !== 'string') return {};
  const claims = JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(padded(idToken.split('.')[1] ?? '')), (c) => c.charCodeAt(0))));
  const foreign = !issuer.includes('{') && claims.iss !== issuer;
  if (foreign || claims.nonce !== nonce || ![claims.aud].flat().includes(clientId))
    throw new SignInFailed('The ID token belongs to another sign-in. The token was thrown away.');
  return claims;
}

function padded(part) {
  return part
    .replaceAll('-', '+')
    .replaceAll('_', '/')
    .padEnd(Math.ceil(part.length / 4) * 4, '=');
}
