/** Checks a configuration file. Every finding names its path and says what to write instead. */
import { z } from 'zod';
import { keyId, publicKeyProblem } from '../orgs/keys.ts';
import { calledUrlProblem, redirectUriProblem } from '../orgs/redirect-uri.ts';
import { Secret } from '../secrets/secret.ts';
import { connectionSchema } from './connection-schema.ts';
import type { GrantType, IssuerConfiguration } from './define.ts';
import { dialectSubjectsSchema, dialectsSchema, refusesSchema } from './dialects.ts';
import { describe } from './findings.ts';
import { originsSchema } from './origins.ts';
import { claimsSchema, domainSchema, metadataSchema } from './person-schema.ts';
import { referenceProblems } from './references.ts';

/** A configuration that cannot be applied. `message` has one line per finding. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  readonly findings: readonly string[];
  constructor(findings: readonly string[]) {
    super(['the configuration cannot be applied:', ...findings.map((finding) => `  - ${finding}`)].join('\n'));
    this.findings = findings;
  }
}

const id = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/, 'must be 1 to 100 letters, digits, "_", "-" or ".", and begin with a letter or digit');
// One vendor writes `@` in them, and an application may have moved here.
const clientId = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.@-]{0,99}$/, 'must be 1 to 100 letters, digits, "_", "-", "." or "@", and begin with a letter or digit');
const applicationId = clientId.refine(
  (value) => !value.startsWith('usr_'),
  'must not begin with usr_: that is how the ids of people begin',
);
const roleKey = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.:-]{0,99}$/, 'must be 1 to 100 letters, digits, "_", "-", ":" or ".", and begin with a letter or digit');
const name = z.string().trim().min(1, 'must not be empty').max(200, 'must have at most 200 characters');
const scope = z.string().regex(/^[!#-[\]-~]{1,100}$/, 'must be a scope: printable ASCII without spaces, quotes or backslashes (RFC 6749)');
const secretValue = z.union([z.string(), z.instanceof(Secret)], 'must be a text, or demo("…")');

const clientSecret = secretValue.refine(
  (value) => reveal(value).length >= 32 && /^[!-~]+$/.test(reveal(value)),
  'must be at least 32 printable ASCII characters: make one with `openssl rand -base64 32`',
);
const secrets = z
  .union([clientSecret, z.array(clientSecret).min(1).max(2)], 'must be one secret, or two while one is being replaced')
  .optional();

const resource = z
  .string()
  .refine((value) => URL.canParse(value) && !value.includes('#'), 'must be an absolute URL without fragment, such as https://api.example')
  .refine(
    (value) => /^api:\/\/[\w.-]+(\/[\w.-]+)*$/.test(value) || calledUrlProblem(value) === undefined,
    'must begin with https:// or api:// (http:// is for this computer only)',
  );

const publicKey = z.record(z.string(), z.unknown()).superRefine((key, context) => {
  const problem = publicKeyProblem(key);
  if (problem) context.addIssue({ code: 'custom', message: problem });
});
const jwks = z
  .strictObject({ keys: z.array(publicKey).min(1).max(2, 'must be one key, or two while one is being replaced') })
  .refine(({ keys }) => new Set(keys.map(keyId)).size === keys.length, 'must give two keys two kids')
  .optional();

const api = z
  .strictObject({
    id: applicationId,
    name,
    resource,
    scopes: z.record(scope, name),
    tokenFormat: z.enum(['jwt', 'opaque']).optional(),
    tokenLifetime: z.int().min(30, 'must be at least 30 seconds').max(3600, 'must be at most 3600 seconds').optional(),
    tokenVersion: z.union([z.literal(1), z.literal(2)], 'must be 1 or 2').optional(),
    dialects: dialectsSchema.optional(),
    resources: z.array(z.string()).max(50).optional(),
    defaultResource: z.string().optional(),
    authMethod: z.enum(['client_secret_basic', 'client_secret_post', 'private_key_jwt']).optional(),
    secret: secrets,
    jwks,
  })
  .superRefine((value, context) => {
    const problems = (value.authMethod ?? value.secret ?? value.jwks) ? credentialProblems({ ...value, kind: 'api' }) : [];
    for (const [path, message] of problems) context.addIssue({ code: 'custom', path: [...path], message });
    if (value.resources?.length && !(value.secret ?? value.jwks))
      context.addIssue({ code: 'custom', path: ['resources'], message: 'are for an API that proves itself: give it a secret or keys' });
  });

const grantTypes = [
  'authorization_code',
  'refresh_token',
  'client_credentials',
  'urn:ietf:params:oauth:grant-type:device_code',
  'urn:ietf:params:oauth:grant-type:jwt-bearer',
] as const satisfies readonly GrantType[];
const roles = z.record(id, z.array(roleKey)).optional();

const application = z
  .strictObject({
    id: applicationId,
    name,
    kind: z.enum(['web', 'spa', 'native', 'service']),
    firstParty: z.boolean().optional(),
    redirectUris: z.array(z.string()).max(50).optional(),
    postLogoutRedirectUris: z.array(z.string()).max(50).optional(),
    backchannelLogoutUri: z.string().optional(),
    grantTypes: z.array(z.enum(grantTypes)).min(1).optional(),
    authMethod: z.enum(['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt']).optional(),
    secret: secrets,
    jwks,
    scopes: z.array(scope).max(100).optional(),
    resources: z.array(z.string()).max(50).optional(),
    defaultResource: z.string().optional(),
    pkceRequired: z.boolean().optional(),
    dialects: dialectsSchema.optional(),
    refuses: refusesSchema.optional(),
    roles,
    metadata: metadataSchema.optional(),
  })
  .superRefine((value, context) => {
    for (const [path, message] of applicationProblems(value)) context.addIssue({ code: 'custom', path: [...path], message });
  });

const project = z.strictObject({
  id,
  organization: id,
  name,
  roles: z.record(roleKey, name).optional(),
  apis: z.array(api).optional(),
  applications: z.array(application).optional(),
});

const user = z
  .strictObject({
    id,
    organization: id,
    email: z.email('must be an e-mail address').max(254).optional(),
    emailVerified: z.boolean().optional(),
    name: name.optional(),
    givenName: name.optional(),
    familyName: name.optional(),
    locale: z.string().max(35).optional(),
    state: z.enum(['active', 'disabled']).optional(),
    password: secretValue.optional(),
    passwordHash: secretValue.optional(),
    roles,
    guestOf: z.record(id, z.record(id, z.array(roleKey))).optional(),
    claims: claimsSchema.optional(),
    metadata: metadataSchema.optional(),
    subjects: dialectSubjectsSchema.optional(),
  })
  .refine((value) => !(value.password && value.passwordHash), { path: ['passwordHash'], message: 'give a password or its hash, not both' });

const connection = connectionSchema({ id, applicationId, name, scope, secretValue });

const configuration = z.strictObject({
  organizations: z.array(z.strictObject({ id, name, domain: domainSchema.optional() })).optional(),
  projects: z.array(project).optional(),
  users: z.array(user).optional(),
  connections: z.array(connection).optional(),
  origins: originsSchema.optional(),
});

/** The configuration, checked. Throws a `ConfigurationError` that lists everything that is wrong. */
export function checkConfiguration(value: unknown): IssuerConfiguration {
  const parsed = configuration.safeParse(value);
  if (!parsed.success) throw new ConfigurationError(parsed.error.issues.map((issue) => describe(issue)));
  const checked = parsed.data as IssuerConfiguration;
  const problems = referenceProblems(checked);
  if (problems.length > 0) throw new ConfigurationError(problems);
  return checked;
}

/** The text of a secret in a configuration. */
export function reveal(value: string | Secret): string {
  return value instanceof Secret ? value.reveal() : value;
}

type Problem = readonly [path: readonly (string | number)[], message: string];
type CheckedApplication = {
  kind: 'web' | 'spa' | 'native' | 'service' | 'api';
  redirectUris?: string[] | undefined;
  postLogoutRedirectUris?: string[] | undefined;
  backchannelLogoutUri?: string | undefined;
  authMethod?: string | undefined;
  secret?: unknown;
  jwks?: unknown;
  pkceRequired?: boolean | undefined;
  grantTypes?: readonly string[] | undefined;
  roles?: unknown;
  metadata?: unknown;
};

function applicationProblems(app: CheckedApplication): Problem[] {
  return [...uriProblems(app), ...credentialProblems(app), ...grantProblems(app), ...serviceProblems(app)];
}

function serviceProblems(app: CheckedApplication): Problem[] {
  if (app.kind === 'service') return [];
  const given = (['roles', 'metadata'] as const).filter((field) => app[field] !== undefined);
  return given.map((field) => [[field], `must be left out: only people and services have ${field}`]);
}

// The assertion is another token, or is signed by a service user: both need a program that can prove itself.
function grantProblems({ kind, grantTypes = [] }: CheckedApplication): Problem[] {
  const at = grantTypes.indexOf('urn:ietf:params:oauth:grant-type:jwt-bearer');
  if (at < 0 || (kind !== 'spa' && kind !== 'native')) return [];
  return [[['grantTypes', at], `is for applications that prove themselves: a ${kind} application cannot`]];
}

function uriProblems({ kind, redirectUris = [], postLogoutRedirectUris = [], backchannelLogoutUri }: CheckedApplication): Problem[] {
  const problems: Problem[] = [];
  if (kind === 'service' && redirectUris.length > 0) problems.push([['redirectUris'], 'must be left out: nobody signs in to a service']);
  const checked = kind === 'spa' || kind === 'native' ? kind : 'web';
  for (const [field, uris] of Object.entries({ redirectUris, postLogoutRedirectUris })) {
    for (const [index, uri] of uris.entries()) {
      const problem = redirectUriProblem(uri, checked);
      if (problem) problems.push([[field, index], problem]);
    }
  }
  const called = backchannelLogoutUri === undefined ? undefined : calledUrlProblem(backchannelLogoutUri);
  if (called) problems.push([['backchannelLogoutUri'], called]);
  return problems;
}

function credentialProblems({ kind, authMethod, secret, jwks, pkceRequired }: CheckedApplication): Problem[] {
  const isPublic = kind === 'spa' || kind === 'native';
  const method = authMethod ?? (isPublic ? 'none' : 'client_secret_basic');
  const problems: Problem[] = [];
  if (isPublic && method !== 'none') problems.push([['authMethod'], `must be left out: a ${kind} application cannot keep a secret`]);
  if (!isPublic && method === 'none') problems.push([['authMethod'], `must not be none: a ${kind} application proves itself`]);
  if (method.startsWith('client_secret') && secret === undefined)
    problems.push([
      ['secret'],
      "is missing: write secret: demo('…') for development, or take one that `openssl rand -base64 32` made from the environment",
    ]);
  if (!method.startsWith('client_secret') && secret !== undefined)
    problems.push([['secret'], `must be left out: it proves itself by ${method}`]);
  if ((method === 'private_key_jwt') !== (jwks !== undefined))
    problems.push([['jwks'], 'belongs to authMethod private_key_jwt, and only to it']);
  if (pkceRequired === false && isPublic)
    problems.push([['pkceRequired'], `must not be false: a ${kind} application has nothing else to prove itself`]);
  return problems;
}
