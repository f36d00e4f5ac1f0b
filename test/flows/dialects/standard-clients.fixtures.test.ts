/** Programs on clients that know no vendor, each as its documentation writes it. Each gives the e-mail address of who signed in. */
import { createHash, randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { Auth, type AuthConfig } from '@auth/core';
import type { OIDCConfig } from '@auth/core/providers';
import express, { type RequestHandler } from 'express';
import session from 'express-session';
import { InMemoryWebStorage, OidcClient, WebStorageStateStore } from 'oidc-client-ts';
import passport from 'passport';
import { Strategy } from 'passport-openidconnect';
import { AuthorizationCode, ClientCredentials } from 'simple-oauth2';
import type { Visitor } from './world.fixtures.test.ts';

/** An issuer, and who a program is there. */
export interface Target {
  /** As its discovery document writes it. */
  readonly issuer: string;
  readonly clientId: string;
  readonly secret: string;
  /** Where a program listens. */
  readonly port: number;
}

interface Metadata {
  readonly authorization_endpoint: string;
  readonly token_endpoint: string;
  readonly userinfo_endpoint: string;
}

async function metadataOf(issuer: string): Promise<Metadata> {
  const response = await fetch(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
  return (await response.json()) as Metadata;
}

/** An Express program while `use` runs. */
export async function whileServed<T>(
  port: number,
  handlers: readonly [path: string, ...RequestHandler[]][],
  use: () => Promise<T>,
): Promise<T> {
  const app = express();
  app.use(session({ secret: randomBytes(32).toString('hex'), resave: false, saveUninitialized: false }));
  // Another program listens here in a moment: nobody is to keep a connection to this one.
  app.use((_request, response, next) => {
    response.set('connection', 'close');
    next();
  });
  for (const [path, ...rest] of handlers) path === '/' ? app.use(...rest) : app.all(path, ...rest);
  const server: Server = createServer(app);
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  try {
    return await use();
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

/** What a program shows to somebody who opened one of its pages and had to sign in for it. */
export async function signInAt(page: string, visitor: Visitor): Promise<string> {
  const begun = await visitor.send(page);
  const { url } = await visitor.visit(begun.headers.get('location') ?? '');
  const back = await visitor.send(url.href);
  const location = back.headers.get('location');
  return location === null ? back.text() : (await visitor.send(new URL(location, page).href)).text();
}

/** passport-openidconnect: no PKCE, a nonce, the secret in the body. */
export async function passportOpenIdConnect({ issuer, clientId, secret, port }: Target, visitor: Visitor): Promise<string> {
  const { authorization_endpoint, token_endpoint, userinfo_endpoint } = await metadataOf(issuer);
  const authenticator = new passport.Passport();
  const strategy = new Strategy(
    {
      issuer,
      authorizationURL: authorization_endpoint,
      tokenURL: token_endpoint,
      userInfoURL: userinfo_endpoint,
      clientID: clientId,
      clientSecret: secret,
      callbackURL: '/callback',
      scope: ['profile', 'email'],
      nonce: 'yes',
    },
    (_issuer, profile, done) => done(null, profile),
  );
  authenticator.use(strategy);
  const signIn: RequestHandler = authenticator.authenticate('openidconnect', { session: false });
  const me: RequestHandler = (request, response) => {
    response.json(Reflect.get(request, 'user'));
  };
  return whileServed(
    port,
    [
      ['/login', signIn],
      ['/callback', signIn, me],
    ],
    async () => {
      const profile = JSON.parse(await signInAt(`http://localhost:${port}/login`, visitor)) as { emails?: { value: string }[] };
      return profile.emails?.[0]?.value ?? 'nobody';
    },
  );
}

/** Auth.js, without a framework around it. */
export async function authJs({ issuer, clientId, secret, port }: Target, visitor: Visitor): Promise<string> {
  const base = `http://localhost:${port}/auth`;
  const provider: OIDCConfig<{ sub: string }> = { id: 'ours', name: 'Ours', type: 'oidc', issuer, clientId, clientSecret: secret };
  const config: AuthConfig = {
    providers: [provider],
    secret: randomBytes(32).toString('hex'),
    trustHost: true,
    basePath: '/auth',
    logger: quiet,
  };
  let cookies: string[] = [];
  const ask = async (path: string, form?: Record<string, string>): Promise<Response> => {
    const headers = { cookie: cookies.join('; ') };
    const body = form && new URLSearchParams(form);
    const response = await Auth(
      new Request(path.startsWith('http') ? path : base + path, { headers, ...(body && { method: 'POST', body }) }),
      config,
    );
    const set = response.headers.getSetCookie().map((line) => line.split(';')[0] ?? '');
    const nameOf = (pair: string) => pair.split('=')[0];
    cookies = [...cookies.filter((old) => !set.some((one) => nameOf(one) === nameOf(old))), ...set];
    return response;
  };
  const { csrfToken } = (await (await ask('/csrf')).json()) as { csrfToken: string };
  const begun = await ask('/signin/ours', { csrfToken });
  const { url } = await visitor.visit(begun.headers.get('location') ?? '');
  await ask(url.href);
  const current = (await (await ask('/session')).json()) as { user?: { email?: string } } | null;
  return current?.user?.email ?? `nobody: ${url.search}`;
}

const quiet = { error: () => {}, warn: () => {}, debug: () => {} };

/** oidc-client-ts below its browser parts: PKCE, userinfo, and a refresh. */
export async function oidcClientTs({ issuer, clientId, secret, port }: Target, visitor: Visitor): Promise<string> {
  const client = new OidcClient({
    authority: issuer,
    client_id: clientId,
    client_secret: secret,
    redirect_uri: `http://localhost:${port}/callback`,
    scope: 'openid profile email offline_access',
    loadUserInfo: true,
    stateStore: new WebStorageStateStore({ store: new InMemoryWebStorage() }),
  });
  const { url } = await client.createSigninRequest({});
  const back = await visitor.visit(url);
  const { profile, refresh_token } = await client.processSigninResponse(back.url.href);
  if (refresh_token === undefined) return 'no refresh token';
  const refreshed = await client.useRefreshToken({
    state: Object.assign(Object.create(null), { refresh_token, profile, scope: 'openid' }),
  });
  return refreshed.access_token ? String(profile.email) : 'no token after the refresh';
}

/** simple-oauth2: OAuth alone, with the extra parameters of PKCE. */
export async function simpleOAuth2(target: Target, visitor: Visitor): Promise<string> {
  const { issuer, port } = target;
  const { authorization_endpoint, userinfo_endpoint } = await metadataOf(issuer);
  const { client: known, auth } = await simpleConfiguration(target);
  const client = new AuthorizationCode({ client: known, auth: { ...auth, authorizePath: new URL(authorization_endpoint).pathname } });
  const [redirect_uri, verifier] = [`http://localhost:${port}/callback`, randomBytes(32).toString('base64url')];
  const challenge = { code_challenge: createHash('sha256').update(verifier).digest('base64url'), code_challenge_method: 'S256' };
  const begun = client.authorizeURL({ redirect_uri, scope: 'openid email offline_access', state: 'a state', ...challenge });
  const { url } = await visitor.visit(begun);
  const first = await client.getToken({ code: url.searchParams.get('code') ?? '', redirect_uri, code_verifier: verifier });
  const { token } = await first.refresh();
  const response = await fetch(userinfo_endpoint, { headers: { authorization: `Bearer ${token.access_token}` } });
  return ((await response.json()) as { email: string }).email;
}

/** simple-oauth2 again, for a program that acts for itself: the token it gets. */
export async function simpleClientCredentials(target: Target, asked: Readonly<Record<string, string>>): Promise<string> {
  const { token } = await new ClientCredentials(await simpleConfiguration(target)).getToken(asked);
  return String(token.access_token);
}

async function simpleConfiguration({ issuer, clientId, secret }: Target) {
  const token = new URL((await metadataOf(issuer)).token_endpoint);
  return { client: { id: clientId, secret }, auth: { tokenHost: token.origin, tokenPath: token.pathname } };
}
