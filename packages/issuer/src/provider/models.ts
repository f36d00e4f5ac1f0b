/**
 * The engine's models that we refine. An own property shadows the getter on the engine's prototype; subclasses keep the class
 * names, because names choose adapter and lifetime. `models.test.ts` and the token tests fail when the engine stops working so.
 */
import { Provider } from 'oidc-provider';
import { newToken } from '../secrets/token-format.ts';
import type { Row } from '../store/database.ts';
import { ownScopes } from './access-token.ts';
import { isForProxy } from './exchange-names.ts';
import { liveToken, type TokenSource } from './find-token.ts';
import { type IdTokenClass, type IdTokenOptions, idToken } from './id-token.ts';
import type { LiveToken } from './live-token.ts';
import { reachedAt, reachedResources, reachedScopes, type ScopedToken } from './more-resources.ts';
import type { Voice } from './voice.ts';

/** The parts of the engine's models that the subclasses touch; its published types leave some out. */
interface TokenModel {
  format?: string;
  generateTokenId(): string;
  save(): Promise<string>;
}
interface ModelClass<Model> {
  new (input?: object): Model;
  readonly IN_PAYLOAD: readonly string[];
  find(value: string, options?: object): Promise<Model | undefined>;
}
type TokenClass = ModelClass<TokenModel>;

interface RefreshTokenModel extends TokenModel, ScopedToken {}

interface GrantModel extends TokenModel {
  getResourceScopeFiltered(resource: string, wanted: Set<string> | string[]): string;
}

/** Gives tokens our prefixes, ID tokens their at_hash, and userinfo a reader for tokens that are bound to an API. */
export function refineModels(provider: Provider, source: TokenSource & IdTokenOptions): void {
  // What the client receives for an access token, for the at_hash beside it.
  const values = new WeakMap<object, string>();
  const models = provider as unknown as Record<'AccessToken' | 'ClientCredentials', TokenClass> & {
    RefreshToken: ModelClass<RefreshTokenModel>;
    Grant: ModelClass<GrantModel>;
    IdToken: IdTokenClass;
  };
  const shadows = {
    RefreshToken: refreshToken(models.RefreshToken, source.voice),
    AccessToken: accessToken(models.AccessToken, { source, values }),
    ClientCredentials: clientCredentials(models.ClientCredentials),
    Grant: sessionGrant(models.Grant, source.voice),
    IdToken: idToken(models.IdToken, { ...source, values }),
  };
  for (const [name, value] of Object.entries(shadows)) Object.defineProperty(provider, name, { value });
}

const refreshToken = (Base: ModelClass<RefreshTokenModel>, voice: Voice) =>
  class RefreshToken extends Base {
    override get scopes(): Set<string> {
      return reachedScopes({ scopes: super.scopes, resourceIndicators: super.resourceIndicators }, voice);
    }

    override get resourceIndicators(): Set<string> {
      return reachedResources(super.resourceIndicators, voice);
    }

    override generateTokenId(): string {
      return newToken('rt');
    }
  };

const clientCredentials = (Base: TokenClass) =>
  class ClientCredentials extends Base {
    override generateTokenId(): string {
      return prefixed(this, super.generateTokenId());
    }
  };

/** A grant that remembers which session it ends with, and what the dialect noted of the request. */
const sessionGrant = (Base: ModelClass<GrantModel>, voice: Voice) =>
  class Grant extends Base {
    override getResourceScopeFiltered(resource: string, wanted: Set<string> | string[]): string {
      return super.getResourceScopeFiltered(resource, wanted) || reachedAt(resource, wanted, voice);
    }

    static override get IN_PAYLOAD(): readonly string[] {
      return [...Base.IN_PAYLOAD, 'sessionUid', 'asked'];
    }
  };

const accessToken = (Base: TokenClass, { source, values }: { source: TokenSource; values: WeakMap<object, string> }) =>
  class AccessToken extends Base {
    override generateTokenId(): string {
      return prefixed(this, super.generateTokenId());
    }

    override async save(): Promise<string> {
      const value = await super.save();
      values.set(this, value);
      return value;
    }

    /** At userinfo a token for any API will do, if its grant covers openid. */
    static override async find(value: string, options?: object): Promise<TokenModel | undefined> {
      if (Provider.ctx?.oidc.route !== 'userinfo') return Base.find(value, options);
      const token = await liveToken(source, value);
      if (!token?.grant || token.kind === 'refresh' || token.audience.some((one) => isForProxy(source.keys.home, one))) return undefined;
      return new AccessToken(forUserinfo(token, token.grant));
    }
  };

function prefixed(token: TokenModel, id: string): string {
  // The engine has just chosen the format; a JWT keeps its jti.
  return token.format === 'jwt' ? id : newToken('at');
}

function forUserinfo(token: LiveToken, grant: Row): object {
  return {
    kind: 'AccessToken',
    jti: token.id,
    accountId: token.subject,
    clientId: token.client,
    grantId: token.grantId,
    scope: ownScopes(token.extra, grant).join(' '),
    exp: Math.floor(token.expiresAt),
    iat: token.issuedAt,
  };
}
