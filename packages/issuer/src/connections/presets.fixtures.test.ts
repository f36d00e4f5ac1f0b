/** Vendors as their documents show them, for tests. */
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import type { Connection } from './connection.ts';
import { callbackWith, json, request, type Vendor, vendorOf } from './upstream.fixtures.test.ts';
import { createUpstream } from './upstream.ts';

const { privateKey, publicKey } = await generateKeyPair('RS256');
export const key = { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' };
const now = () => Math.floor(Date.now() / 1000);

export const signed = (claims: JWTPayload) =>
  new SignJWT({ aud: 'safeconduct-demo', nonce: request.nonce, iat: now(), exp: now() + 3600, ...claims })
    .setProtectedHeader({ alg: 'RS256', kid: 'k1' })
    .sign(privateKey);

export const back = (vendor: Vendor, connection: Connection, parameters = {}) =>
  createUpstream({ fetch: vendor.fetch }).finish(connection, callbackWith(parameters), {
    ...request,
    scopes: ['openid', 'email', 'profile'],
  });
export const begun = async (connection: Connection, scopes: readonly string[]) => {
  const vendor = vendorOf({ 'https://accounts.google.com/.well-known/openid-configuration': () => json(googleMetadata) });
  return (await createUpstream({ fetch: vendor.fetch }).begin(connection, { ...request, scopes })).searchParams;
};

export const googleMetadata = {
  issuer: 'https://accounts.google.com',
  authorization_endpoint: 'https://accounts.google.com/o/oauth2/v2/auth',
  token_endpoint: 'https://oauth2.googleapis.com/token',
  userinfo_endpoint: 'https://openidconnect.googleapis.com/v1/userinfo',
  revocation_endpoint: 'https://oauth2.googleapis.com/revoke',
  jwks_uri: 'https://www.googleapis.com/oauth2/v3/certs',
};
