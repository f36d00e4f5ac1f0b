/** Signing in, staying signed in and signing out, with oidc-client-ts: authorization code, PKCE, rotating refresh tokens. */
import { ErrorResponse, InMemoryWebStorage, type User, UserManager, WebStorageStateStore } from 'oidc-client-ts';
import { signInSettings } from './settings.ts';

/** Remembers that this tab was signed in, so that a reload asks the provider again. It is no credential. */
const wasSignedIn = 'noticeboard.was-signed-in';

/** OpenID Connect Core section 3.1.2.6. */
const silentNo = ['login_required', 'interaction_required', 'account_selection_required', 'consent_required'];

export function createManager(): UserManager {
  const here = `${location.origin}/`;
  const manager = new UserManager({
    ...signInSettings,
    redirect_uri: here,
    post_logout_redirect_uri: here,
    // Tokens stay in memory: a script that gets into the page later finds none in any storage.
    userStore: new WebStorageStateStore({ store: new InMemoryWebStorage() }),
    // The verifier and the state have to survive the way to the provider and back.
    stateStore: new WebStorageStateStore({ store: sessionStorage }),
    automaticSilentRenew: true,
  });
  manager.events.addUserLoaded(() => sessionStorage.setItem(wasSignedIn, 'yes'));
  manager.events.addUserUnloaded(() => sessionStorage.removeItem(wasSignedIn));
  return manager;
}

/** Goes to the provider. The ID token has to repeat the nonce, so that it belongs to this sign-in and to no other. */
export function signIn(manager: UserManager, asked: { readonly prompt?: 'none' } = {}): Promise<void> {
  return manager.signinRedirect({ ...asked, nonce: crypto.randomUUID() });
}

/** Who is signed in now that the page is loaded: comes back from the provider, goes there again after a reload, or does nothing. */
export async function arrive(manager: UserManager): Promise<User | undefined> {
  const asked = new URLSearchParams(location.search);
  if (!asked.has('state')) return restore(manager);
  // The code is used once; an address that still shows it would only be in the way.
  const address = location.href;
  history.replaceState({}, '', '/');
  if (!asked.has('code') && !asked.has('error')) {
    await manager.signoutCallback(address);
    return undefined;
  }
  return finish(manager, address);
}

async function finish(manager: UserManager, address: string): Promise<User | undefined> {
  try {
    return await manager.signinCallback(address);
  } catch (error) {
    sessionStorage.removeItem(wasSignedIn);
    // The silent question of `restore` was answered with no. Nobody pressed anything, so nobody is told.
    if (error instanceof ErrorResponse && silentNo.includes(error.error ?? '')) return undefined;
    throw error;
  }
}

/** A reload has lost the tokens. The provider still knows the person: it sends them straight back, without a page. */
async function restore(manager: UserManager): Promise<undefined> {
  if (sessionStorage.getItem(wasSignedIn) === null) return undefined;
  await signIn(manager, { prompt: 'none' });
  // The browser is leaving this page.
  return new Promise(() => {});
}
