/** What the tests use of clients that ship no types. */
declare module 'passport' {
  import type { RequestHandler } from 'express';
  export class Passport {
    use(strategy: object): this;
    authenticate(name: string, options: { readonly session: boolean }): RequestHandler;
  }
}

declare module 'passport-openidconnect' {
  export class Strategy {
    constructor(
      options: Readonly<Record<string, unknown>>,
      verify: (issuer: string, profile: object, done: (error: unknown, user: object) => void) => void,
    );
  }
}

declare module 'express-session' {
  import type { RequestHandler } from 'express';

  const session: {
    (options: Readonly<Record<string, unknown>>): RequestHandler;
    readonly MemoryStore: new () => object;
  };
  export default session;
}

declare module 'simple-oauth2' {
  interface AccessToken {
    readonly token: Readonly<Record<string, unknown>>;
    refresh(): Promise<AccessToken>;
  }
  export class AuthorizationCode {
    constructor(configuration: object);
    authorizeURL(parameters: Readonly<Record<string, string>>): string;
    getToken(parameters: Readonly<Record<string, string>>): Promise<AccessToken>;
  }
  export class ClientCredentials {
    constructor(configuration: object);
    getToken(parameters: Readonly<Record<string, string>>): Promise<AccessToken>;
  }
}

declare module 'keycloak-connect' {
  import type { RequestHandler } from 'express';
  export default class Keycloak {
    constructor(options: object, configuration: object);
    middleware(): RequestHandler[];
    protect(role?: string): RequestHandler;
    checkSso(): RequestHandler;
  }
}
