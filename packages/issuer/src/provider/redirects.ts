/** Which addresses an application may name: the registered ones, and on a device any port of a loopback address. */
import { type Client, Provider } from 'oidc-provider';
import { isLenient, noteLeniency } from './lenient.ts';
import type { Voice } from './voice.ts';

type Rule = 'redirectUriAllowed' | 'postLogoutRedirectUriAllowed';

/**
 * The engine's rules without its freedom of the port for `localhost`: that is a name, which may lead elsewhere, and no
 * loopback address (RFC 8252, 7.3 and 8.3).
 */
export function redirectRules({ prototype }: { readonly prototype: Client }, voice: Voice): Pick<Client, Rule> {
  const { redirectUriAllowed, postLogoutRedirectUriAllowed } = prototype;
  const fixed = (client: Client, value: string) => named(value) && !isLenient('localhost_redirect', client, voice);
  const noted = (allowed: boolean, value: string) => {
    if (allowed && named(value) && Provider.ctx) noteLeniency('localhost_redirect', Provider.ctx);
    return allowed;
  };
  return {
    redirectUriAllowed(this: Client, value: string) {
      return this.redirectUris?.includes(value) || (!fixed(this, value) && noted(redirectUriAllowed.call(this, value), value));
    },
    postLogoutRedirectUriAllowed(this: Client, value: string) {
      return (
        this.postLogoutRedirectUris?.includes(value) ||
        (!fixed(this, value) && noted(postLogoutRedirectUriAllowed.call(this, value), value))
      );
    },
  };
}

/** The engine's schema of applications, as far as it is refined. */
interface Schema {
  invalidate(message: string, code?: string): void;
}

/**
 * Lets an application that also gets ID tokens through the browser keep an address on this machine: what may be registered is
 * our own rule, and no access token goes that way. The engine would want https for all of them (client_schema.js).
 */
export function allowLoopback({ Schema }: { readonly Schema?: { readonly prototype: Schema } }): void {
  if (!Schema) throw new TypeError('the engine has no schema of applications any more: see redirects.ts');
  const { invalidate } = Schema.prototype;
  Schema.prototype.invalidate = function (this: Schema, message: string, code?: string) {
    if (code !== 'implicit-force-https' && code !== 'implicit-forbid-localhost') invalidate.call(this, message, code);
  };
}

const named = (value: string): boolean => URL.parse(value)?.hostname === 'localhost';

/** Only pages that the application is served from may read its answers. Opaque origins are nobody's. */
export const isOwnOrigin = (origin: string, redirectUris: readonly string[] = []): boolean =>
  origin !== 'null' && redirectUris.some((uri) => URL.parse(uri)?.origin === origin);
