/** What the parts of the scripted vault share. */
import type { JWK } from 'jose';

export type Json = Readonly<Record<string, unknown>>;

/** One request as it came. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly authorization: string | null;
  readonly form: URLSearchParams;
  readonly json: Json;
}

/** An account that the person has connected. */
export interface VaultAccount {
  readonly id: string;
  readonly connection: string;
  /** The person's id at the third party. */
  readonly account: string;
  readonly scopes: readonly string[];
  token: string;
  expiresIn?: number;
}

export interface ScriptedVault {
  readonly issuer: string;
  readonly fetch: (url: string, init?: RequestInit) => Promise<Response>;
  readonly seen: Seen[];
  readonly accounts: VaultAccount[];
  readonly connections: Set<string>;
  /** Gives another answer than the honest one. */
  script: { answer?: (seen: Seen) => Response | Promise<Response> | undefined };
  /** Milliseconds since 1970. */
  clock: () => number;
  /** What a browser brings back from an address of this provider. */
  visit(url: URL, changes?: Readonly<Record<string, string | undefined>>): URL;
  /** An access token for an API, as a caller of it would have. */
  accessToken(claims: Json): Promise<string>;
  /** Ends everything that was given out, as a sign-out does. */
  endSessions(): void;
  countOf(path: string): number;
}

/** Which words it speaks. */
export type VaultDialect = 'auth0' | 'safeconduct';

/** What a scripted vault remembers. */
export interface State {
  readonly vault: ScriptedVault;
  readonly dialect: VaultDialect;
  readonly client: string;
  readonly key: { readonly privateKey: CryptoKey; readonly jwk: JWK };
  readonly codes: Map<string, Json>;
  readonly tickets: Map<string, Json>;
  readonly refreshTokens: Set<string>;
  readonly accessTokens: Set<string>;
}

/** The issuer without its slash. */
export const base = ({ issuer }: Pick<ScriptedVault, 'issuer'>): string => issuer.replace(/\/$/, '');
