/** Which addresses an application may name: the registered ones, and on a device any port of a loopback address. */
import type { Client } from 'oidc-provider';

type Rule = 'redirectUriAllowed' | 'postLogoutRedirectUriAllowed';

/**
 * The engine's rules without its freedom of the port for `localhost`: that is a name, which may lead elsewhere, and no
 * loopback address (RFC 8252, 7.3 and 8.3).
 */
export function redirectRules({ prototype }: { readonly prototype: Client }): Pick<Client, Rule> {
  const { redirectUriAllowed, postLogoutRedirectUriAllowed } = prototype;
  return {
    redirectUriAllowed(this: Client, value: string) {
      return this.redirectUris?.includes(value) || (!named(value) && redirectUriAllowed.call(this, value));
    },
    postLogoutRedirectUriAllowed(this: Client, value: string) {
      return this.postLogoutRedirectUris?.includes(value) || (!named(value) && postLogoutRedirectUriAllowed.call(this, value));
    },
  };
}

const named = (value: string): boolean => URL.parse(value)?.hostname === 'localhost';
