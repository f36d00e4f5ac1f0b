/** The metadata document, with the members that Zitadel's has. */
import type { Routes } from '../facts.ts';
import { JWT_PROFILE } from './request.ts';

type Claims = Readonly<Record<string, unknown>>;

const claims = [
  ...[
    'sub',
    'aud',
    'exp',
    'iat',
    'iss',
    'auth_time',
    'nonce',
    'acr',
    'amr',
    'c_hash',
    'at_hash',
    'act',
    'scopes',
    'client_id',
    'azp',
    'sid',
  ],
  ...['preferred_username', 'name', 'family_name', 'given_name', 'nickname', 'picture', 'gender', 'locale', 'updated_at'],
  ...['email', 'email_verified', 'phone_number', 'phone_number_verified', 'address'],
];

const grantTypes = [
  'authorization_code',
  'implicit',
  'refresh_token',
  'client_credentials',
  'urn:ietf:params:oauth:grant-type:token-exchange',
  JWT_PROFILE,
  'urn:ietf:params:oauth:grant-type:device_code',
];

export function discoveryDocument(
  document: Claims,
  endpoint: (path: string) => string,
  routes: Required<Pick<Routes, 'introspection' | 'revocation'>>,
): Claims {
  const methods = texts(document.token_endpoint_auth_methods_supported);
  const algorithms = document.token_endpoint_auth_signing_alg_values_supported;
  const engine = texts(document.grant_types_supported);
  return {
    ...picked(document, kept),
    introspection_endpoint: endpoint(routes.introspection),
    revocation_endpoint: endpoint(routes.revocation),
    scopes_supported: ['openid', 'profile', 'email', 'phone', 'address', 'offline_access'],
    response_modes_supported: ['query', 'fragment', 'form_post'],
    // The engine knows the JWT profile as an application's own credentials.
    grant_types_supported: grantTypes.filter((name) => name === JWT_PROFILE || engine.includes(name)),
    token_endpoint_auth_methods_supported: methods,
    introspection_endpoint_auth_methods_supported: methods.filter((name) => name === 'client_secret_basic' || name === 'private_key_jwt'),
    introspection_endpoint_auth_signing_alg_values_supported: algorithms,
    revocation_endpoint_auth_methods_supported: methods,
    revocation_endpoint_auth_signing_alg_values_supported: algorithms,
    claims_supported: claims,
    ui_locales_supported: ['en'],
    request_parameter_supported: false,
    request_uri_parameter_supported: false,
  };
}

/** What the engine says itself, and knows best. */
const kept = [
  'issuer',
  'authorization_endpoint',
  'token_endpoint',
  'userinfo_endpoint',
  'end_session_endpoint',
  'device_authorization_endpoint',
  'jwks_uri',
  'response_types_supported',
  'subject_types_supported',
  'id_token_signing_alg_values_supported',
  'token_endpoint_auth_signing_alg_values_supported',
  'code_challenge_methods_supported',
  'claims_parameter_supported',
  'authorization_response_iss_parameter_supported',
  'backchannel_logout_supported',
  'backchannel_logout_session_supported',
];

const picked = (document: Claims, names: readonly string[]): Claims =>
  Object.fromEntries(names.filter((name) => document[name] !== undefined).map((name) => [name, document[name]]));

const texts = (value: unknown): string[] => (Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []);
