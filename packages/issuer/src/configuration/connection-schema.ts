/** Checks the declaration of a connection: whatever a preset cannot know is there, and nothing that would be ignored. */
import { z } from 'zod';
import type { Endpoints, PresetName } from '../connections/connection.ts';
import { presets } from '../connections/presets.ts';
import { protocolParameters } from '../connections/upstream-parameters.ts';
import { calledUrlProblem } from '../orgs/redirect-uri.ts';
import { Secret } from '../secrets/secret.ts';

/** Rules that connections share with everything else in the file. */
export interface SharedRules {
  readonly id: z.ZodType<string>;
  /** That of an application of ours. */
  readonly applicationId: z.ZodType<string>;
  readonly name: z.ZodType<string>;
  readonly scope: z.ZodType<string>;
  readonly secretValue: z.ZodType<string | Secret>;
}

const url = z
  .string()
  .refine((value) => calledUrlProblem(value) === undefined, { error: ({ input }) => calledUrlProblem(String(input)) ?? 'is no URL' });
const bareUrl = url.refine((value) => !value.includes('?'), 'must not have a query');
const clientId = z.string().regex(/^[ -~]{1,255}$/, 'must be the client_id that the third party gave: 1 to 255 printable ASCII characters');

const parameterName = z
  .string()
  .regex(/^[A-Za-z0-9_.:-]{1,100}$/, 'must be the name of a parameter')
  .refine((value) => !protocolParameters.has(value.toLowerCase()), 'must be left out: the protocol says what it is');

// A dot segment, or a character that has two spellings in a URL, would match one path and mean another.
const pathPattern = z
  .string()
  .max(500)
  .regex(
    /^(?:\/(?:\*|(?!\.{1,2}(?:\/|$))[\w.~!$&'()+,;=:@-]+))*(?:\/\*\*|\/)?$/,
    'must be a path such as /events/*: plain segments, `*` for one segment, `**` only at the end, no %-encoding',
  )
  .refine((value) => value.startsWith('/'), 'must begin with /');
const proxy = z.strictObject({
  baseUrl: bareUrl.refine((value) => !value.endsWith('/'), 'must not end with /: the paths begin with it'),
  methods: z
    .array(z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']))
    .min(1, 'must name a method')
    .refine((all) => new Set(all).size === all.length, 'must name each method once'),
  paths: z.array(pathPattern).min(1, 'must name a path').max(100),
});

/** The schema of one connection. */
export function connectionSchema({ id, applicationId, name, scope, secretValue }: SharedRules) {
  const use = z.strictObject({
    scopes: z.array(scope).min(1, 'must name a scope: leave it out for whatever the person allows').max(100).optional(),
    tokens: z.boolean().optional(),
  });
  return z
    .strictObject({
      id,
      organization: id,
      name,
      preset: z.enum(Object.keys(presets) as [PresetName, ...PresetName[]]),
      clientId,
      secret: secretValue.refine(isSecret, 'must be the secret that the third party gave: 1 to 4096 printable characters').optional(),
      issuer: bareUrl.optional(),
      endpoints: z
        .strictObject({ authorization: url.optional(), token: url.optional(), revocation: url.optional(), userinfo: url.optional() })
        .optional(),
      authMethod: z.enum(['client_secret_basic', 'client_secret_post', 'none']).optional(),
      scopes: z.array(scope).max(100).optional(),
      signIn: z.boolean().optional(),
      signUp: z.boolean().optional(),
      accounts: z.boolean().optional(),
      authorizationParams: z.record(parameterName, z.string().max(500)).optional(),
      publicClients: z.boolean().optional(),
      refreshRetry: z.enum(['never', 'safe']).optional(),
      applications: z.record(applicationId, z.union([z.literal(true), use], 'must be true, or { scopes?, tokens? }')).optional(),
      proxy: proxy.optional(),
    })
    .superRefine((value, context) => {
      for (const check of checks)
        for (const [path, message] of check(value)) context.addIssue({ code: 'custom', path: [...path], message });
    });
}

interface Checked {
  readonly preset: PresetName;
  readonly secret?: unknown;
  readonly issuer?: string | undefined;
  readonly endpoints?: { readonly [K in keyof Endpoints]: string | undefined } | undefined;
  readonly authMethod?: string | undefined;
  readonly signIn?: boolean | undefined;
  readonly signUp?: boolean | undefined;
  readonly accounts?: boolean | undefined;
  readonly publicClients?: boolean | undefined;
  readonly applications?: Readonly<Record<string, true | { readonly tokens?: boolean | undefined }>> | undefined;
  readonly proxy?: unknown;
}
type Problem = readonly [path: readonly string[], message: string];
type Check = (connection: Checked) => Problem[];

const checks: readonly Check[] = [checkIssuer, checkEndpoints, checkSecret, checkSignIn, checkAccounts];

const MICROSOFT = /^https:\/\/login\.microsoftonline\.com\/[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}\/v2\.0$/;

function checkIssuer({ preset, issuer }: Checked): Problem[] {
  if (preset === 'oidc') return issuer === undefined ? [[['issuer'], 'is missing: write what the third party says is its issuer']] : [];
  if (issuer === undefined) return [];
  if (preset !== 'microsoft') return [[['issuer'], `must be left out: it belongs to preset oidc, and ${preset} has its own way`]];
  return MICROSOFT.test(issuer) ? [] : [[['issuer'], 'must be https://login.microsoftonline.com/<tenant id>/v2.0']];
}

function checkEndpoints({ preset, endpoints = {} }: Checked): Problem[] {
  if (preset === 'oauth2') {
    const missing = (['authorization', 'token', 'userinfo'] as const).filter((name) => endpoints[name] === undefined);
    return missing.map((name) => [['endpoints', name], 'is missing: preset oauth2 discovers nothing']);
  }
  if (preset === 'oidc' || Object.keys(endpoints).length === 0) return [];
  return [[['endpoints'], `must be left out: preset ${preset} has them (for another server of its kind use oidc or oauth2)`]];
}

// Whether a secret is missing is known where the stored one is.
function checkSecret({ preset, authMethod, secret }: Checked): Problem[] {
  const method = authMethod ?? presets[preset].authMethod;
  return method === 'none' && secret !== undefined ? [[['secret'], 'must be left out: with authMethod none nothing proves itself']] : [];
}

function checkSignIn({ preset, signIn = false, signUp = false, accounts = !signIn }: Checked): Problem[] {
  if (!(signIn || accounts)) return [[['accounts'], 'must not be false, unless signIn is true: the connection would be of no use']];
  if (signIn && !presets[preset].signIn) return [[['signIn'], `must not be true: preset ${preset} is for accounts only`]];
  return signUp && !signIn ? [[['signUp'], 'belongs to signIn: true']] : [];
}

function checkAccounts({ signIn = false, accounts = !signIn, applications = {}, publicClients = false, proxy }: Checked): Problem[] {
  if (!accounts) {
    const about = { applications: Object.keys(applications).length > 0, publicClients, proxy: proxy !== undefined };
    const needless = Object.entries(about).filter(([, declared]) => declared);
    return needless.map(([name]) => [[name], 'belongs to accounts: true']);
  }
  if (proxy !== undefined) return [];
  const through = Object.entries(applications).filter(([, use]) => use !== true && use.tokens === false);
  return through.map(([application]) => [['applications', application, 'tokens'], 'must not be false without a proxy to go through']);
}

function isSecret(value: string | Secret): boolean {
  return /^[ -~]{1,4096}$/.test(value instanceof Secret ? value.reveal() : value);
}
