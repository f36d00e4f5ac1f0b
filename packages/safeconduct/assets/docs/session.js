/** Who is signed in on this page, in memory only: a reload forgets it. */
import { SignInFailed, signIn } from './sign-in.js';

/**
 * States: `{ is: 'out', failure? }`, `{ is: 'waiting', url, shown }`, `{ is: 'in', name, scopes, endsAt }`.
 * `given(token)` hands an access token to whatever makes the calls, `taken()` takes it away again.
 */
export function createSession(settings, { given, taken }) {
  const listeners = new Set();
  let state = { is: 'out' };
  let controller;
  let end;

  const become = (next) => {
    state = next;
    for (const listener of listeners) listener(state);
  };
  const leave = (failure) => {
    clearTimeout(end);
    if (state.is === 'in') taken();
    become({ is: 'out', failure });
  };

  return {
    get state() {
      return state;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    cancel: () => controller?.abort(),
    signOut: () => leave(),
    async signIn(scopes = Object.keys(settings.scopes)) {
      controller?.abort();
      controller = new AbortController();
      const { signal } = controller;
      // Whoever was signed in before is not, while somebody else may be: calls run as the page says, or as nobody.
      leave();
      try {
        const opened = (url, shown) => become({ is: 'waiting', url, shown });
        const { token, claims } = await signIn(settings, { scopes, signal, opened });
        given(token);
        const lives = Number(token.expires_in);
        if (lives > 0) end = setTimeout(() => leave(expired()), Math.min(lives * 1000, 2 ** 31 - 1));
        become({
          is: 'in',
          name: nameOf(claims),
          scopes: typeof token.scope === 'string' ? token.scope.split(' ') : scopes,
          endsAt: lives > 0 ? Date.now() + lives * 1000 : undefined,
        });
      } catch (error) {
        if (signal.aborted && controller.signal !== signal) return;
        leave(
          signal.aborted ? undefined : error instanceof SignInFailed ? error : new SignInFailed(`The sign-in broke off: ${error.message}`),
        );
      }
    },
  };
}

function expired() {
  return new SignInFailed('The token has ended. Sign in again to go on.');
}

function nameOf({ name, preferred_username: username, email, sub }) {
  return [name, username, email, sub].find((value) => typeof value === 'string' && value !== '');
}
